"""Recorded frames of cells, day by day: closed days from their files, what is not closed from wherever it stands."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from leyden.bms.watch import Frames
from leyden.history.record.cells import MISSING, CellFrame, to_int16, unpack_frame
from leyden.history.record.series import to_us
from leyden.history.record.shelves import CELLS
from leyden.history.record.sql import scalar, text
from leyden.history.record.store import Store
from leyden.history.record.view import NEVER_US, View
from leyden.model.quality import Quality
from leyden.model.readings import Floats
from leyden.model.site import Battery
from leyden.runtime.http import AnswerError

_DAY = timedelta(days=1)
_OPEN = ("record.duckdb", "record.duckdb.wal")
_MEMORY_MB = 256
_MINUTE_S = 90.0
"""Minutes' means of a running site stand at their start."""
_NEAR_S = 30.0
"""A current is that of a frame where it was measured so near to it."""
Ask = Callable[[str], Any]
"""A path of the API, and its JSON; raises AnswerError."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """Frames of one battery over a day, as they were recorded."""

    time_s: Floats
    """(n,)"""
    voltage_mv: NDArray[np.int16]
    """(n, rack, module, cell)"""
    temperature_ddegc: NDArray[np.int16]
    current_a: Floats
    """(n,), of all racks together, discharge positive; nan where it is not known."""


class Unclosed(Protocol):
    """Who knows the days that stand in no file yet."""

    def frames(self, battery: str, start: datetime, end: datetime) -> list[CellFrame]:
        """Of [start, end), in order."""
        ...

    def current(self, battery: str, start: datetime, end: datetime) -> tuple[Floats, Floats]:
        """Times and currents of all racks together."""
        ...


class RunningSite:
    """Over the API of a site that runs; a frame every ten minutes, because each is a request."""

    every_s = 600.0

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def now(self) -> datetime:
        """Its time. Raises AnswerError."""
        return datetime.fromisoformat(self._ask("/api/health")["time"])

    def frames(self, battery: str, start: datetime, end: datetime) -> list[CellFrame]:
        """Raises AnswerError."""
        found: dict[float, CellFrame] = {}
        moment, last = start, min(end, self.now())
        while moment < last:
            moment = min(moment + timedelta(seconds=self.every_s), last)
            frame = self._frame(battery, moment)
            if frame is not None and start.timestamp() <= frame.t < end.timestamp():
                found[frame.t] = frame
        return list(found.values())

    def _frame(self, battery: str, moment: datetime) -> CellFrame | None:
        """The newest at or before this moment; None where there is none for an hour."""
        try:
            found = self._ask(f"/api/cells/{quote(battery)}/at?time={quote(moment.isoformat())}")
        except AnswerError as error:
            if error.status == 404:
                return None
            raise
        shape = tuple(found["shape"])
        volts, warm = (_array(found[name], shape) for name in ("voltage_mv", "temperature_ddegc"))
        return CellFrame(battery, found["t"], volts, warm)

    def current(self, battery: str, start: datetime, end: datetime) -> tuple[Floats, Floats]:
        """Raises AnswerError."""
        point = f"{battery}.dc_current_a"
        query = urlencode({"points": point, "start": start.isoformat(), "end": end.isoformat(), "width": 1440})
        series = self._ask(f"/api/history?{query}")["series"][point]
        amps = [np.nan if value is None else value for value in series["mean"]]
        return np.array(series["t"], np.float64), np.array(amps, np.float64)


class LeftRecord:
    """The open days of a site that does not run, looked at in a copy, because opening them would change them."""

    def __init__(self, view: View) -> None:
        self._view = view

    def now(self) -> datetime | None:
        """When the last frame was written that is in no file yet."""
        tables = self._view.parts(CELLS, 0, NEVER_US).tables
        last_us = [scalar(self._view.connection, f"SELECT max(epoch_us(t)) FROM {table}") for table in tables]
        return max((datetime.fromtimestamp(us / 1e6, UTC) for us in last_us if us), default=None)

    def frames(self, battery: str, start: datetime, end: datetime) -> list[CellFrame]:
        """Every one of them."""
        start_us, end_us = to_us(start), to_us(end)
        found = []
        for table in self._view.parts(CELLS, start_us, end_us).tables:
            rows = self._view.connection.execute(
                f"SELECT epoch_us(t), racks, modules, cells, frame FROM {table} WHERE battery = {text(battery)}"
                f" AND t >= make_timestamptz({start_us}) AND t < make_timestamptz({end_us}) ORDER BY t"
            ).fetchall()
            found += [CellFrame(battery, us / 1e6, *unpack_frame(frame, tuple(shape))) for us, *shape, frame in rows]
        return found

    def current(self, battery: str, start: datetime, end: datetime) -> tuple[Floats, Floats]:
        """Second by second."""
        ((t_us, values, quality),) = self._view.samples([f"{battery}.dc_current_a"], to_us(start), to_us(end))
        good = quality == int(Quality.GOOD)
        return t_us[good] / 1e6, values[good]


@contextmanager
def left_record(folder: Path) -> Iterator[LeftRecord | None]:
    """What a site that does not run has not closed yet; None where there is nothing to be read."""
    with TemporaryDirectory(prefix="leyden-cells-") as name:
        for file in _OPEN:
            with suppress(OSError):
                shutil.copy2(folder / file, Path(name) / file)
        store = Store(Path(name) / _OPEN[0], _MEMORY_MB)
        if not store.path.exists():
            yield None
            return
        store.open()
        try:
            with store.reading() as connection:
                yield LeftRecord(View(connection, Path(name)))
        finally:
            store.close()


def newest_day(folder: Path) -> date | None:
    """The last closed day that has frames of cells."""
    days = sorted(path.stem for path in (folder / "cells").glob("????-??-??.parquet"))
    return date.fromisoformat(days[-1]) if days else None


def recorded_day(folder: Path, battery: Battery, day: date, unclosed: Unclosed | None) -> Recorded | None:
    """One day (UTC, as the record's files are) of one battery; None where nothing was recorded."""
    path = folder / "cells" / f"{day}.parquet"
    if path.exists():
        return _closed(folder, path, battery, day)
    return None if unclosed is None else _asked(battery, day, unclosed)


def rack_frames(recorded: Recorded) -> tuple[Frames, ...]:
    """Each rack by itself; their current is taken as shared evenly, because single racks' currents are not recorded."""
    racks = recorded.voltage_mv.shape[1]
    current_a = recorded.current_a / racks
    found = []
    for rack in range(racks):
        flat = (len(recorded.time_s), -1)
        volts = _values(recorded.voltage_mv[:, rack].reshape(flat), 1e-3)
        found.append(
            Frames(recorded.time_s, volts, current_a, _values(recorded.temperature_ddegc[:, rack].reshape(flat), 0.1))
        )
    return tuple(found)


def _closed(folder: Path, path: Path, battery: Battery, day: date) -> Recorded | None:
    table = pq.read_table(path, filters=[("battery", "==", battery.name)]).sort_by("t")
    shape = (battery.layout.rack, battery.layout.module, battery.layout.cell)
    shapes = zip(*(table.column(name).to_pylist() for name in ("racks", "modules", "cells")), strict=True)
    fits = [one == shape for one in shapes]
    table = table.filter(pa.array(fits, pa.bool_()))
    if not table.num_rows:
        return None
    volts = np.empty((table.num_rows, *shape), np.int16)
    warm = np.empty_like(volts)
    for k, packed in enumerate(table.column("frame")):
        volts[k], warm[k] = unpack_frame(packed.as_py(), shape)
    time_s = _seconds(table)
    return Recorded(time_s, volts, warm, _near(*_measured(folder, battery, day), time_s, _NEAR_S))


def _measured(folder: Path, battery: Battery, day: date) -> tuple[Floats, Floats]:
    """The current of a closed day, second by second."""
    path = folder / "readings" / f"{day}.parquet"
    if not path.exists():
        return np.empty(0), np.empty(0)
    wanted = [("point", "==", f"{battery.name}.dc_current_a"), ("quality", "==", int(Quality.GOOD))]
    table = pq.read_table(path, columns=["t", "value"], filters=wanted).sort_by("t")
    return _seconds(table), np.asarray(table.column("value").to_numpy(), np.float64)


def _asked(battery: Battery, day: date, unclosed: Unclosed) -> Recorded | None:
    start = datetime.combine(day, time(), UTC)
    shape = (battery.layout.rack, battery.layout.module, battery.layout.cell)
    frames = [one for one in unclosed.frames(battery.name, start, start + _DAY) if one.voltage_mv.shape == shape]
    if not frames:
        return None
    time_s = np.array([frame.t for frame in frames])
    current_a = _near(*unclosed.current(battery.name, start, start + _DAY), time_s, _MINUTE_S)
    volts = np.stack([frame.voltage_mv for frame in frames])
    warm = np.stack([frame.temperature_ddegc for frame in frames])
    return Recorded(time_s, volts, warm, current_a)


def _near(when_s: Floats, values: Floats, time_s: Floats, within_s: float) -> Floats:
    """The value nearest to each time; nan where none is near."""
    if not len(when_s):
        return np.full(len(time_s), np.nan)
    right = np.clip(np.searchsorted(when_s, time_s), 1, max(len(when_s) - 1, 1))
    left = right - 1
    right = np.minimum(right, len(when_s) - 1)
    nearest = np.where(time_s - when_s[left] <= when_s[right] - time_s, left, right)
    return np.where(np.abs(when_s[nearest] - time_s) <= within_s, values[nearest], np.nan)


def _seconds(table: pa.Table) -> Floats:
    return (
        np.asarray(table.column("t").cast(pa.timestamp("us")).to_numpy().astype("datetime64[us]").astype(np.int64))
        / 1e6
    )


def _values(values: NDArray[np.int16], unit: float) -> Floats:
    """In single precision: a day of a rack at a time is held."""
    return np.where(values == MISSING, np.nan, values * np.float32(unit)).astype(np.float32)


def _array(values: list[int | None], shape: tuple[int, ...]) -> NDArray[np.int16]:
    flat = np.array([np.nan if value is None else value for value in values], np.float64)
    return to_int16(flat, 1.0).reshape(shape)
