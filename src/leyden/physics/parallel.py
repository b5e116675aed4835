"""Racks in parallel on one DC bus: the exact sharing of a power, in closed form.

Rack r is a source E_r behind R_r. With A = sum E/R and G = sum 1/R the bus voltage for a power P (discharge positive)
is V = (A + sqrt(A^2 - 4 G P)) / (2 G), the upper root of V (A - G V) = P, and I_r = (E_r - V) / R_r; at most
A^2 / (4 G) can be delivered. A rack at its limit is a constant current in A, and no longer a conductance in G.
"""

import math

import numba
import numpy as np

from leyden.model.readings import Floats


@numba.njit(cache=True)
def share_power(
    emf_v: Floats, resistance_ohm: Floats, low_a: Floats, high_a: Floats, power_w: float, current_a: Floats
) -> tuple[float, float, float]:
    """Bus voltage [V], sum of the racks' currents [A] and of their squares [A^2]; discharge is positive.

    The currents are written into `current_a` (rack,). `low_a` <= 0 <= `high_a` bound each of them: 0 and 0 is an open
    contactor, -inf and inf is no limit. The power reached is voltage times current: less than asked for where that
    cannot be had. The voltage is 0 where nothing is connected.
    """
    voltage_v = _solve(emf_v, resistance_ohm, low_a, high_a, power_w, current_a)
    total_a, squares = 0.0, 0.0
    for r in range(len(emf_v)):
        total_a += current_a[r]
        squares += current_a[r] ** 2
    return voltage_v, total_a, squares


@numba.njit(cache=True)
def share_both_ways(
    emf_v: Floats, charge_ohm: Floats, discharge_ohm: Floats, low_a: Floats, high_a: Floats, power_w: float,
    current_a: Floats,
) -> tuple[float, float, float]:  # fmt: skip
    """The same where a rack's resistance differs by direction; `current_a` says which way each is likely to go.

    A rack that turns out to go the other way is taken at its other resistance and all are shared again. Both meet at no
    current, so that ends; where it has not after a few times, a rack near none is off by next to nothing.
    """
    way = current_a > 0.0
    ohm = np.where(way, discharge_ohm, charge_ohm)
    found = share_power(emf_v, ohm, low_a, high_a, power_w, current_a)
    for _ in range(4):
        turned = False
        for r in range(len(emf_v)):
            if current_a[r] != 0.0 and (current_a[r] > 0.0) != way[r]:
                way[r], turned = not way[r], True
                ohm[r] = discharge_ohm[r] if way[r] else charge_ohm[r]
        if not turned:
            break
        found = share_power(emf_v, ohm, low_a, high_a, power_w, current_a)
    return found


@numba.njit(cache=True)
def _solve(
    emf_v: Floats, resistance_ohm: Floats, low_a: Floats, high_a: Floats, power_w: float, current_a: Floats
) -> float:
    """Limits are met exactly in at most one pass a rack: of the racks beyond a limit, those on the side that is more
    violated stay there in the end too, so they are fixed and the rest is solved again."""
    fixed = low_a == high_a
    current_a[:] = 0.0
    for _ in range(len(emf_v)):
        a, g = 0.0, 0.0
        for r in range(len(emf_v)):
            if fixed[r]:
                a += current_a[r]
            else:
                a += emf_v[r] / resistance_ohm[r]
                g += 1.0 / resistance_ohm[r]
        if g == 0.0:
            break
        voltage_v = (a + math.sqrt(max(a * a - 4.0 * g * power_w, 0.0))) / (2.0 * g)
        over_a = 0.0
        for r in range(len(emf_v)):
            if not fixed[r]:
                current_a[r] = (emf_v[r] - voltage_v) / resistance_ohm[r]
                over_a += current_a[r] - min(max(current_a[r], low_a[r]), high_a[r])
        done = True
        for r in range(len(emf_v)):
            if fixed[r]:
                continue
            if current_a[r] > high_a[r] and over_a >= 0.0:
                current_a[r], fixed[r], done = high_a[r], True, False
            elif current_a[r] < low_a[r] and over_a <= 0.0:
                current_a[r], fixed[r], done = low_a[r], True, False
        if done:
            return voltage_v
    return _edge(emf_v, resistance_ohm, current_a)


@numba.njit(cache=True)
def _edge(emf_v: Floats, resistance_ohm: Floats, current_a: Floats) -> float:
    """The voltage at which the last rack reaches its limit, when all that are connected stand at theirs."""
    voltage_v = 0.0
    for r in range(len(emf_v)):
        behind_v = emf_v[r] - resistance_ohm[r] * current_a[r]
        if current_a[r] > 0.0:
            voltage_v = behind_v if voltage_v == 0.0 else min(voltage_v, behind_v)
        elif current_a[r] < 0.0:
            voltage_v = max(voltage_v, behind_v)
    return voltage_v
