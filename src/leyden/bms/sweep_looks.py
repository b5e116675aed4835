"""The loops behind `leyden.bms.soc_sweep`: counting for a rack, and a look at its cells, a block of them at a time.

A block is as many cells as keep a compiler busy, with its rows at known distances in one stretch of memory, so that the
compiler can see that they do not overlap and takes eight cells at once. The formulas are those of
`leyden.bms.soc_filter`, which says why they are so.
"""

from math import exp, isnan

import numba
import numpy as np

from leyden.model.readings import Floats
from leyden.physics.ocv import LOW, STEP
from leyden.physics.sweep_kernel import (
    FAST_MATH,
    HALF,
    NODES,
    OCV,
    R0_IN,
    R0_OUT,
    R1,
    R2,
    Bits,
    Pairs,
    Singles,
    extremes,
    pick,
    warm,
)

BLOCK = 32
"""Cells; 416 and 384 in series are whole blocks."""

APART, ERROR, OFFSET, SS, SE, SO, EE, EO, OO, PER_AS, RESISTANCE = range(11)
"""Rows of a block, float32: charge apart from the rack's origin (before counting), model's error [V], current offset
[A], the covariance's upper triangle, what a coulomb takes of the charge [1/C], factor on resistance."""
ROWS = 11

ORIGIN, CHARGE, SINCE, UNSEEN, FAST, SLOW, TURNED, MEAN_OFFSET = range(8)
"""Rows of racks, float64: charge that APART is counted from, charge taken since the start [C], time since the last
look [s], variance of what flowed unseen since then, currents behind the time constants [A], hysteresis, mean of OFFSET
[A]."""
RACK_ROWS = 8

_V, _FACTOR, _T, _SOC, _LOW, _HIGH, _P_LOW, _P_SOC, _P_HIGH = range(9)
_SCRATCH = 9
_F = np.float32
_ZERO, _ONE, _TWO, _FOUR, _SIX, _ROOT3 = _F(0.0), _F(1.0), _F(2.0), _F(4.0), _F(6.0), _F(1.7320508)
_LOW_SOC, _PER_STEP, _TOP = _F(LOW), _F(1.0 / STEP), _F(NODES - 1)
_LAST = np.int32(NODES - 2)
_TINY_SS, _TINY, _TINY_OO = _F(1e-10), _F(1e-12), _F(1e-12)
_SOC_MIN, _SOC_MAX = _F(-0.02), _F(1.02)


