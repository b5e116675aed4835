"""The record as files for people and their tools: CSV or Parquet, one line per moment (wide) or per value (long).

Read and written day by day, so that a year does not stand in memory. CSV is UTF-8, with the mark that Excel needs (BOM)
if asked for; times are ISO 8601 with the offset of the zone asked for; units stand in the header; an empty field is a
value that is not GOOD. Wide files hold GOOD values, or the mean of each step; long files hold everything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import IO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from leyden.history.record.aggregate import good
from leyden.history.record.shelves import MINUTES, QUARTERS, READINGS, Shelf
from leyden.history.record.sql import arrow
from leyden.history.record.view import Columns, View
from leyden.model.points import points_of
from leyden.model.quality import Quality
from leyden.model.readings import ROLES
from leyden.model.snapshot import SiteReading

Step = Literal["raw", "1min", "15min"]
Layout = Literal["wide", "long"]
Form = Literal["csv", "parquet"]

_SHELVES: Mapping[Step, Shelf] = {"raw": READINGS, "1min": MINUTES, "15min": QUARTERS}
_DAY_US = 86_400_000_000
_SPECIAL = frozenset(',"\r\n')


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported."""

    points: Sequence[str]
    start_us: int
    end_us: int
    step: Step = "raw"
    """`raw` is every row; the others hold only intervals that have closed."""
    layout: Layout = "wide"
    zone: tzinfo = UTC


def export(view: View, wanted: Wanted, form: Form, target: IO[bytes], bom: bool = False) -> None:
    """Write everything to an open file."""
    if form == "csv":
        _write_csv(view, wanted, target, bom)
    else:
        _write_parquet(view, wanted, target)


def unit_of(point: str) -> str:
    """The unit of a point, by the name of its field: "" for a ratio, a state, or a name that is no field."""
    return _units().get(point.rpartition(".")[2], "")


def _write_csv(view: View, wanted: Wanted, target: IO[bytes], bom: bool) -> None:
    header = [_titled(name) if wanted.layout == "wide" else name for name in _names(wanted)]
    target.write(("\ufeff" if bom else "").encode() + (",".join(map(_field, header)) + "\n").encode())
    quoted = any(_SPECIAL & set(name) for name in wanted.points)
    options = pacsv.WriteOptions(include_header=False, quoting_style="needed" if quoted else "none")
    digits = "milliseconds" if wanted.step == "raw" else "seconds"
    for day in _days(view, wanted):
        if len(day):
            t_us, line = np.unique(day["time"].cast("int64").to_numpy(), return_inverse=True)
            times = pa.array([_instant(us).astimezone(wanted.zone).isoformat(timespec=digits) for us in t_us.tolist()])
            readable = day.set_column(0, "time", times.take(pa.array(line)))
            pacsv.write_csv(_without_nan(readable), target, options)


def _write_parquet(view: View, wanted: Wanted, target: IO[bytes]) -> None:
    zone = getattr(wanted.zone, "key", "UTC")
    schema = pa.schema([_column(name, wanted, zone) for name in _names(wanted)])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for day in _days(view, wanted):
            if len(day):
                writer.write_table(day.cast(schema))


def _names(wanted: Wanted) -> list[str]:
    if wanted.layout == "wide":
        return ["time", *wanted.points]
    values = ["value", "quality"] if wanted.step == "raw" else ["count", "min", "mean", "max"]
    return ["time", "point", "unit", *values]


def _column(name: str, wanted: Wanted, zone: str) -> pa.Field:
    if name == "time":
        return pa.field(name, pa.timestamp("us", tz=zone))
    if wanted.layout == "long" and name in ("point", "unit", "quality"):
        return pa.field(name, pa.string())
    if name == "count":
        return pa.field(name, pa.int32())
    return pa.field(name, pa.float64(), metadata={"unit": unit_of(name)})


def _days(view: View, wanted: Wanted) -> Iterator[pa.Table]:
    """The lines of each UTC day, their times still in UTC."""
    start_us = wanted.start_us
    while start_us < wanted.end_us:
        end_us = min((start_us // _DAY_US + 1) * _DAY_US, wanted.end_us)
        raw = wanted.step == "raw"
        columns = Columns.VALUES if raw else Columns.INTERVALS
        rows = view.rows(_SHELVES[wanted.step], wanted.points, start_us, end_us, columns)
        found = arrow(view.connection, f"SELECT * FROM ({rows}) ORDER BY t, idx")
        yield _wide(found, wanted) if wanted.layout == "wide" else _long(found, wanted)
        start_us = end_us


def _wide(found: pa.Table, wanted: Wanted) -> pa.Table:
    t_us, line = np.unique(found["t"].cast("int64").to_numpy(), return_inverse=True)
    values = np.full((len(t_us), len(wanted.points)), np.nan)
    if wanted.step == "raw":
        measured, quality = found["value"].to_numpy(), found["quality"].to_numpy()
        known = np.where(good(measured, quality), measured, np.nan)
    else:
        known = found["mean"].to_numpy()
    values[line, found["idx"].to_numpy()] = known
    return pa.table([_times(t_us), *map(pa.array, values.T)], names=_names(wanted))


def _long(found: pa.Table, wanted: Wanted) -> pa.Table:
    index = pa.array(found["idx"].to_numpy().astype(np.int32))
    columns = [
        _times(found["t"].cast("int64").to_numpy()),
        pa.array(wanted.points, pa.string()).take(index),
        pa.array([unit_of(point) for point in wanted.points], pa.string()).take(index),
    ]
    if wanted.step == "raw":
        words = pa.array([quality.name.lower() for quality in Quality])
        columns += [found["value"], words.take(found["quality"].cast(pa.int32()))]
    else:
        columns += [found[name] for name in ("n", "low", "mean", "high")]
    return pa.table(columns, names=_names(wanted))


def _without_nan(day: pa.Table) -> pa.Table:
    """Numbers that are none become empty fields."""
    for at, column in enumerate(day.columns):
        if pa.types.is_floating(column.type):
            values = column.to_numpy()
            day = day.set_column(at, day.column_names[at], pa.array(values, mask=np.isnan(values)))
    return day


def _titled(name: str) -> str:
    unit = unit_of(name)
    return f"{name} ({unit})" if unit else name


def _field(title: str) -> str:
    escaped = title.replace('"', '""')
    return f'"{escaped}"' if _SPECIAL & set(title) else title


def _times(t_us: NDArray[np.int64]) -> pa.Array:
    return pa.array(t_us).cast(pa.timestamp("us", tz="UTC"))


def _instant(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


@cache
def _units() -> Mapping[str, str]:
    return {point.name: point.unit for reading in (*ROLES.values(), SiteReading) for point in points_of(reading)}
