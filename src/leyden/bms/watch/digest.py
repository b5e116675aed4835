"""A day of one string in a few numbers for each cell: what its deviation is made of.

A cell stands off the median of its string for four reasons, each with a mark of its own:

    deviation = offset - resistance * current + slope * ((1 - soc) * low + soc * high)

a sensor or its lead reads wrong by so much always; a resistance acts with the current; a charge that is missing shows
as steeply as the open-circuit voltage rises, much at the knees of an LFP cell and next to nothing between them. Two
shares of that charge, near empty (`low`) and near full (`high`), differ where the capacity does. The columns are the
same for all cells, so one small solve a day gives all of them; a ridge holds what the day cannot tell (a day in
the middle says nothing about the ends), and such a number is nan, not guessed.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from leyden.bms.watch.frames import Frames, Minutes, mean_known, minutes, row_median
from leyden.model.readings import Floats
from leyden.physics import Cell

MINUTES_LEAST = 8
"""Fewer a day are not judged."""
_NOISE_V = 0.005
"""How far the model may be off at one time."""
_SLOPE_SOC = 0.005
"""How well the charge that belongs to a voltage is known: what a steep curve makes of it is noise, too."""
_PRIOR = (0.010, 0.10, 0.10)
"""What is thinkable before a day is seen: 10 mV, and 10 % of charge at each end; of resistance, as much as it has."""
_KNOWN = 0.35
"""A number is known when the day has narrowed it to this share of what was thinkable."""
_FLAT_V = 1.0
"""Between the knees the open-circuit voltage rises by less, for a whole charge (an LFP cell's from 13 to 92 %)."""
_NEAR_SOC = 0.05
"""No cell is further off in charge, as long as it is healthy."""
_SHARP_V, _STEEP_V = 1.5, 0.3
"""Where a voltage tells a charge: at the knees of a curve with a plateau, anywhere on one that is steep everywhere."""
_KNEE_V = 1.5
"""Where the open-circuit voltage rises by more for a whole charge, a large deviation is the curve's doing."""
_CALM = 1.5
"""At a knee all cells spread by more than so many times what is usual."""
_STEP = 0.3
"""Share of the largest current that is a step."""
_REST = 0.03
"""Share of the day's largest current below which a string rests."""


@dataclass(frozen=True, eq=False)
class CurveOfCharge:
    """Open-circuit voltage over charge, as far as watching needs it."""

    soc: Floats
    """(m,), rising."""
    voltage_v: Floats
    """(m,), rising."""
    slope_v: Floats
    """(m,), how steeply it rises, per whole charge."""
    steepest_v: Floats
    """(m,), the steepest that a cell a little fuller or emptier may stand on."""
    sharp_v: float
    """From which slope on a voltage tells a charge."""
    resistance_ohm: float
    """Sustained resistance of one cell."""


def curve_of(cell: Cell) -> CurveOfCharge:
    """The curve of a kind of cell; its slope is that over two percent of charge, because no cell has sharp bends.

    It goes a little beyond both ends, or a cell that is emptier than empty would look like all others.
    """
    soc = np.linspace(-0.05, 1.05, 551)
    slope_v = (cell.ocv.voltage_v(soc + 0.01) - cell.ocv.voltage_v(soc - 0.01)) / 0.02
    steepest_v = maximum_filter(slope_v, 1 + 2 * round(_NEAR_SOC / (soc[1] - soc[0])), mode="nearest")
    sharp_v = _STEEP_V if slope_v.min() > _STEEP_V else _SHARP_V
    return CurveOfCharge(soc, cell.ocv.voltage_v(soc), slope_v, steepest_v, sharp_v, cell.resistance_ohm)


def resistance_of(frames: Frames) -> float:
    """What a step of current does to the median cell within ten minutes [ohm]; nan where none was seen.

    For a curve whose cell's size is not known.
    """
    seen = _usable(minutes(frames))
    near = np.diff(seen.time_s) <= 600.0
    amps, volts = np.diff(seen.current_a)[near], np.diff(seen.median_v)[near]
    steps = np.abs(amps) > _STEP * np.max(np.abs(seen.current_a), initial=0.0)
    if not steps.any():
        return float("nan")
    return max(-float(np.median(volts[steps] / amps[steps])), 0.0)


@dataclass(frozen=True, eq=False)
class Digest:
    """A day of one string; arrays are (cells,), nan where the day could not tell."""

    day: int
    """Days since 1970, or since the record's first midnight."""
    frames: int
    median_v: float
    """Of all cells, over the day."""
    current_a: float
    """A large current of that day: its 95th percentile, either way; nan where none was measured."""
    rest_v: Floats
    """Mean deviation while the string rests (or always, where no current was measured)."""
    charge_v: Floats
    discharge_v: Floats
    worst_v: Floats
    """Largest deviation that lasted (one minute in a hundred is beyond), with its sign, outside the knees."""
    offset_v: Floats
    resistance_ohm: Floats
    """Beyond the median cell's."""
    charging_ohm: Floats
    """The same, of charging alone."""
    discharging_ohm: Floats
    quick_ohm: Floats
    """The same, of what acts at once: a joint acts at once, an old cell only in part."""
    low_soc: Floats
    """Charge beyond the median cell's near empty, 0 to 1."""
    high_soc: Floats
    """The same near full."""
    top_v: Floats
    """Deviation near full, where the curve is steepest: its sign tells a cell that lacks charge from a small one."""
    warmer_k: Floats
    """Than the median cell."""


def digest(frames: Frames, day: int, curve: CurveOfCharge | None = None) -> Digest | None:
    """The day's numbers; None where too little was recorded."""
    if not len(frames.time_s):
        return None
    seen = _usable(minutes(frames))
    if len(seen.median_v) < MINUTES_LEAST:
        return None
    parts = _with_curve(seen, curve) if curve is not None else _without_curve(seen)
    rest, charge, discharge = _by_direction(seen)
    has_current = bool(np.isfinite(seen.current_a).any())
    return Digest(
        day=day,
        frames=len(frames.time_s),
        median_v=float(np.mean(seen.median_v)),
        current_a=float(np.percentile(np.abs(seen.current_a), 95.0)) if has_current else np.nan,
        rest_v=rest,
        charge_v=charge,
        discharge_v=discharge,
        worst_v=_worst(seen, curve),
        quick_ohm=seen.quick_ohm,
        warmer_k=seen.warmer_k,
        **parts,
    )


def _usable(seen: Minutes) -> Minutes:
    """Only minutes with a voltage, and, if there are currents at all, with a current."""
    keep = np.isfinite(seen.median_v)
    if np.isfinite(seen.current_a[keep]).any():
        keep &= np.isfinite(seen.current_a)
    return replace(
        seen,
        time_s=seen.time_s[keep],
        median_v=seen.median_v[keep],
        deviation_v=seen.deviation_v[keep],
        current_a=seen.current_a[keep],
    )


def _by_direction(seen: Minutes) -> tuple[Floats, Floats, Floats]:
    current_a = seen.current_a
    if not np.isfinite(current_a).any():
        nothing = np.full(seen.deviation_v.shape[1], np.nan)
        return mean_known(seen.deviation_v), nothing, nothing
    rests_a = _REST * float(np.max(np.abs(current_a)))
    chosen = (np.abs(current_a) <= rests_a, current_a < -rests_a, current_a > rests_a)
    rest, charge, discharge = (mean_known(seen.deviation_v[which]) for which in chosen)
    return rest, charge, discharge


def _worst(seen: Minutes, curve: CurveOfCharge | None) -> Floats:
    deviation_v = seen.deviation_v
    if curve is not None:
        flat = _charge(seen, curve)[1] < _KNEE_V
        deviation_v = deviation_v[flat] if flat.any() else deviation_v
    filled = np.nan_to_num(deviation_v)
    rank = min(max(len(filled) // 100, 1), len(filled) - 1)
    ordered = np.partition(filled, (rank, len(filled) - 1 - rank), axis=0)
    low: Floats = ordered[rank]
    high: Floats = ordered[-1 - rank]
    return np.where(-low > high, low, high)


def _charge(seen: Minutes, curve: CurveOfCharge) -> tuple[Floats, Floats]:
    """State of charge and slope of the median cell, each minute."""
    rested_v = seen.median_v + curve.resistance_ohm * np.nan_to_num(seen.current_a)
    soc = np.interp(rested_v, curve.voltage_v, curve.soc)
    return soc, np.interp(soc, curve.soc, curve.slope_v)


def _with_curve(seen: Minutes, curve: CurveOfCharge) -> dict[str, Floats]:
    """First what acts between the knees, where no cell is on a steep part; then, freed of it, what is at each end."""
    soc, slope_v = _charge(seen, curve)
    flat = np.interp(soc, curve.soc, curve.steepest_v) < _FLAT_V
    if flat.sum() < MINUTES_LEAST:
        flat[:] = True
    offset, ohm, charging, discharging = _volts(seen, curve, soc, slope_v, flat)
    current_a = np.nan_to_num(seen.current_a)[:, None]
    rested_v = seen.median_v[:, None] + seen.deviation_v - np.nan_to_num(offset)
    rested_v += (curve.resistance_ohm + np.nan_to_num(ohm)) * current_a
    low, high = _at_ends(rested_v, soc, slope_v, curve)
    return {
        "offset_v": offset, "low_soc": low, "high_soc": high, "resistance_ohm": ohm,
        "top_v": _end(seen.deviation_v, slope_v, soc >= 0.5, curve.sharp_v),
        "charging_ohm": charging, "discharging_ohm": discharging,
    }  # fmt: skip


def _volts(
    seen: Minutes, curve: CurveOfCharge, soc: Floats, slope_v: Floats, flat: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Offset, and resistance: of both directions, of charging, of discharging."""
    soc, slope_v, deviation_v = soc[flat], slope_v[flat], seen.deviation_v[flat]
    current_a, nothing = seen.current_a[flat], np.full(deviation_v.shape[1], np.nan)
    weight = seen.share / (_NOISE_V**2 + (_SLOPE_SOC * slope_v) ** 2)
    charge = np.stack([np.ones_like(soc), slope_v * (1.0 - soc), slope_v * soc], axis=1)
    if not np.isfinite(current_a).any():
        offset, *_ = _solved(charge, weight, _PRIOR, deviation_v)
        return offset, nothing, nothing, nothing
    prior = (*_PRIOR, curve.resistance_ohm)
    columns = np.column_stack([charge, -current_a])
    offset, *_, ohm = _solved(columns, weight, prior, deviation_v)
    return offset, ohm, *_directed(columns, current_a, weight, prior, deviation_v)


def _at_ends(rested_v: Floats, soc: Floats, slope_v: Floats, curve: CurveOfCharge) -> tuple[Floats, Floats]:
    """Charge beyond the median cell's below and above the middle, by the curve, which is far from straight there.

    Each minute counts by how well the median voltage tells a charge, the steepest by far the most.
    """
    beyond = np.interp(rested_v, curve.voltage_v, curve.soc) - soc[:, None]
    beyond = np.where(np.isnan(rested_v), np.nan, beyond)
    empty, full = (_end(beyond, slope_v, here, curve.sharp_v) for here in (soc < 0.5, soc >= 0.5))
    return empty, full


def _end(beyond: Floats, slope_v: Floats, here: NDArray[np.bool_], sharp_v: float) -> Floats:
    if not here.any() or not slope_v[here].max() > sharp_v:
        return np.full(beyond.shape[1], np.nan)
    weight, known = slope_v[here, None] ** 4, ~np.isnan(beyond[here])
    total = (weight * known).sum(axis=0)
    mean = (weight * np.nan_to_num(beyond[here])).sum(axis=0) / np.maximum(total, 1e-30)
    return np.where(total > 0.5 * weight.sum(), mean, np.nan)


def _without_curve(seen: Minutes) -> dict[str, Floats]:
    """Volts only: what does not move with the current, and what does; where the curve has a knee is not known, but at
    a knee all cells spread, and such minutes are left out."""
    spread_v = row_median(np.abs(seen.deviation_v))
    calm = spread_v <= _CALM * np.median(spread_v)
    current_a, deviation_v = seen.current_a[calm], seen.deviation_v[calm]
    nothing = np.full(deviation_v.shape[1], np.nan)
    offset, ohm, directed = mean_known(deviation_v), nothing, (nothing, nothing)
    if np.isfinite(current_a).any():
        weight = np.full(len(current_a), seen.share / _NOISE_V**2)
        prior = (0.1, 0.05 / max(float(np.max(np.abs(current_a))), 1e-3))  # 0.1 V, and 50 mV at the largest current
        columns = np.stack([np.ones(len(current_a)), -current_a], axis=1)
        offset, ohm = _solved(columns, weight, prior, deviation_v)
        directed = _directed(columns, current_a, weight, prior, deviation_v)
    return {
        "offset_v": offset, "low_soc": nothing, "high_soc": nothing, "top_v": nothing, "resistance_ohm": ohm,
        "charging_ohm": directed[0], "discharging_ohm": directed[1],
    }  # fmt: skip


def _directed(
    columns: Floats, current_a: Floats, weight: Floats, prior: tuple[float, ...], deviation_v: Floats
) -> tuple[Floats, Floats]:
    """The last column's share of charging and of discharging, each by itself."""
    charge, discharge = np.minimum(current_a, 0.0), np.maximum(current_a, 0.0)
    both = np.column_stack([columns[:, :-1], -charge, -discharge])
    *_, charging, discharging = _solved(both, weight, (*prior, prior[-1]), deviation_v)
    return charging, discharging


def _solved(columns: Floats, weight: Floats, prior: tuple[float, ...], deviation_v: Floats) -> list[Floats]:
    """Weighted ridge regression of each cell's deviation on `columns`; nan for what the day could not tell.

    A cell's missing minutes stand at its own mean, so that all cells share one matrix; one that was silent for half of
    the day is not judged.
    """
    missing = np.isnan(deviation_v)
    filled = np.where(missing, mean_known(deviation_v), deviation_v) if missing.any() else deviation_v
    silent = missing.mean(axis=0) > 0.5
    scaled = columns * np.asarray(prior)
    weighted = scaled * weight[:, None]
    covariance = np.linalg.inv(weighted.T @ scaled + np.eye(len(prior)))
    found = covariance @ (weighted.T @ np.nan_to_num(filled))
    known = np.sqrt(np.diag(covariance)) < _KNOWN
    return [np.where(silent | (not known[k]), np.nan, prior[k] * found[k]) for k in range(len(prior))]
