"""`leyden estimate`: the state of charge of a recorded cell or pack."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import numpy as np
import typer
from rich.progress import Progress

from leyden.bms.soc_filter import FilterOptions, estimated, new_filter
from leyden.cli.client import AsJson, fail
from leyden.cli.consoles import err
from leyden.model.quantity import parse_quantity
from leyden.model.readings import Floats
from leyden.physics import Cell, CellFileError, load_cell
from leyden.physics.trace import Trace
from leyden.physics.trace_file import TraceFileError, read_trace

ROWS = 50_000
"""How many are estimated between two looks at the progress bar."""


def estimate(
    telemetry: Annotated[
        Path, typer.Argument(help="CSV: time_s, current_a (positive = discharge), voltage_v, temperature_degc.")
    ],
    cell: Annotated[str, typer.Option("--cell", help="A shipped cell such as lfp-280ah, or a cell file.")],
    capacity: Annotated[str | None, typer.Option("--capacity", help='"2.3 Ah"; default: the cell\'s own.')] = None,
    series: Annotated[int, typer.Option("--series", min=1, help="Cells in series behind voltage_v.")] = 1,
    start_soc: Annotated[
        float | None, typer.Option("--start-soc", min=0.0, max=1.0, help="0 to 1; a first guess.")
    ] = None,
    start_std: Annotated[float, typer.Option("--start-std", min=0.001, max=1.0, help="How sure that guess is.")] = 0.25,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A CSV file: time_s, soc, soc_std, voltage_model_v.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate the charge along a record, with its standard deviation.

    Example: leyden estimate pack.csv --cell my-cell.toml --capacity "2.3 Ah" --start-soc 0.5 -o soc.csv
    """
    chosen, record = load_cell_or_fail(cell), read_or_fail(telemetry)
    capacity_ah = chosen.capacity_ah if capacity is None else positive_or_fail("--capacity", capacity, "Ah")
    record = Trace(record.time_s, record.current_a, record.voltage_v / series, record.temperature_degc)
    told = _along(record, chosen, 0.5 if start_soc is None else start_soc, start_std, capacity_ah)
    told[2] *= series
    if output is not None:
        with output.open("w", newline="", encoding="utf-8") as file:
            _write(file, record.time_s, told)
        err.print(f"{output}: {len(record.time_s)} rows", highlight=False)
    if as_json:
        columns = {"time_s": record.time_s, "soc": told[0], "soc_std": told[1], "voltage_model_v": told[2]}
        typer.echo(json.dumps({name: _plain(values) for name, values in columns.items()}))
    elif output is None:
        _write(sys.stdout, record.time_s, told)


def load_cell_or_fail(name: str) -> Cell:
    """A shipped cell by its name, or a cell file by its path."""
    path = Path(name)
    try:
        if path.suffix == ".toml":
            if not path.is_file():
                fail(f"{path}: there is no such cell file", 2)
            return load_cell(path.stem, [path.parent])
        return load_cell(name, [Path()])
    except CellFileError as error:
        fail(str(error), 2)


def read_or_fail(path: Path) -> Trace:
    """A record, or what is wrong with it on stderr and exit code 2."""
    try:
        return read_trace(path)
    except TraceFileError as error:
        fail(str(error), 2)


def positive_or_fail(option: str, text: str, unit: str) -> float:
    """A quantity as people write it, above 0, or what is wrong with it on stderr and exit code 2."""
    try:
        value = parse_quantity(text, unit)
    except ValueError as error:
        fail(f"{option}: {error}", 2)
    if not value > 0.0:
        fail(f"{option} must be above 0 (got {text!r})", 2)
    return value


def _along(record: Trace, cell: Cell, soc: float, std: float, capacity_ah: float) -> Floats:
    """soc, soc_std and the model's voltage at every row, (3, rows); with a progress bar where it takes long."""
    rows = len(record.time_s)
    belief = new_filter(np.array([soc]), np.array([capacity_ah]), FilterOptions(start_std=std))
    parts = []
    with Progress(console=err, transient=True, disable=rows <= ROWS) as progress:
        task = progress.add_task("estimating", total=rows)
        for start in range(0, rows, ROWS):
            belief, part = estimated(belief, cell, record, start, start + ROWS)
            parts.append(part)
            progress.advance(task, part.shape[1])
    return np.hstack(parts)


def _write(file: TextIO, time_s: Floats, told: Floats) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["time_s", "soc", "soc_std", "voltage_model_v"])
    writer.writerows(_rows(time_s, told))


def _rows(time_s: Floats, told: Floats) -> Iterator[tuple[str, ...]]:
    for k, t in enumerate(time_s):
        yield f"{t:.10g}", f"{told[0, k]:.5f}", f"{told[1, k]:.5f}", f"{told[2, k]:.5f}"


def _plain(values: Floats) -> list[float | None]:
    return [round(float(value), 6) if np.isfinite(value) else None for value in values]
