"""`leyden cells`: who is weak, who drifts, whose joint is loose, over a file or a site's history."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import Progress

from leyden.bms.watch import Digest, WatchOptions, curve_of, digest, watch
from leyden.bms.watch.cell_file import CellFileFaultError, Day, FileOptions, columns_of, read_days
from leyden.bms.watch.columns import CellColumns
from leyden.bms.watch.digest import CurveOfCharge, resistance_of
from leyden.bms.watch.judge import ALARM_V
from leyden.cli.cells_site import site_strings
from leyden.cli.cells_told import Names, Told, csv_text, document, html_text, print_told
from leyden.cli.client import AsJson, Token, fail
from leyden.cli.consoles import err
from leyden.cli.estimate import load_cell_or_fail, positive_or_fail

_LFP_V = (2.5, 3.65)
"""Where the median cell of a lithium iron phosphate pack is: whoever names no cell is taken to mean such a one."""


def cells(
    file: Annotated[
        Path | None, typer.Argument(help="CSV: a column of times, one column a cell, perhaps the current.")
    ] = None,
    site: Annotated[Path | None, typer.Option("--site", help="A site file: look at what it recorded.")] = None,
    battery: Annotated[str | None, typer.Option("--battery", help="One of the site's; default: all.")] = None,
    days: Annotated[int, typer.Option("--days", min=2, help="With --site: so many days back.")] = 30,
    cell: Annotated[
        str | None,
        typer.Option("--cell", help="What the file's cells are, such as lfp-280ah; `none`: judge by volts alone."),
    ] = None,
    capacity: Annotated[str | None, typer.Option("--capacity", help='Of the file\'s cells, "100 Ah".')] = None,
    time: Annotated[str | None, typer.Option("--time", help="Name of the column of times.")] = None,
    current: Annotated[str | None, typer.Option("--current", help="Name of the column of the current.")] = None,
    charge_positive: Annotated[
        bool, typer.Option("--charge-positive", help="The file's current is positive in charge.")
    ] = False,
    alarm: Annotated[str, typer.Option("--alarm", help="Where a cell's deviation is alarmed.")] = f"{ALARM_V:g} V",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A .csv or .html file.")] = None,
    url: Annotated[str | None, typer.Option("--url", envvar="LEYDEN_URL", help="Address of the running site.")] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Name the cells that stand out, with kind, evidence and date of onset, the sharpest first. Exit code 0 either way.

    Example: leyden cells pack.csv --cell lfp-280ah --current pack_i_a
    Example: leyden cells --site sites/park.toml --days 30 -o cells.html
    """
    if (file is None) == (site is None):
        fail("name either a file or --site: leyden cells pack.csv, or leyden cells --site sites/park.toml", 2)
    if output is not None and output.suffix not in (".csv", ".html"):
        fail(f"'{output.name}' must end in .csv or .html", 2)
    options = WatchOptions(alarm_v=positive_or_fail("--alarm", alarm, "V"))
    if site is not None:
        strings, names = site_strings(site, battery, days, url, token)
    else:
        told = FileOptions(time, current, charge_positive)
        strings, names = _file_strings(file or Path(), told, cell, capacity)
    if not any(strings):
        fail("too little was recorded: a day needs frames of at least eight minutes", 2)
    told_all = Told(watch(strings, options), names, str(file or site))
    if output is not None:
        text = csv_text(told_all) if output.suffix == ".csv" else html_text(told_all)
        output.write_text(text, encoding="utf-8")
        err.print(f"{output}", highlight=False)
    if as_json:
        typer.echo(json.dumps(document(told_all), ensure_ascii=False, indent=2))
    elif output is None:
        print_told(told_all)


def _file_strings(
    path: Path, told: FileOptions, cell: str | None, capacity: str | None
) -> tuple[list[list[Digest]], Names]:
    """Digests of each string of a file, and what its cells are called."""
    try:
        columns = columns_of(path, told)
        with Progress(console=err, transient=True) as progress:
            task = progress.add_task(path.name, total=path.stat().st_size)
            found = read_days(path, columns, told, lambda size: progress.update(task, completed=size))
            strings = _digested(found, columns, cell, capacity)
    except CellFileFaultError as error:
        fail(str(error), 2)
    if columns.current is None:
        err.print(
            "no current in this file: resistances are not judged (name its column with --current)", style="yellow"
        )
    names = Names("", [list[str]() for _ in strings])
    for name, string in zip(columns.names, columns.strings, strict=True):
        names.strings[string].append(name)
    return strings, names


def _digested(days: Iterator[Day], columns: CellColumns, cell: str | None, capacity: str | None) -> list[list[Digest]]:
    strings: list[list[Digest]] = [[] for _ in range(max(columns.strings) + 1)]
    first = next(days, None)
    if first is None:
        return strings
    curve = _curve(first, cell, capacity)
    for day in chain([first], days):
        for string, frames in enumerate(day.strings):
            if (made := digest(frames, day.day, curve)) is not None:
                strings[string].append(made)
    return strings


def _curve(first: Day, cell: str | None, capacity: str | None) -> CurveOfCharge | None:
    """The named cell's; an LFP cell's where none was named and the voltages are those of one."""
    if cell == "none":
        return None
    if cell is None:
        middle = np.nanmedian(first.strings[0].voltage_v)
        if not _LFP_V[0] < float(middle) < _LFP_V[1]:
            err.print("judged by volts alone: with --cell, charge and capacity are told apart, too", style="yellow")
            return None
        err.print("taken for lithium iron phosphate cells (--cell names them, --cell none forbids it)", style="yellow")
    chosen = load_cell_or_fail(cell or "lfp-280ah")
    curve = curve_of(chosen)
    if capacity is not None:
        return replace(
            curve,
            resistance_ohm=curve.resistance_ohm * chosen.capacity_ah / positive_or_fail("--capacity", capacity, "Ah"),
        )
    measured = resistance_of(first.strings[0]) if cell is None else math.nan
    return replace(curve, resistance_ohm=measured) if measured > 0.0 else curve
