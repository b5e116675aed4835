"""Reads a record of one cell from a CSV file, plain or gzipped: time_s, current_a, voltage_v, temperature_degc."""

import csv
import gzip
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from leyden.model.errors import LeydenError
from leyden.model.readings import Floats
from leyden.physics.trace import Trace

NEEDED = ("time_s", "current_a", "voltage_v")
TEMPERATURE = "temperature_degc"
USUAL_DEGC = 25.0
"""Where a file has no temperatures."""
_GZIP = b"\x1f\x8b"


class TraceFileError(LeydenError):
    """A record that cannot be read; names file, line, what was found and the mend."""


def read_trace(path: Path) -> Trace:
    """The record of a file. An empty place or `nan` is a missing value; without temperatures it was at 25 degC.

    Raises TraceFileError.
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == _GZIP else data).decode("utf-8-sig")
        columns = _columns(path, text.splitlines())
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise TraceFileError(f"{path}: cannot be read: {error}") from error
    rows = len(columns["time_s"])
    try:
        temperature = columns.get(TEMPERATURE, np.full(rows, USUAL_DEGC))
        return Trace(columns["time_s"], columns["current_a"], columns["voltage_v"], temperature)
    except ValueError as error:
        raise TraceFileError(f"{path}: {error}") from None


def _columns(path: Path, lines: Iterable[str]) -> dict[str, Floats]:
    rows = csv.reader(lines)
    header = [name.strip().lower() for name in next(rows, [])]
    for name in NEEDED:
        if name not in header:
            found = ", ".join(header) or "nothing"
            raise TraceFileError(f"{path}, line 1: there is no column {name}; found: {found}")
    wanted = [name for name in (*NEEDED, TEMPERATURE) if name in header]
    at = [header.index(name) for name in wanted]
    values: list[list[float]] = []
    last_s = -np.inf
    for row in rows:
        if not row:
            continue
        try:
            numbers = [float(row[index]) if row[index].strip() else np.nan for index in at]
        except (IndexError, ValueError):
            told = f"expected {len(header)} numbers, found {','.join(row)[:60]!r}"
            raise TraceFileError(f"{path}, line {rows.line_num}: {told}") from None
        if not numbers[0] > last_s:
            told = f"time_s must rise from row to row (got {numbers[0]:g} after {last_s:g})"
            raise TraceFileError(f"{path}, line {rows.line_num}: {told}")
        last_s = numbers[0]
        values.append(numbers)
    table = np.array(values, dtype=np.float64).reshape(len(values), len(wanted))
    return {name: np.ascontiguousarray(table[:, index]) for index, name in enumerate(wanted)}
