"""Reads a wide CSV file of cells, a day at a time, so that a month of a container fits in memory.

What it needs at once is one day in single precision, twice: 0.3 GB for 3840 cells every 10 s.
"""

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as pacsv

from leyden.bms.watch.columns import CellColumns, ColumnsError, find_columns
from leyden.bms.watch.frames import Frames
from leyden.model.errors import LeydenError
from leyden.model.readings import Floats

DAY_S = 86_400.0
_BLOCK = 1 << 24
_NULLS = ["", "nan", "NaN", "NAN", "null", "NULL", "None", "-", "--"]
_ZONE = r"(Z|[+-]\d\d:?\d\d)$"
_GZIP = b"\x1f\x8b"


class CellFileFaultError(LeydenError):
    """A file of cells that cannot be read; names file, line, column and the mend."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What a person may say about a file beyond its names."""

    time: str | None = None
    current: str | None = None
    charge_positive: bool = False
    """Whether its current is positive where the battery is charged."""


@dataclass(frozen=True, eq=False)
class Day:
    """One day of a file: every string's frames."""

    day: int
    """Days since 1970 by the file's own clock, or since its beginning."""
    strings: tuple[Frames, ...]


def columns_of(path: Path, options: FileOptions | None = None) -> CellColumns:
    """What its header says. Raises CellFileFaultError."""
    told = options or FileOptions()
    try:
        with _opened(path) as file:
            header = next(csv.reader([file.readline().decode("utf-8-sig")], delimiter=_delimiter(path)), [])
    except (OSError, UnicodeDecodeError) as error:
        raise CellFileFaultError(f"{path}: cannot be read: {error}") from error
    try:
        return find_columns(header, told.time, told.current)
    except ColumnsError as error:
        raise CellFileFaultError(f"{path}, line 1: {error}") from None


def read_days(
    path: Path, columns: CellColumns, options: FileOptions | None = None, progress: Callable[[int], None] | None = None
) -> Iterator[Day]:
    """The days of a file, in order; `progress` is told how many bytes were read. Raises CellFileFaultError."""
    told, held, day, per_volt = options or FileOptions(), list[_Rows](), None, columns.per_volt
    for rows in _batches(path, columns, progress or (lambda _: None)):
        if per_volt is None:
            known = rows.voltage[np.isfinite(rows.voltage) & (rows.voltage > 0.0)]
            per_volt = 1000.0 if known.size and float(np.median(known)) > 100.0 else 1.0
        days = np.floor(rows.time_s / DAY_S).astype(np.int64)
        for one in np.unique(days):
            if day is not None and one < day:
                raise CellFileFaultError(
                    f"{path}: times run back over midnight, to {_text(rows.time_s.min())}: sort it"
                )
            if day is not None and one != day:
                yield _day(day, held, columns, per_volt, told)
                held = []
            day = int(one)
            held.append(rows.where(days == one))
    if day is not None and per_volt is not None:
        yield _day(day, held, columns, per_volt, told)


@dataclass(frozen=True, eq=False)
class _Rows:
    time_s: Floats
    voltage: NDArray[np.float32]
    current_a: Floats
    temperature: NDArray[np.float32] | None

    def where(self, chosen: NDArray[np.bool_]) -> "_Rows":
        if chosen.all():
            return self
        warm = None if self.temperature is None else self.temperature[chosen]
        return _Rows(self.time_s[chosen], self.voltage[chosen], self.current_a[chosen], warm)


def _day(day: int, held: list[_Rows], columns: CellColumns, per_volt: float, options: FileOptions) -> Day:
    time_s = np.concatenate([rows.time_s for rows in held])
    order = np.argsort(time_s, kind="stable")
    voltage: Any = np.concatenate([rows.voltage for rows in held])[order]
    voltage /= np.float32(per_volt)
    current_a = np.concatenate([rows.current_a for rows in held])[order] * (-1.0 if options.charge_positive else 1.0)
    warm: Any = None
    if columns.temperatures:
        warm = np.concatenate([rows.temperature for rows in held if rows.temperature is not None])[order]
    strings = np.array(columns.strings)
    frames = []
    for string in range(int(strings.max()) + 1):
        at = strings == string
        mine = voltage if at.all() else voltage[:, at]
        frames.append(Frames(time_s[order], mine, current_a, None if warm is None else warm[:, at]))
    return Day(day, tuple(frames))


