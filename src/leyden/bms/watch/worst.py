"""The worst cells of this moment, and since when each has been among them: what a Battery page shows.

`Worst` is updated with every frame of cells. Each cell keeps one slow mean of its deviation from the median of its
string, so that a load step shuffles nobody; the largest are the worst. A cell that falls out and is back within
`forgiven_s` was never away. A frame costs a few passes over the cells (0.1 ms for 3840), and nothing else.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leyden.bms.watch.frames import HIGH_V, LOW_V, row_median
from leyden.model.readings import Floats


@dataclass(frozen=True, eq=False)
class Worst:
    """What is known after the last frame; arrays are (strings, cells)."""

    deviation_v: Floats
    """Mean deviation from the median of the string; nan for a cell that has not said anything."""
    since_s: Floats
    """When each of the worst became one; nan for all others."""
    left_s: Floats
    """When one that was among them was last seen there; nan where that is forgotten."""
    time_s: float
    """Of the last frame; nan before the first."""
    count: int
    mean_s: float
    forgiven_s: float


@dataclass(frozen=True, slots=True)
class WorstCell:
    """One of them."""

    string: int
    cell: int
    deviation_v: float
    """With its sign, averaged over some minutes."""
    since_s: float
    """When it became one of them, on the clock of the frames."""
    lasting_s: float
    """How long it has been."""


def new_worst(strings: int, cells: int, count: int = 20, mean_s: float = 600.0, forgiven_s: float = 3600.0) -> Worst:
    """Before the first frame: the `count` worst of all strings, by means over `mean_s`."""
    empty = np.full((strings, cells), np.nan)
    return Worst(empty, empty.copy(), empty.copy(), np.nan, count, mean_s, forgiven_s)


def watched(worst: Worst, time_s: float, voltage_v: Floats) -> Worst:
    """After one more frame, (strings, cells); one that is not newer than the last changes nothing."""
    if time_s <= worst.time_s:
        return worst
    known = (voltage_v > LOW_V) & (voltage_v < HIGH_V)
    off_v = np.where(known, voltage_v, np.nan)
    off_v -= row_median(off_v)[:, None]
    share = -np.expm1(-(time_s - worst.time_s) / worst.mean_s) if np.isfinite(worst.time_s) else 1.0
    before = worst.deviation_v
    moved = np.where(np.isnan(before), off_v, before + share * (off_v - before))
    deviation_v = np.where(np.isnan(off_v), before, moved)
    among = _largest(np.abs(deviation_v), worst.count)
    fresh = np.isnan(worst.left_s) | (time_s - worst.left_s > worst.forgiven_s)
    since_s = np.where(among & (np.isnan(worst.since_s) | fresh), time_s, worst.since_s)
    left_s = np.where(among, time_s, worst.left_s)
    gone = ~among & (time_s - left_s > worst.forgiven_s)
    return replace(
        worst,
        deviation_v=deviation_v,
        since_s=np.where(gone, np.nan, since_s),
        left_s=np.where(gone, np.nan, left_s),
        time_s=time_s,
    )


def worst_now(worst: Worst) -> tuple[WorstCell, ...]:
    """The worst, the furthest off first."""
    size = np.nan_to_num(np.abs(worst.deviation_v))
    among = np.argwhere(_largest(np.abs(worst.deviation_v), worst.count))
    ordered = sorted(among.tolist(), key=lambda at: -size[at[0], at[1]])
    return tuple(
        WorstCell(
            string,
            cell,
            float(worst.deviation_v[string, cell]),
            float(worst.since_s[string, cell]),
            worst.time_s - float(worst.since_s[string, cell]),
        )
        for string, cell in ordered
    )


def worst_of(time_s: Floats, voltage_v: Floats, count: int = 20) -> tuple[WorstCell, ...]:
    """The same from recorded frames (n,), (n, strings, cells) in one call: the last ones, and since when."""
    state = new_worst(voltage_v.shape[1], voltage_v.shape[2], count)
    for when, frame in zip(time_s, voltage_v, strict=True):
        state = watched(state, float(when), frame)
    return worst_now(state)


def _largest(size: Floats, count: int) -> NDArray[np.bool_]:
    """The `count` largest known ones."""
    flat = np.where(np.isnan(size), -1.0, size).ravel()
    among = np.zeros(flat.size, dtype=np.bool_)
    among[np.argpartition(flat, max(flat.size - count, 0))[-count:]] = True
    among &= flat >= 0.0
    return among.reshape(size.shape)
