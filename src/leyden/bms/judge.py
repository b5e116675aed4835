"""Every rule held against every rack, at once: counters up on bad and down on good, and hysteresis in the value."""

import numba
import numpy as np
from numpy.typing import NDArray

from leyden.bms.acquisition import Flags
from leyden.bms.protection import Action, Quantity, When
from leyden.bms.quantities import REST_SHARE
from leyden.model.readings import Floats

STOPS, BLOCKS, BITS, CLEARS, AT_ONCE, TRIPPING, LEVEL = range(7)
"""Rows of what a judgement says of each rack: which directions stop, whether it must not be closed, the FaultBits that
trip, who may end the latch, whether it opens at once, whether any rule that opens stands, and the worst Level."""

Ints = NDArray[np.int64]

_CHARGE, _DISCHARGE = int(Quantity.CHARGE_SHARE), int(Quantity.DISCHARGE_SHARE)
_CHARGING, _DISCHARGING = int(When.CHARGING), int(When.DISCHARGING)
_BLOCK, _STOP, _OPEN, _NOW = int(Action.BLOCK), int(Action.STOP), int(Action.OPEN), int(Action.OPEN_NOW)
_EDGE_S = 1e-9  # what rounding leaves of a delay


@numba.njit(cache=True)
def judged(
    values: Floats, rules: Floats, kinds: Ints, latches: Ints, before_s: Floats, stood: Flags, calm: bool, dt_s: float
) -> tuple[bool, Floats, Flags, Ints]:
    """Rules against `values` (QUANTITIES, rack), `dt_s` after the last time; a value that is nan breaks its rules.

    `rules`, `kinds` and `latches` are a ProtectionTable's columns; `before_s` and `stood` (rule, rack) are each rule's
    counter and whether it stood. Returns whether nothing at all is wrong or lately was (then the other results are what
    came in), the new counters, which rules stand, and a verdict (7, rack).
    """
    racks = values.shape[1]
    verdict = np.zeros((7, racks), dtype=np.int64)
    if calm and not _any_broken(values, rules, kinds):
        return True, before_s, stood, verdict
    count_s, stands = np.empty_like(before_s), np.empty_like(stood)
    quiet = True
    for r in range(racks):
        charging = not values[_CHARGE, r] <= REST_SHARE
        discharging = not values[_DISCHARGE, r] <= REST_SHARE
        for k in range(rules.shape[1]):
            value, delay_s = rules[0, k] * values[kinds[0, k], r], rules[3, k]
            counted, standing = before_s[k, r], stood[k, r]
            if standing:
                whole = value <= rules[2, k]
                counted = max(counted - dt_s, 0.0) if whole else min(counted + dt_s, delay_s)
                standing = not (whole and counted <= _EDGE_S)
            else:
                way = kinds[1, k]
                here = (charging or way != _CHARGING) and (discharging or way != _DISCHARGING)
                broken = here and not value <= rules[1, k]
                counted = min(counted + dt_s, delay_s) if broken else max(counted - dt_s, 0.0)
                standing = broken and counted >= delay_s - _EDGE_S
            count_s[k, r], stands[k, r] = counted, standing
            quiet = quiet and counted == 0.0 and not standing
            if standing:
                _told(verdict[:, r], kinds[:, k], latches[:, k])
    return quiet, count_s, stands, verdict


@numba.njit(cache=True, inline="always")
def _any_broken(values: Floats, rules: Floats, kinds: Ints) -> bool:
    for k in range(rules.shape[1]):
        quantity, sign, limit = kinds[0, k], rules[0, k], rules[1, k]
        for r in range(values.shape[1]):
            if not sign * values[quantity, r] <= limit:
                return True
    return False


@numba.njit(cache=True, inline="always")
def _told(verdict: Ints, kinds: Ints, latches: Ints) -> None:
    """Add one standing rule to a rack's verdict."""
    action = kinds[3]
    verdict[6] = max(verdict[6], kinds[4])
    if action >= _STOP:
        verdict[0] |= kinds[2]
    if action >= _BLOCK:
        verdict[1] = 1
    if action >= _OPEN:
        verdict[2] |= latches[0]
        verdict[3] = max(verdict[3], latches[1])
        verdict[5] = 1
    if action >= _NOW:
        verdict[4] = 1
