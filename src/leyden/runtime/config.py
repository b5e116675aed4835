"""Everything that a site file says, read and checked in one go.

Each package declares its own options; here they are put together: the site, its cells and maps, the controllers in
their order, the tariff, and the tables [plan], [history], [web], [notify], [blackbox] and [twin]. Cells, maps and
tariffs are looked for in the folder of the site file (or in its subfolders `cells`, `maps`, `tariffs`) before those
that come with Leyden.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from leyden.control.catalogue import chain
from leyden.devices import DeviceMap, load_map
from leyden.devices.site_checks import check_watchdogs
from leyden.history.options import HistoryOptions
from leyden.model import Controller, Site
from leyden.model.problem import Problem, SiteFileError
from leyden.model.read_table import LOOKUP_ERRORS, TableReader
from leyden.model.site import CellRating
from leyden.model.site_file import read_site, site_names
from leyden.model.site_tables import SITE_KEYS
from leyden.model.toml_file import TomlFile
from leyden.model.words import Words
from leyden.physics import Cell, load_cell
from leyden.plan import PlanOptions, Tariff, load_tariff, plan_from_csv
from leyden.runtime.blackbox.options import BlackBoxOptions
from leyden.runtime.config_checks import check_loop_time, check_plan, check_tariff, check_twin
from leyden.runtime.config_control import read_controls, uses
from leyden.runtime.config_web import check_web
from leyden.runtime.notify_options import NotifyOptions
from leyden.runtime.web_options import WebOptions
from leyden.twin import TwinOptions

OPTION_KEYS: Mapping[str, type[Any]] = {
    "plan": PlanOptions,
    "history": HistoryOptions,
    "web": WebOptions,
    "notify": NotifyOptions,
    "blackbox": BlackBoxOptions,
    "twin": TwinOptions,
}
"""Tables beside the site's own, with what they may say."""
KEYS = (*SITE_KEYS, "control", *OPTION_KEYS)

T = TypeVar("T")


@dataclass(frozen=True)
class SiteConfig:
    """A site file, whole and right."""

    path: Path
    site: Site
    controllers: tuple[Controller[Any], ...]
    """Everybody in the order of priority: protective ones, commands, then those of the file."""
    maps: Mapping[str, DeviceMap]
    """By the name of the device."""
    cells: Mapping[str, Cell]
    """By the name of the cell."""
    tariff: Tariff | None
    plan: PlanOptions
    history: HistoryOptions
    web: WebOptions
    notify: NotifyOptions
    blackbox: BlackBoxOptions
    twin: TwinOptions | None
    """None where real devices are meant."""
    warnings: tuple[Problem, ...] = ()
    """What is worth a look; nothing here stops the site."""


def load_config(path: Path, today: date | None = None) -> SiteConfig:
    """Read a site file; `today` is the day whose prices are asked for, the real one (or the twin's) unless given.

    Raises SiteFileError with all problems of the file, and of the cells, maps, tariffs and plans that it names.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        found = Words(f"无法读取:{error.strerror}", f"a file that cannot be read: {error.strerror}")
        mend = Words("请核对路径", "correct the path; sites/park.toml is an example")
        raise SiteFileError([Problem(str(path), 0, "", found, mend)]) from None
    return _Loader(path, TomlFile.parse(text, str(path))).config(today)


def data_folder(config: SiteConfig, simulated: bool) -> Path:
    """Where a site's record and ledger are; simulated ones never share a folder with real ones."""
    name = f"{config.site.id}-simulated" if simulated else config.site.id
    return config.path.parent / config.history.folder / name


