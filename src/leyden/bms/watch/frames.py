"""What is watched: the cells of one string over time, and the same minute by minute."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leyden.model.readings import Floats

LOW_V, HIGH_V = 0.5, 5.0
"""Outside, a reading is none: a lead that has come off shows 0, an empty register 6.5535."""
MINUTE_S = 60.0
_BLOCK = 8192
"""Frames that are worked on at once, so that a day of one-second frames needs no more memory than one of ten."""
_NEAR_S = 30.0
"""Frames at most so far apart show what a step of current does at once."""
_TOGETHER_S = 1800.0
"""Minutes err together for about so long (rounding, slow voltages): so many of them count as one."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Cells in series, which carry one current. Times rise; nan is a missing value."""

    time_s: Floats
    """(n,), seconds since 1970, or since any other midnight."""
    voltage_v: Floats
    """(n, cells)."""
    current_a: Floats
    """(n,), discharge positive; all nan where it was not recorded."""
    temperature_degc: Floats | None = None
    """(n, cells), where each cell has a sensor of its own."""

    def __post_init__(self) -> None:
        rows = len(self.time_s)
        if self.voltage_v.ndim != 2 or len(self.voltage_v) != rows or self.current_a.shape != (rows,):
            raise ValueError(f"frames need {rows} rows of cells and {rows} currents")
        if self.temperature_degc is not None and self.temperature_degc.shape != self.voltage_v.shape:
            raise ValueError(f"temperatures are {self.temperature_degc.shape}, voltages {self.voltage_v.shape}")
        if not np.all(np.diff(self.time_s) >= 0.0):
            raise ValueError("times must not run backwards")

    def rows(self, start: int, end: int) -> "Frames":
        """Some of them, one after the other."""
        warm = self.temperature_degc
        part = slice(start, end)
        return Frames(
            self.time_s[part], self.voltage_v[part], self.current_a[part], None if warm is None else warm[part]
        )


@dataclass(frozen=True, eq=False)
class Minutes:
    """The means of every minute that holds a frame."""

    time_s: Floats
    """(m,)."""
    median_v: Floats
    """(m,), of all cells."""
    deviation_v: Floats
    """(m, cells), of each cell from that median; nan where it said nothing."""
    current_a: Floats
    """(m,), discharge positive."""
    warmer_k: Floats
    """(cells,), over all of them; nan where nobody measured."""
    steps_a2: float
    """Sum of squared steps of current from frame to frame, where frames follow each other closely."""
    steps_va: Floats
    """(cells,), sum of the steps of deviation times those of current."""

    @property
    def share(self) -> float:
        """For how much one of them counts."""
        if len(self.time_s) < 2:
            return 1.0
        apart_s = float(np.median(np.diff(self.time_s)))
        return min(max(apart_s, MINUTE_S) / _TOGETHER_S, 1.0)

    @property
    def quick_ohm(self) -> Floats:
        """What a step of current does to each cell at once, beyond what it does to the median one; nan if unknown."""
        return np.where(self.steps_a2 > 0.0, -self.steps_va / max(self.steps_a2, 1e-12), np.nan)


def minutes(frames: Frames) -> Minutes:
    """Means over minutes: noise and rounding average out, and what is linear in the current stays so."""
    starts = range(0, len(frames.time_s), _BLOCK)
    parts = [_minutes(frames.rows(start, start + _BLOCK)) for start in starts]
    return replace(
        parts[0],
        time_s=np.concatenate([part.time_s for part in parts]),
        median_v=np.concatenate([part.median_v for part in parts]),
        deviation_v=np.concatenate([part.deviation_v for part in parts]),
        current_a=np.concatenate([part.current_a for part in parts]),
        warmer_k=mean_known(np.stack([part.warmer_k for part in parts])),
        steps_a2=sum(part.steps_a2 for part in parts),
        steps_va=np.sum([part.steps_va for part in parts], axis=0),
    )


def _minutes(frames: Frames) -> Minutes:
    voltage_v = frames.voltage_v.astype(np.float64)  # files are held in single precision, a day at a time
    voltage_v[~((voltage_v > LOW_V) & (voltage_v < HIGH_V))] = np.nan
    median_v = row_median(voltage_v)
    deviation_v = voltage_v - median_v[:, None]
    bins = np.floor(frames.time_s / MINUTE_S)
    first = np.flatnonzero(np.diff(bins, prepend=-np.inf))
    steps = np.diff(frames.current_a)
    near = np.isfinite(steps) & (np.diff(frames.time_s) <= _NEAR_S)
    moved = np.nan_to_num(np.diff(deviation_v, axis=0)[near])
    warm = frames.temperature_degc
    return Minutes(
        time_s=frames.time_s[first],
        median_v=_means(median_v[:, None], first)[:, 0],
        deviation_v=_means(deviation_v, first),
        current_a=_means(frames.current_a[:, None], first)[:, 0],
        warmer_k=np.full(voltage_v.shape[1], np.nan) if warm is None else mean_known(warm - row_median(warm)[:, None]),
        steps_a2=float(np.sum(steps[near] ** 2)),
        steps_va=steps[near] @ moved,
    )


def row_median(values: Floats) -> Floats:
    """The median of each row's known values (n,); nan where there is none."""
    ordered = np.sort(values, axis=1)  # nan comes last
    count = values.shape[1] - np.isnan(values).sum(axis=1)
    rows = np.arange(len(values))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, values.shape[1] - 1)
    middle: Floats = 0.5 * (ordered[rows, low] + ordered[rows, high])
    return middle


def mean_known(values: Floats) -> Floats:
    """The mean of each column's known values; nan where there is none."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _means(values: Floats, first: NDArray[np.intp]) -> Floats:
    """The mean of each run of rows that begins at `first`; nan where a run has no value."""
    known = ~np.isnan(values)
    count = np.add.reduceat(known, first, axis=0, dtype=np.int64)
    total = np.add.reduceat(np.where(known, values, 0.0), first, axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
