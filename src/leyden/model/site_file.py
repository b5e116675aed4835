"""From the tables of site.toml to a frozen Site, or to everything that is wrong with them, in one go."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leyden.model.problem import SiteFileError
from leyden.model.read_table import A_TABLE, LOOKUP_ERRORS, Names, Read, TableReader
from leyden.model.site import Battery, CellRating, Converter, Device, Grid, Layout, Load, Site, Source
from leyden.model.site_checks import MapRoles, Tables, check_site
from leyden.model.site_tables import (
    SITE_KEYS,
    THINGS,
    BatteryTable,
    DeviceTable,
    GridTable,
    LoadTable,
    SiteTable,
    SolarTable,
    WindTable,
)
from leyden.model.toml_file import TomlFile
from leyden.model.words import Words

CellLookup = Callable[[str], CellRating]
"""The rating of a cell by its name; raises LookupError, ValueError or LeydenError with the names there are."""

T = TypeVar("T")


def parse_site(text: str, cells: CellLookup, map_roles: MapRoles | None = None, name: str = "site.toml") -> Site:
    """The site of a text that holds nothing but a site; raises SiteFileError with all problems."""
    file = TomlFile.parse(text, name)
    reader = TableReader(file, site_names(file))
    for key in file.data:
        if key not in SITE_KEYS:
            reader.unknown((key,), SITE_KEYS)
    site = read_site(reader, cells, map_roles)
    errors = [problem for problem in reader.problems if not problem.warning]
    if site is None or errors:
        raise SiteFileError(reader.problems)
    return site


def site_names(file: TomlFile) -> Names:
    """What a file names, whether or not the rest of it is right, so that one mistake does not draw others."""
    things = {kind: tuple(file.table((kind,))) for kind in THINGS}
    return Names(
        devices=tuple(file.table(("device",))),
        things={
            "battery": things["battery"],
            "batteries": ("batteries",),
            "solar": things["solar"],
            "wind": things["wind"],
            "load": things["load"],
        },
    )


def read_site(reader: TableReader, cells: CellLookup, map_roles: MapRoles | None = None) -> Site | None:
    """The site in the reader's file, or None; the reader then holds why. Its `names` must be those of the file."""
    things: dict[str, dict[str, Read[Any]]] = {kind: _named(reader, table, kind) for kind, (table, _) in THINGS.items()}
    tables = Tables(
        site=_required(reader, SiteTable, "site"),
        grid=_required(reader, GridTable, "grid"),
        devices=_named(reader, DeviceTable, "device"),
        things=things,
    )
    _check_place(reader, tables.site)
    ratings = _ratings(reader, things["battery"], cells)
    check_site(reader, tables, map_roles)
    whole = not any(not problem.warning for problem in reader.problems)
    return _site(tables, ratings) if whole else None


def _required(reader: TableReader, cls: type[T], key: str) -> Read[T]:
    if not reader.file.has((key,)):
        reader.tell((key,), Words(f"应添加表 [{key}]", f"add a table [{key}]"))
        return Read(None, {})
    return reader.read(cls, (key,))


def _named(reader: TableReader, cls: type[T], kind: str) -> dict[str, Read[T]]:
    """The tables [kind.NAME]."""
    if reader.file.has((kind,)) and not isinstance(reader.file.get((kind,)), Mapping):
        reader.tell((kind,), A_TABLE)
    found = {}
    for name, table in reader.file.table((kind,)).items():
        if isinstance(table, Mapping):
            found[name] = reader.read(cls, (kind, name))
        else:
            mend = Words(f"应写在 [{kind}.名称] 之下", f"write it under a name: [{kind}.NAME]")
            reader.tell((kind, name), mend)
    return found


def _check_place(reader: TableReader, site: Read[SiteTable]) -> None:
    name, zone, currency = (site.values.get(key) for key in ("id", "timezone", "currency"))
    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        reader.tell(("site", "id"), Words("仅可含字母、数字、- 与 _", "expected letters, digits, - and _"))
    if zone is not None and not _is_zone(zone):
        reader.tell(("site", "timezone"), Words('应写作 "Asia/Shanghai"', 'expected a zone such as "Asia/Shanghai"'))
    if currency is not None and not re.fullmatch(r"[A-Z]{3}", currency):
        reader.tell(("site", "currency"), Words('应为三个字母,如 "CNY"', 'expected three letters, as "CNY"'))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _ratings(reader: TableReader, batteries: Mapping[str, Read[Any]], cells: CellLookup) -> dict[str, CellRating]:
    """The rating of each battery's cells."""
    found = {}
    for name, read in batteries.items():
        if "cell" in read.values:
            try:
                found[name] = cells(read.values["cell"])
            except LOOKUP_ERRORS as error:
                reader.tell_error(("battery", name, "cell"), error)
    return found


def _site(tables: Tables, ratings: Mapping[str, CellRating]) -> Site:
    """Everything was right: put it together."""
    table, grid = tables.site.made, tables.grid.made
    assert table is not None
    assert grid is not None
    things = {
        kind: {name: read.made for name, read in named.items() if read.made is not None}
        for kind, named in tables.things.items()
    }
    return Site(
        id=table.id,
        name=table.name or Words(table.id, table.id),
        timezone=table.timezone,
        currency=table.currency,
        grid=_grid(grid),
        devices=tuple(_device(name, read.made) for name, read in tables.devices.items() if read.made is not None),
        batteries=tuple(_battery(name, made, ratings[name]) for name, made in things["battery"].items()),
        solar=tuple(_source("solar", name, made) for name, made in things["solar"].items()),
        wind=tuple(_source("wind", name, made) for name, made in things["wind"].items()),
        loads=tuple(_load(name, made) for name, made in things["load"].items()),
        period_s=table.period_s,
    )


def _grid(table: GridTable) -> Grid:
    grid = Grid(table.device, table.import_limit_w, table.export_limit_w, table.meter_delay_s, table.tariff)
    return grid if table.name is None else Grid(**{**vars(grid), "label": table.name})


def _device(name: str, table: DeviceTable) -> Device:
    return Device(
        name=name,
        map=table.map,
        at=str(table.at),
        poll_s=table.poll_s,
        slow_s=table.slow_s,
        bulk_s=table.bulk_s,
        timeout_s=table.timeout_s,
        accept_no_watchdog=table.accept_no_watchdog,
        writes_per_day=table.writes_per_day,
    )


def _battery(name: str, table: BatteryTable, cell: CellRating) -> Battery:
    layout = Layout(table.layout.rack, table.layout.module, table.layout.cell)
    said_of = table.converter
    converter = Converter(
        device=said_of.device,
        power_w=said_of.power_w,
        apparent_va=said_of.apparent_va or said_of.power_w,
        ramp_w_per_s=said_of.ramp_w_per_s or said_of.power_w,
        dead_time_s=said_of.dead_time_s,
    )
    label = _label("battery", name, table.name)
    return Battery(name, label, cell, layout, table.bms, converter, table.soc_min, table.soc_max)


def _source(kind: str, name: str, table: SolarTable | WindTable) -> Source:
    return Source(name, _label(kind, name, table.name), table.device, table.power_w, table.curtail)


def _load(name: str, table: LoadTable) -> Load:
    return Load(name, _label("load", name, table.name), table.device)


def _label(kind: str, name: str, said_name: Words | None) -> Words:
    """The name given, or kind and name: "battery b1"."""
    words = THINGS[kind][1]
    return said_name or Words(f"{words.zh} {name}", f"{words.en} {name}")
