"""Which cells bleed a little charge, so that all of a rack are full together.

Passive: a resistor across a cell. By voltage only near the top, where a few millivolts are little charge; on the
plateau a voltage difference is mostly resistance, and at the bottom the emptiest cell is the smallest, not the one with
the least charge, so that whoever balances there pulls the rack apart. By charge, where an estimate is sure enough of
it, anywhere above `bleed_from`: cells that hold more than the emptiest bleed ahead of the next full charge.
"""

from dataclasses import dataclass

import numba
import numpy as np

from leyden.bms.acquisition import Flags
from leyden.model.readings import Floats

NOBODY: Flags = np.zeros((0, 0), dtype=np.bool_)
"""Stands where no cell bleeds."""
NOBODY.flags.writeable = False

START_V, STOP_V = 0.005, 0.003
"""A cell begins to bleed this far above the lowest of its rack, and ends so near it."""
SURE = 2.0
"""By how many standard deviations a charge must be higher to be believed."""
REST_SHARE = 0.15
"""Of the continuous current: above it in discharge, voltages say more of resistance than of charge."""


def bleeding_by_voltage(before: Flags, voltage_v: Floats, valid: Flags, share: Floats, from_v: float) -> Flags:
    """Near the top: of cells at `voltage_v` (rack, series), those that bleed; `share` (rack,) is the racks' current
    against the continuous one, discharge positive. A reading that is not valid bleeds nothing and compares with
    nothing."""
    if before.shape != voltage_v.shape:
        before = np.zeros(voltage_v.shape, dtype=np.bool_)
    return _by_voltage(before, voltage_v, valid, share, from_v)


@numba.njit(cache=True)
def _by_voltage(before: Flags, voltage_v: Floats, valid: Flags, share: Floats, from_v: float) -> Flags:
    bleeds = np.zeros_like(before)
    for r in range(voltage_v.shape[0]):
        if not share[r] <= REST_SHARE:
            continue
        low = np.inf
        for k in range(voltage_v.shape[1]):
            if valid[r, k]:
                low = min(low, voltage_v[r, k])
        for k in range(voltage_v.shape[1]):
            v = voltage_v[r, k]
            if valid[r, k] and v >= from_v:
                bleeds[r, k] = v - low >= (STOP_V if before[r, k] else START_V)
    return bleeds


@dataclass(frozen=True, slots=True, eq=False)
class Bleed:
    """What is to be taken from each cell ahead of the next full charge."""

    charge_ah: Floats
    """(rack, series), never negative."""

    def duration_s(self, bleed_a: float) -> Floats:
        """How long each resistor must be on at this current, (rack, series)."""
        duration_s: Floats = 3600.0 * self.charge_ah / bleed_a
        return duration_s


def bleed_by_charge(
    soc: Floats, soc_std: Floats, capacity_ah: Floats, voltage_v: Floats, from_v: float, tolerance_soc: float = 0.005
) -> Bleed:
    """What cells (rack, series) hold beyond what lets all of a rack be full together.

    Full together means the same charge missing, not the same share of it. A difference that is within SURE standard
    deviations, or below the tolerance, is left alone, and so is a cell at or below `from_v` or one of which anything is
    nan.
    """
    missing_ah = (1.0 - soc) * capacity_ah
    known = np.isfinite(missing_ah) & np.isfinite(soc_std) & np.isfinite(voltage_v)
    hungriest = np.max(np.where(known, missing_ah, -np.inf), axis=1, keepdims=True)
    at = np.argmax(np.where(known, missing_ah, -np.inf), axis=1)
    its_std = np.take_along_axis(soc_std, at[:, None], axis=1)
    ahead_ah = np.where(known, hungriest - missing_ah, 0.0)
    unsure_ah = SURE * np.hypot(soc_std, np.where(np.isfinite(its_std), its_std, np.inf)) * capacity_ah
    enough = known & (ahead_ah > np.maximum(unsure_ah, tolerance_soc * capacity_ah)) & (voltage_v > from_v)
    return Bleed(np.where(enough, ahead_ah, 0.0))
