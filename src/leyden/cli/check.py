"""`leyden check`: is a site file right, and what does it say?"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import fsum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from leyden.cli.client import AsJson, language, print_json
from leyden.cli.consoles import err, out
from leyden.model.problem import Problem, SiteFileError
from leyden.model.site import Site
from leyden.model.words import Language, Words, printed_value
from leyden.runtime.config import SiteConfig, load_config
from leyden.runtime.config_schema import config_schema

EXIT_BAD_SITE = 2


def check_command(
    site: Annotated[Path, typer.Argument(help="The site file, such as sites/park.toml.")] = Path("site.toml"),
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of site files, for editors.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell everything that is wrong with a site file, or sum up the site. Exit code 2 if anything is wrong.

    Example: leyden check sites/park.toml
    """
    if schema:
        print_json(config_schema())
    elif not check(site, as_json):
        raise typer.Exit(EXIT_BAD_SITE)


def check(path: Path, as_json: bool = False) -> bool:
    """Print problems, or the summary with its warnings; whether the site can be run."""
    chosen: Language = "zh" if language() == "zh" else "en"
    try:
        config = load_config(path)
    except SiteFileError as error:
        if as_json:
            print_json({"ok": False, "problems": problems_json(error.problems)})
        else:
            _print_problems(error.problems, chosen)
        return False
    if as_json:
        print_json({"ok": True, "problems": problems_json(config.warnings), "site": summary_json(config)})
    else:
        _print_problems(config.warnings, chosen)
        _print_summary(config, chosen)
    return True


def problems_json(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems as plain data."""
    return [asdict(problem) for problem in problems]


def summary_json(config: SiteConfig) -> dict[str, Any]:
    """The site in numbers: SI units, as everywhere."""
    site = config.site
    return {
        "id": site.id,
        "name": asdict(site.name),
        "energy_wh": fsum(battery.energy_wh for battery in site.batteries),
        "power_w": fsum(battery.converter.power_w for battery in site.batteries),
        "cells": sum(battery.layout.cells for battery in site.batteries),
        "import_limit_w": site.grid.import_limit_w,
        "export_limit_w": site.grid.export_limit_w,
        "tariff": None if config.tariff is None else config.tariff.id,
        "plan": config.plan.source,
        "simulated": config.twin is not None,
        "devices": [
            {"name": device.name, "map": device.map, "at": device.at, "roles": _roles(site, device.name)}
            for device in site.devices
        ],
        "controllers": [
            {"name": c.name, "label": asdict(c.label), "protective": c.protective, "summary": asdict(c.summary())}
            for c in config.controllers
        ],
    }


def _roles(site: Site, device: str) -> list[dict[str, str]]:
    return [{"role": role, "thing": thing} for name, role, thing in site.roles() if name == device]


def _print_problems(problems: Sequence[Problem], chosen: Language) -> None:
    for problem in problems:
        text = problem.text(chosen)
        if problem.warning:
            err.print(_WARNING[chosen] + text, style="yellow", highlight=False, markup=False, soft_wrap=True)
        else:
            out.print(text, style="red", highlight=False, markup=False, soft_wrap=True)


_WARNING = Words("注意:", "warning: ")
_SITE = Words(
    "{energy_wh} · {power_w} · {cells} 个电芯", "{energy_wh} · {power_w} · {cells} cells"
)  # what all batteries are together
_GRID = Words(
    "并网点:受电不超过 {import_w},上网不超过 {export_w};电价 {tariff};计划 {plan}",
    "grid: import at most {import_w}, export at most {export_w}; tariff {tariff}; plan {plan}",
)
_HEADS: dict[str, Words] = {
    "thing": Words("对象", "thing"),
    "kind": Words("类型", "what"),
    "power": Words("功率", "power"),
    "energy": Words("电量", "energy"),
    "cells": Words("电芯", "cells"),
    "device": Words("设备", "device"),
    "map": Words("点表", "map"),
    "at": Words("地址", "address"),
    "roles": Words("代表", "speaks for"),
    "order": Words("", ""),
    "controller": Words("控制器(按优先级)", "controller, by priority"),
    "summary": Words("作用", "what it does"),
}


def _print_summary(config: SiteConfig, chosen: Language) -> None:
    site, numbers = config.site, summary_json(config)
    out.print(f"[bold]{escape(site.name[chosen])}[/bold] ({site.id})  {_SITE.fill(numbers)[chosen]}", highlight=False)
    grid = {
        "import_w": site.grid.import_limit_w,
        "export_w": site.grid.export_limit_w,
        "tariff": "—" if config.tariff is None else config.tariff.name,
        "plan": "—" if config.plan.source == "none" else config.plan.source,
    }
    out.print(_GRID.fill(grid)[chosen], markup=False, highlight=False, soft_wrap=True)
    out.print(_table(("thing", "kind", "power", "energy", "cells", "device"), _things(site, chosen), chosen))
    devices = (
        (d["name"], d["map"], d["at"], ", ".join(f"{r['thing']} ({r['role']})" for r in d["roles"]))
        for d in numbers["devices"]
    )
    out.print(_table(("device", "map", "at", "roles"), devices, chosen))
    controllers = (
        (str(order), _called(c.name, c.label[chosen]), c.summary()[chosen])
        for order, c in enumerate(config.controllers, 1)
    )
    out.print(_table(("order", "controller", "summary"), controllers, chosen))


def _called(name: str, label: str) -> str:
    """Name and label, or the name alone where the label says the same."""
    return name if name.replace("-", " ") == label.replace("-", " ") else f"{name} · {label}"


def _things(site: Site, chosen: Language) -> Iterator[tuple[str, ...]]:
    yield "grid", site.grid.label[chosen], printed_value("power_w", site.grid.import_limit_w), "", "", site.grid.device
    for battery in site.batteries:
        layout, converter = battery.layout, battery.converter
        yield (
            battery.name,
            battery.label[chosen],
            printed_value("power_w", converter.power_w),
            printed_value("energy_wh", battery.energy_wh),
            f"{layout.rack} x {layout.module} x {layout.cell} {battery.cell.name}",
            f"{battery.bms}, {converter.device}",
        )
    for source in (*site.solar, *site.wind):
        yield source.name, source.label[chosen], printed_value("power_w", source.power_w), "", "", source.device
    for load in site.loads:
        yield load.name, load.label[chosen], "", "", "", load.device or "—"


def _table(heads: Sequence[str], rows: Any, chosen: Language) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", title_justify="left")
    for head in heads:
        table.add_column(_HEADS[head][chosen], justify="right" if head in ("power", "energy", "order") else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    return table