@numba.njit(cache=True)
def count(racks: Floats, current_a: Floats, dt_s: float, kept: tuple[float, float, float]) -> None:
    """All racks on by a step: charge, time, what the time constants carry, hysteresis."""
    for r in range(len(current_a)):
        known = not isnan(current_a[r])
        i_a = current_a[r] if known else 0.0
        racks[CHARGE, r] += i_a * dt_s
        racks[SINCE, r] += dt_s
        if not known:
            racks[UNSEEN, r] += (dt_s / 3600.0) ** 2
        i_a -= racks[MEAN_OFFSET, r]
        racks[FAST, r] = kept[0] * racks[FAST, r] + (1.0 - kept[0]) * i_a
        racks[SLOW, r] = kept[1] * racks[SLOW, r] + (1.0 - kept[1]) * i_a
        if i_a != 0.0:
            end = -1.0 if i_a > 0.0 else 1.0
            racks[TURNED, r] = end + (racks[TURNED, r] - end) * exp(-abs(i_a) * dt_s * kept[2])


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def _foresee(block: Singles, work: Singles, rack: tuple[np.float32, ...]) -> None:
    """Mean and covariance at this moment, by counting alone, and the three points at which the curve is read."""
    origin, charge_c, since_s, unseen, kept, error_vv = rack
    for k in range(BLOCK):
        per_as = block[PER_AS * BLOCK + k]
        moved = since_s * per_as  # the charge counts i - offset, so it moves by + offset * this
        so, eo, oo = block[SO * BLOCK + k], block[EO * BLOCK + k], block[OO * BLOCK + k]
        ss = block[SS * BLOCK + k] + _TWO * moved * so + moved * moved * oo + unseen
        apart = block[APART * BLOCK + k] + block[OFFSET * BLOCK + k] * moved
        block[APART * BLOCK + k] = apart
        block[ERROR * BLOCK + k] *= kept
        block[SS * BLOCK + k] = ss
        block[SE * BLOCK + k] = kept * (block[SE * BLOCK + k] + moved * eo)
        block[SO * BLOCK + k] = so + moved * oo
        block[EE * BLOCK + k] = kept * kept * (block[EE * BLOCK + k] - error_vv) + error_vv
        block[EO * BLOCK + k] = kept * eo
        s = origin + apart - charge_c * per_as
        std = _ROOT3 * np.sqrt(max(ss, _TINY))
        work[_SOC * BLOCK + k] = s
        work[_LOW * BLOCK + k] = max(s - std, _LOW_SOC)
        work[_HIGH * BLOCK + k] = min(s + std, _ONE - _LOW_SOC)


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def _curve(
    first: int, end: int, tables: Singles, shared: tuple[float, ...], volts: Singles, drops: Singles
) -> None:  # fmt: skip
    """Over charge, for a rack at this moment: into `volts`, by nodes, what a mean cell's voltage would be and its rise
    to the next; into `drops` what all resistances take at 25 degC, and R0 alone [V]."""
    i_a, fast_a, slow_a = _F(shared[0]), _F(shared[1]), _F(shared[2])
    turn, mean = _F(shared[3]), _F(shared[4])
    r0 = tables[(R0_OUT if shared[0] > 0.0 else R0_IN) * NODES + first :]
    tables, volts, drops = tables[first:], volts[2 * first :], drops[2 * first :]
    for n in range(end - first):
        drop = r0[n] * i_a + tables[R1 * NODES + n] * fast_a + tables[R2 * NODES + n] * slow_a
        after = r0[n + 1] * i_a + tables[R1 * NODES + n + 1] * fast_a + tables[R2 * NODES + n + 1] * slow_a
        v = tables[OCV * NODES + n] + turn * tables[HALF * NODES + n] - mean * drop
        volts[2 * n] = v
        volts[2 * n + 1] = tables[OCV * NODES + n + 1] + turn * tables[HALF * NODES + n + 1] - mean * after - v
        drops[2 * n] = drop
        drops[2 * n + 1] = r0[n] * i_a


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def _place(work: Singles, at: int, part: int, node: Bits) -> None:
    """Where on the curve the row `at` of charges is: nodes, and the rest into the row `part`."""
    charge, rest = work[at * BLOCK : (at + 1) * BLOCK], work[part * BLOCK : (part + 1) * BLOCK]
    for k in range(BLOCK):
        y = (charge[k] - _LOW_SOC) * _PER_STEP
        n = min(max(np.int32(y), np.int32(0)), _LAST)
        node[k] = n
        rest[k] = y - _F(n)


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def _learn(block: Singles, work: Singles, read: Singles, how: tuple[np.float32, ...]) -> None:
    """What the voltages of a block say. `read` is pairs at the low point, the middle, the high one, and drops."""
    mean_factor, model_vv, curve, ohm, times, sensor_vv = how
    for k in range(BLOCK):
        low, s, high = work[_LOW * BLOCK + k], work[_SOC * BLOCK + k], work[_HIGH * BLOCK + k]
        v1 = read[2 * k] + work[_P_LOW * BLOCK + k] * read[2 * k + 1]
        v0 = read[2 * (BLOCK + k)] + work[_P_SOC * BLOCK + k] * read[2 * (BLOCK + k) + 1]
        v2 = read[2 * (2 * BLOCK + k)] + work[_P_HIGH * BLOCK + k] * read[2 * (2 * BLOCK + k) + 1]
        mean_v = (v1 + _FOUR * v0 + v2) / _SIX
        off1, off0, off2 = v1 - mean_v, v0 - mean_v, v2 - mean_v
        joint = ((low - s) * off1 + (high - s) * off2) / _SIX
        spread = (off1 * off1 + _FOUR * off0 * off0 + off2 * off2) / _SIX
        factor, v = work[_FACTOR * BLOCK + k], work[_V * BLOCK + k]
        expected = mean_v - (factor - mean_factor) * read[2 * (3 * BLOCK + k)]
        ss, se, so = block[SS * BLOCK + k], block[SE * BLOCK + k], block[SO * BLOCK + k]
        ee, eo, oo = block[EE * BLOCK + k], block[EO * BLOCK + k], block[OO * BLOCK + k]
        e, o = block[ERROR * BLOCK + k], block[OFFSET * BLOCK + k]
        slope = joint / max(ss, _TINY)
        bent = max(spread - slope * slope * ss, _ZERO)  # what no straight line through the points explains
        drop = factor * read[2 * (3 * BLOCK + k) + 1]
        few = (model_vv + curve * slope * slope + ohm * drop * drop) * times
        gain_s, gain_e, gain_o = slope * ss + se, slope * se + ee, slope * so + eo
        total = slope * gain_s + gain_e + bent + few + sensor_vv
        per_total = _ONE / total if v == v else _ZERO
        missed = (v - expected - e) * per_total if v == v else _ZERO
        now = min(max(s + gain_s * missed, _SOC_MIN), _SOC_MAX)
        block[APART * BLOCK + k] += now - s
        block[ERROR * BLOCK + k] = e + gain_e * missed
        block[OFFSET * BLOCK + k] = o + gain_o * missed
        block[SS * BLOCK + k] = max(ss - gain_s * gain_s * per_total, _TINY_SS)
        block[SE * BLOCK + k] = se - gain_s * gain_e * per_total
        block[SO * BLOCK + k] = so - gain_s * gain_o * per_total
        block[EE * BLOCK + k] = max(ee - gain_e * gain_e * per_total, _TINY_SS)
        block[EO * BLOCK + k] = eo - gain_e * gain_o * per_total
        block[OO * BLOCK + k] = max(oo - gain_o * gain_o * per_total, _TINY_OO)


