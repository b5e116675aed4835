"""Minutes from rows and quarter-hours from minutes, as they close. Pure arrays.

Only GOOD values count; an interval without any has n = 0 and is not kept: a gap stays a gap. Each value holds until
the next row, but at most `hold_s`, and counts wholly in the interval in which it was read; so `seconds` (how long GOOD
values were known), `up` and `down` (integrals of the positive and the negative part, in unit-seconds) of consecutive
intervals simply add.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from leyden.model.quality import Quality

MINUTE_US = 60_000_000
QUARTER_US = 15 * MINUTE_US

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive rows of the same points."""

    t_us: NDArray[np.int64]
    """(row,), rising."""
    values: Floats
    """(row, point)."""
    quality: NDArray[np.uint8]
    """(row, point)."""

    def __len__(self) -> int:
        return len(self.t_us)

    def __getitem__(self, part: slice) -> "Rows":
        return Rows(self.t_us[part], self.values[part], self.quality[part])

    def followed_by(self, later: "Rows") -> "Rows":
        """Both, one after the other."""
        return Rows(
            np.concatenate((self.t_us, later.t_us)),
            np.concatenate((self.values, later.values)),
            np.concatenate((self.quality, later.quality)),
        )


def no_rows(points: int) -> Rows:
    """None yet."""
    return Rows(np.empty(0, np.int64), np.empty((0, points)), np.empty((0, points), np.uint8))


@dataclass(frozen=True, slots=True)
class Interval:
    """One closed minute or quarter-hour of all points; every array is (point,)."""

    t_us: int
    """Its start."""
    n: NDArray[np.int64]
    low: Floats
    mean: Floats
    """Of the values, each counting once."""
    high: Floats
    seconds: Floats
    up: Floats
    down: Floats
    """Never negative: how much went the other way."""


def good(values: Floats, quality: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which values count."""
    counts: NDArray[np.bool_] = (quality == Quality.GOOD) & np.isfinite(values)
    return counts


def held_s(t_us: NDArray[np.int64], end_us: int, hold_s: float) -> Floats:
    """How long each row holds: until the next one, the last until `end_us`, none longer than `hold_s`."""
    return np.minimum(np.diff(t_us, append=end_us) / 1e6, hold_s)


def close_minutes(rows: Rows, hold_s: float) -> tuple[list[Interval], Rows]:
    """Every minute but that of the last row, and the rows of that one, which is still open."""
    if not len(rows):
        return [], rows
    minute = rows.t_us // MINUTE_US
    lasts = held_s(rows.t_us, int(rows.t_us[-1]), hold_s)
    starts = np.flatnonzero(np.diff(minute, prepend=minute[0] - 1))
    closed = [_minute(int(minute[a]) * MINUTE_US, rows[a:b], lasts[a:b]) for a, b in pairwise(starts)]
    return closed, rows[starts[-1] :]


def close_quarters(minutes: Sequence[Interval], now_us: int) -> tuple[list[Interval], list[Interval]]:
    """Every quarter-hour that ended by now, and the minutes of the one that is still open."""
    by_quarter: dict[int, list[Interval]] = {}
    for minute in minutes:
        by_quarter.setdefault(minute.t_us // QUARTER_US, []).append(minute)
    now = now_us // QUARTER_US
    closed = [_joined(quarter * QUARTER_US, parts) for quarter, parts in by_quarter.items() if quarter < now]
    return closed, by_quarter.get(now, [])


def _minute(t_us: int, rows: Rows, lasts_s: Floats) -> Interval:
    counts = good(rows.values, rows.quality)
    n = counts.sum(axis=0)
    values = np.where(counts, rows.values, 0.0)
    lasts = np.where(counts, lasts_s[:, None], 0.0)
    return Interval(
        t_us,
        n,
        low=np.where(counts, rows.values, np.inf).min(axis=0),
        mean=values.sum(axis=0) / np.maximum(n, 1),
        high=np.where(counts, rows.values, -np.inf).max(axis=0),
        seconds=lasts.sum(axis=0),
        up=(np.maximum(values, 0.0) * lasts).sum(axis=0),
        down=(np.maximum(-values, 0.0) * lasts).sum(axis=0),
    )


def _joined(t_us: int, parts: Sequence[Interval]) -> Interval:
    n = np.array([part.n for part in parts])
    mean = np.array([part.mean for part in parts])
    return Interval(
        t_us,
        n.sum(axis=0),
        low=np.array([part.low for part in parts]).min(axis=0),
        mean=(n * mean).sum(axis=0) / np.maximum(n.sum(axis=0), 1),
        high=np.array([part.high for part in parts]).max(axis=0),
        seconds=np.array([part.seconds for part in parts]).sum(axis=0),
        up=np.array([part.up for part in parts]).sum(axis=0),
        down=np.array([part.down for part in parts]).sum(axis=0),
    )