class _Loader:
    """One file while it is being read."""

    def __init__(self, path: Path, file: TomlFile) -> None:
        self.path = path
        self.reader = TableReader(file, site_names(file))
        self.cells: dict[str, Cell] = {}
        self.maps: dict[str, DeviceMap] = {}

    def config(self, today: date | None) -> SiteConfig:
        reader = self.reader
        for key in reader.file.data:
            if key not in KEYS:
                reader.unknown((key,), KEYS)
        site = read_site(reader, self._rating, self._roles)
        plan = reader.read(PlanOptions, ("plan",)).made
        history = reader.read(HistoryOptions, ("history",)).made
        web = reader.read(WebOptions, ("web",)).made
        if web is not None:
            check_web(reader, web, self.path.parent)
        notify = reader.read(NotifyOptions, ("notify",)).made
        blackbox = reader.read(BlackBoxOptions, ("blackbox",)).made
        twin = reader.read(TwinOptions, ("twin",)).made if reader.file.has(("twin",)) else None
        always = () if site is None else chain(site, ())
        listed = read_controls(reader, [controller.name for controller in always])
        tariff = self._tariff(plan)
        if plan is not None:
            check_plan(reader, plan, uses(reader), reader.file.has(("grid", "tariff")))
        if site is not None:
            self._check(site, plan, tariff, twin, today)
        problems = tuple(sorted(reader.problems, key=lambda problem: problem.line))
        wrong = any(not problem.warning for problem in problems)
        if wrong or site is None or plan is None or history is None or web is None:
            raise SiteFileError(problems)
        if notify is None or blackbox is None:
            raise SiteFileError(problems)
        return SiteConfig(
            path=self.path,
            site=site,
            controllers=chain(site, listed),
            maps={device.name: self.maps[device.map] for device in site.devices},
            cells=self.cells,
            tariff=tariff,
            plan=plan,
            history=history,
            web=web,
            notify=notify,
            blackbox=blackbox,
            twin=twin,
            warnings=problems,
        )

    def _folders(self, kind: str, name: str) -> list[Path]:
        """Where this site keeps cells, maps or tariffs of its own; beside site files only what is asked for."""
        folder = self.path.parent
        return [folder / kind, *([folder] if (folder / f"{name}.toml").is_file() else [])]

    def _rating(self, name: str) -> CellRating:
        self.cells[name] = load_cell(name, self._folders("cells", name))
        return self.cells[name].rating

    def _roles(self, name: str) -> tuple[str, ...]:
        if name not in self.maps:
            self.maps[name] = load_map(name, self._folders("maps", name))
        return tuple(self.maps[name].roles)

    def _tariff(self, plan: PlanOptions | None) -> Tariff | None:
        name = self.reader.file.table(("grid",)).get("tariff")
        if not isinstance(name, str):
            return None
        try:
            tariff = load_tariff(name, self._folders("tariffs", name))
        except LOOKUP_ERRORS as error:
            self.reader.tell_error(("grid", "tariff"), error)
            return None
        return tariff if plan is None else tariff.on_hot_days(frozenset(plan.hot_days))

    def _check(
        self, site: Site, plan: PlanOptions | None, tariff: Tariff | None, twin: TwinOptions | None, today: date | None
    ) -> None:
        check_loop_time(self.reader, site)
        check_watchdogs(self.reader, site, {device.name: self.maps[device.map] for device in site.devices})
        if tariff is not None:
            start = datetime.now(UTC).astimezone(site.zone) if twin is None else twin.start
            check_tariff(self.reader, site, tariff, today or start.date())
        if plan is not None:
            self._check_table(site, plan)
        if twin is not None:
            check_twin(self.reader, site, twin)

    def _check_table(self, site: Site, plan: PlanOptions) -> None:
        """A plan's table is there and can be read."""
        if plan.source in ("none", "time-of-use"):
            return
        table = self.path.parent / plan.source
        if not table.is_file():
            mend = Words(
                "应为 none、time-of-use 或站点文件旁的 CSV 文件",
                'expected "none", "time-of-use", or a CSV file beside the site file',
            )
            self.reader.tell(("plan", "source"), mend)
            return
        try:
            plan_from_csv(table, site)
        except SiteFileError as error:
            self.reader.tell_error(("plan", "source"), error)