@numba.njit(cache=True)
def _take_in(
    voltage_v: Singles, temperature_degc: Singles, blocks: Singles, knees: Singles, zero_degc: np.float32,
    rows: Singles, work: Singles, found: Bits,
) -> float:  # fmt: skip
    """Into the blocks' `work`, voltages and resistance factors of a rack; nan fills up. The mean factor."""
    series, cells = len(voltage_v), rows.shape[1]
    v, t, made, factor = rows[0], rows[1], rows[2], rows[3]
    v[series:], t[series:] = np.nan, zero_degc + _F(25.0)
    for k in range(series):
        degc = temperature_degc[k]
        v[k] = voltage_v[k]
        t[k] = zero_degc + (degc if degc == degc else _F(25.0))
    for j in range(len(blocks)):
        made[j * BLOCK : (j + 1) * BLOCK] = blocks[j, RESISTANCE]
    extremes(t.view(np.int32), found)
    span_k = found.view(np.float32)
    warm(t, made, knees, span_k[0], span_k[1], factor)
    total = 0.0
    for k in range(cells):
        total += factor[k]
    for j in range(len(blocks)):
        work[j, _V], work[j, _FACTOR] = v[j * BLOCK : (j + 1) * BLOCK], factor[j * BLOCK : (j + 1) * BLOCK]
    return float(total / cells)


@numba.njit(cache=True)
def _span(work: Singles) -> tuple[int, int]:
    """Between what nodes all points of a rack are; all of them if one is no number."""
    low, high = work[0, _LOW, 0], work[0, _HIGH, 0]
    for j in range(len(work)):
        for k in range(BLOCK):
            low = min(low, work[j, _LOW, k])
            high = max(high, work[j, _HIGH, k])
    if not LOW <= low <= high <= 1.0 - LOW:
        return 0, NODES - 1
    return max(int((low - LOW) / STEP) - 1, 0), min(int((high - LOW) / STEP) + 2, NODES - 1)


@numba.njit(cache=True)
def _mean_offset(blocks: Singles, series: int) -> float:
    """Of the rack's one current sensor, as its cells (in series) see it."""
    total, left = 0.0, series
    for j in range(len(blocks)):
        for o in blocks[j, OFFSET, : min(left, BLOCK)]:
            total += o
        left -= BLOCK
    return total / series


@numba.njit(cache=True)
def _read(node: Bits, curve: Pairs, read: Pairs) -> None:
    for k in range(BLOCK):
        read[k] = curve[np.uint64(np.uint32(node[k]))]


@numba.njit(cache=True, nogil=True)
def look(
    blocks: Singles, racks: Floats, tables: Singles, knees: Singles, current_a: Floats, voltage_v: Singles,
    temperature_degc: Singles, zero_degc: np.float32, options: tuple[float, ...], which: tuple[int, int],
) -> None:  # fmt: skip
    """At racks first, first + every, ...: what was counted since the last look, and then what the voltages say."""
    error_s, error_vv, model_vv, curve, ohm, correlated_s, sensor_vv, wander = options
    per_rack = blocks.shape[1]
    work, rows = np.zeros((per_rack, _SCRATCH, BLOCK), np.float32), np.zeros((4, per_rack * BLOCK), np.float32)
    pairs, read, node = np.zeros((2, NODES), np.int64), np.zeros((4, BLOCK), np.int64), np.zeros(BLOCK, np.int32)
    flat_read = read.reshape(-1).view(np.float32)
    for r in range(which[0], blocks.shape[0], which[1]):
        since_s = racks[SINCE, r]
        foreseen = (
            _F(racks[ORIGIN, r]), _F(racks[CHARGE, r]), _F(since_s), _F(racks[UNSEEN, r] + wander * since_s),
            _F(exp(-since_s / error_s)), _F(error_vv),
        )  # fmt: skip
        mean = _take_in(voltage_v[r], temperature_degc[r], blocks[r], knees, zero_degc, rows, work, node[:2])
        for j in range(per_rack):
            _foresee(blocks[r, j].reshape(-1), work[j].reshape(-1), foreseen)
        first, end = _span(work)
        i_a = (current_a[r] if not isnan(current_a[r]) else 0.0) - racks[MEAN_OFFSET, r]
        shared = i_a, racks[FAST, r], racks[SLOW, r], racks[TURNED, r], mean
        _curve(first, end, tables, shared, pairs[0].view(np.float32), pairs[1].view(np.float32))
        times = max(correlated_s / since_s, 1.0) if since_s > 0.0 else correlated_s  # how little of a look this is
        how = _F(mean), _F(model_vv), _F(curve), _F(ohm), _F(times), _F(sensor_vv)
        for j in range(per_rack):
            at = work[j].reshape(-1)
            _place(at, _LOW, _P_LOW, node)
            _read(node, pairs[0], read[0])
            _place(at, _HIGH, _P_HIGH, node)
            _read(node, pairs[0], read[2])
            _place(at, _SOC, _P_SOC, node)
            pick(node, pairs[0], pairs[1], read[1], read[3])
            _learn(blocks[r, j].reshape(-1), at, flat_read, how)
        racks[MEAN_OFFSET, r] = _mean_offset(blocks[r], voltage_v.shape[1])
        racks[SINCE, r], racks[UNSEEN, r] = 0.0, 0.0