def _batches(path: Path, columns: CellColumns, progress: Callable[[int], None]) -> Iterator[_Rows]:
    wanted = [*columns.cells, *columns.temperatures, *([columns.current] if columns.current else [])]
    types = {name: pa.float32() for name in wanted} | {columns.time: pa.string()}
    convert = pacsv.ConvertOptions(
        column_types=types, include_columns=[columns.time, *wanted], null_values=_NULLS, strings_can_be_null=True
    )
    try:
        with path.open("rb") as raw, _opened(path, raw) as file:
            reader = pacsv.open_csv(
                file,
                read_options=pacsv.ReadOptions(block_size=_BLOCK),
                parse_options=pacsv.ParseOptions(delimiter=_delimiter(path)),
                convert_options=convert,
            )
            for batch in reader:
                progress(raw.tell())
                yield _rows(path, batch, columns)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise CellFileFaultError(_told(path, columns, wanted) or f"{path}: {error}") from None
    except (OSError, EOFError) as error:
        raise CellFileFaultError(f"{path}: cannot be read: {error}") from error


def _rows(path: Path, batch: pa.RecordBatch, columns: CellColumns) -> _Rows:
    def table(names: tuple[str, ...]) -> NDArray[np.float32]:
        out = np.empty((batch.num_rows, len(names)), np.float32)
        for k, name in enumerate(names):
            out[:, k] = batch.column(name).to_numpy(zero_copy_only=False)
        return out

    time_s = _times(path, batch.column(columns.time))
    current_a = np.full(batch.num_rows, np.nan)
    if columns.current is not None:
        current_a = np.asarray(batch.column(columns.current).to_numpy(zero_copy_only=False), np.float64)
    return _Rows(time_s, table(columns.cells), current_a, table(columns.temperatures) if columns.temperatures else None)


def _times(path: Path, column: pa.Array) -> Floats:
    """Seconds; of written times by the clock they are written in, whatever its zone."""
    try:
        if column.null_count:
            raise ValueError("an empty place")
        try:
            seconds = np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
            return seconds / 1000.0 if seconds.size and seconds[0] > 1e11 else seconds
        except pa.ArrowInvalid:
            plain = pc.replace_substring(
                pc.replace_substring_regex(pc.utf8_trim_whitespace(column), _ZONE, ""), "/", "-"
            )
            stamps = np.array(plain.to_pylist(), dtype="datetime64[ms]")
            return np.asarray(stamps.astype(np.int64), np.float64) / 1000.0
    except ValueError as error:
        raise CellFileFaultError(f"{path}: column of times: {error}; write seconds, or 2026-07-15 14:30:00") from None


def _told(path: Path, columns: CellColumns, wanted: list[str]) -> str | None:
    """The first place that is no number, by line and column: looked for only when something is wrong."""
    with _opened(path) as file:
        lines = csv.reader((line.decode("utf-8-sig", "replace") for line in file), delimiter=_delimiter(path))
        header = next(lines)
        at = {name: header.index(name) for name in wanted}
        for row in lines:
            if not row:
                continue
            if len(row) != len(header):
                return f"{path}, line {lines.line_num}: {len(row)} columns where the header has {len(header)}"
            for name, index in at.items():
                if row[index].strip() not in _NULLS and not _is_number(row[index]):
                    found = f"expected a number, found {row[index][:40]!r}"
                    return f"{path}, line {lines.line_num}, column {name}: {found}; leave it empty where it is missing"
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _opened(path: Path, raw: IO[bytes] | None = None) -> IO[bytes]:
    """Plain or gzipped."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    if packed:
        return gzip.open(path if raw is None else raw, "rb")  # type: ignore[return-value]
    return path.open("rb") if raw is None else raw


def _delimiter(path: Path) -> str:
    with _opened(path) as file:
        head = file.readline().decode("utf-8-sig", "replace")
    return max(",;\t", key=head.count)


def _text(time_s: float) -> str:
    return str(np.datetime64(int(time_s), "s")) if time_s > 1e8 else f"{time_s:g} s"
