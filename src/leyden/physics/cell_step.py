"""One step of time for every cell of a battery, over flat arrays.

The circuit is that of `leyden.physics.trace`: open-circuit voltage with hysteresis, behind one resistance and two that
take their time; the cells of a rack share its current. A step has two halves, with the heat between them:
`move_cells` moves charge and what lags under a current and tells the heat, `look_at_cells` finds voltages and what the
racks are to the bus. `state` is (8, rack, cells in series), `made` what each cell was made as, (6, ...), and `now` the
resistances and slopes at this charge and temperature, (6, ...), which follow from the other two.

Where the energy goes. A pair of resistance and capacitor holds tau R i^2 / 2 and turns R i^2 into heat. Hysteresis is
booked alike: with half gap M and state h it holds Q turn M h^2 / 2 and turns |I| M h^2 into heat, which is never
negative on any path and makes the area of every closed loop heat.
"""

import numba
import numpy as np

from leyden.model.readings import Floats
from leyden.physics.cell import Cell
from leyden.physics.impedance import TABLE_HIGH, TABLE_LOW, TABLE_STEP
from leyden.physics.ocv import LOW, STEP
from leyden.physics.total import IN_ORDER, SUMS, total

SOC, TEMPERATURE, VOLTAGE, CHEMICAL, FAST, SLOW, TURNED, INNER = range(8)
"""Charge (0 to 1), temperature [degC], terminal voltage [V], energy above SOC 0 per coulomb of capacity [V], currents
behind both time constants [A], hysteresis (-1 to 1), and what resistances that lag and hysteresis hold [J]."""
STATES = 8

CAPACITY, PER_CAPACITY, RESISTANCE, HEAT, SHORT, BLEED = range(6)
"""Capacity [C], its inverse (dividing is slow), times the resistance of its kind, heat from outside [W], conductance
inside [S], and conductance of the balancing resistor while it is on [S]."""
MAKES = 6

OHM_CHARGE, OHM_DISCHARGE, OHM_FAST, OHM_SLOW, HALF, ENTROPY = range(6)
"""Resistances [ohm], half the hysteresis gap [V], slope over temperature [V/K]."""
NOWS = 6

EMF, FAST_V, SLOW_V, R_CHARGE, R_DISCHARGE, R_FAST, R_SLOW, STIFFNESS, TURN, TURNED_V, V_SUM = range(11)
"""What `look_at_cells` tells of each rack, (11, rack). Sum of open-circuit voltages with hysteresis [V]; what drops for
the currents that lag [V]; sums of the resistances [ohm]; by how much the open-circuit voltages fall for a charge taken,
half the sum of dOCV/dQ, and two sums by which hysteresis turns, of M/Q and of h M/Q [V/C]; and the sum of the cells'
voltages."""
RACK_SUMS = 11

FACTOR_LOW, FACTOR_HIGH = -60, 140
"""Whole degrees over which the resistances' factor stands in a table; held beyond."""
KELVIN = 273.15

_PER_STEP, _PER_TABLE = 1.0 / STEP, 1.0 / TABLE_STEP
_LAST = round((TABLE_HIGH - TABLE_LOW) / TABLE_STEP) - 1
_TOP_FACTOR = FACTOR_HIGH - FACTOR_LOW - 1


def circuit_nodes(cell: Cell) -> Floats:
    """What kernels look up at every percent of charge, (k, 12): NOWS values, then their rise to the next node."""
    at: Floats = TABLE_LOW + TABLE_STEP * np.arange(_LAST + 2, dtype=np.float64)
    values = np.column_stack([*cell.circuit, cell.entropy.at(at)])
    rises = np.vstack([np.diff(values, axis=0), np.zeros((1, NOWS))])
    return np.ascontiguousarray(np.hstack([values, rises]))


def factor_nodes(cell: Cell) -> Floats:
    """By how much resistances differ from those at 25 degC, at every whole degree, (k, 2): factor, rise to the next."""
    factor = cell.impedance.factor_at(np.arange(FACTOR_LOW, FACTOR_HIGH + 1, dtype=np.float64))
    return np.ascontiguousarray(np.stack([factor, np.append(np.diff(factor), 0.0)], axis=1))


@numba.njit(inline="always", fastmath=IN_ORDER, error_model="numpy")
def _left(y: float) -> float:
    """exp(-y) for y >= 0, to 1e-8: short enough that eight of them are computed at once, which exp is not."""
    x = -0.0625 * min(y, 40.0)
    p = 1.0 + x * (1.0 / 6.0) * (1.0 + x * (1.0 / 7.0) * (1.0 + x * 0.125))
    p = 1.0 + x * (1.0 + x * 0.5 * (1.0 + x * (1.0 / 3.0) * (1.0 + x * 0.25 * (1.0 + x * 0.2 * p))))
    p *= p
    p *= p
    p *= p
    return p * p


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def move_cells(
    state: Floats, made: Floats, now: Floats, current_a: Floats, lags_s: tuple[float, float], turn_soc: float,
    dt_s: float, heat_w: Floats,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Move charge, lagging currents and hysteresis on by `dt_s` > 0 under constant rack currents (rack,), discharge
    positive, exactly for resistances that stay; `heat_w` (rack, cells) becomes the mean heat made inside each cell.

    Returns, for all cells [J]: the heat of resistances, hysteresis, shorts and balancing; how much of that came about
    outside the cells, in balancing resistors; the reversible heat (I T dU/dT, positive where it warms); and by how much
    what lags and hysteresis hold has grown.
    Charge is counted in float64: in float32 a trickle of C/2000 loses a seventh.
    """
    rows, made_as, at = state.reshape(STATES, -1), made.reshape(MAKES, -1), now.reshape(NOWS, -1)
    i, drop, held = np.empty(heat_w.size), np.empty(heat_w.size), np.zeros(heat_w.size)
    for r in range(heat_w.shape[0]):
        here = slice(r * heat_w.shape[1], (r + 1) * heat_w.shape[1])
        _cell_currents(current_a[r], made[SHORT, r], made[BLEED, r], state[VOLTAGE, r], i[here])
        _multiply(i[here], now[OHM_DISCHARGE if current_a[r] > 0.0 else OHM_CHARGE, r], drop[here])
    _lag(rows[FAST], i, at[OHM_FAST], lags_s[0], dt_s, drop, held)
    _lag(rows[SLOW], i, at[OHM_SLOW], lags_s[1], dt_s, drop, held)
    _turn(rows[TURNED], i, made_as[CAPACITY], made_as[PER_CAPACITY], at[HALF], turn_soc, dt_s, drop, held)
    own, heat, inner = np.empty(heat_w.size), heat_w.reshape(-1), rows[INNER]
    short, outside, volt, degc, entropy = made_as[SHORT], made_as[HEAT], rows[VOLTAGE], rows[TEMPERATURE], at[ENTROPY]
    per_s = 1.0 / dt_s
    for k in range(own.size):
        own[k] = i[k] * drop[k] - (held[k] - inner[k]) * per_s + short[k] * volt[k] * volt[k]
    for k in range(own.size):
        heat[k] = own[k] - i[k] * (degc[k] + KELVIN) * entropy[k] + outside[k]
    grown_j = total(held) - total(inner)
    inner[:] = held
    soc, per_capacity, bleed = rows[SOC], made_as[PER_CAPACITY], made_as[BLEED]
    for k in range(own.size):
        soc[k] -= i[k] * dt_s * per_capacity[k]
    for k in range(own.size):
        drop[k] = heat[k] - own[k] - outside[k]
    for k in range(own.size):
        held[k] = bleed[k] * volt[k] * volt[k]
    bled_w = total(held)
    return (total(own) + bled_w) * dt_s, bled_w * dt_s, total(drop) * dt_s, grown_j


# Short loops over few arrays each: only of such the compiler can see that none overlaps another, and then it computes
# eight cells at once.


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _cell_currents(rack_a: float, short: Floats, bleed: Floats, volt: Floats, i: Floats) -> None:
    for k in range(i.size):
        i[k] = rack_a + (short[k] + bleed[k]) * volt[k]


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _multiply(a: Floats, b: Floats, result: Floats) -> None:
    for k in range(result.size):
        result[k] = a[k] * b[k]


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _lag(lagging: Floats, i: Floats, ohm: Floats, tau_s: float, dt_s: float, drop: Floats, held: Floats) -> None:
    """One pair of resistance and capacitor: its current moves, its mean drop and what it holds are added."""
    left = np.exp(-dt_s / tau_s)
    mean = (1.0 - left) * tau_s / dt_s
    for k in range(i.size):
        drop[k] += ohm[k] * (i[k] + (lagging[k] - i[k]) * mean)
    for k in range(i.size):
        lagging[k] = i[k] + (lagging[k] - i[k]) * left
    for k in range(i.size):
        held[k] += 0.5 * tau_s * ohm[k] * lagging[k] * lagging[k]


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _turn(
    turned: Floats, i: Floats, capacity: Floats, per_capacity: Floats, half: Floats, turn_soc: float, dt_s: float,
    drop: Floats, held: Floats,
) -> None:  # fmt: skip
    """Hysteresis: it turns with the charge that is moved; its mean and what it holds are added."""
    moved, left = np.empty(i.size), np.empty(i.size)
    for k in range(i.size):
        moved[k] = abs(i[k]) * per_capacity[k] * (dt_s / turn_soc)
    for k in range(i.size):
        left[k] = _left(moved[k])
    for k in range(i.size):
        y, end = moved[k], -1.0 if i[k] > 0.0 else 1.0
        mean = (1.0 - left[k]) / y if y > 1e-3 else 1.0 - y * (0.5 - y * (1.0 / 6.0 - y * (1.0 / 24.0)))
        drop[k] -= half[k] * (end + (turned[k] - end) * mean)
    for k in range(i.size):
        end = -1.0 if i[k] > 0.0 else 1.0
        turned[k] = end + (turned[k] - end) * left[k]
    for k in range(i.size):
        held[k] += 0.5 * turn_soc * capacity[k] * half[k] * turned[k] * turned[k]


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def look_at_cells(
    state: Floats, made: Floats, now: Floats, current_a: Floats, nodes: Floats, circuit: Floats, factors: Floats,
    sums: Floats, anew: bool,
) -> float:  # fmt: skip
    """Find `now`, voltages and `sums` that belong to charge, temperature and currents as they are.

    Looking resistances up costs half of it all; without `anew` they stay those of the last look, for whoever knows
    that nothing has moved far. Returns the energy that went into the chemistry since the last look, of all cells [J].
    `nodes` are an OcvCurve's, `circuit` and `factors` what `circuit_nodes` and `factor_nodes` make.
    """
    rows, made_as, at = state.reshape(STATES, -1), made.reshape(MAKES, -1), now.reshape(NOWS, -1)
    cells, series = state[0].size, state.shape[2]
    emf, slope = np.empty(cells), np.empty(cells)
    stored_j = _open_circuit(rows[SOC], rows[CHEMICAL], made_as[CAPACITY], nodes, emf, slope)
    if anew:
        _look_up(rows[SOC], rows[TEMPERATURE], made_as[RESISTANCE], circuit, factors, at)
    turned, half = rows[TURNED], at[HALF]
    for k in range(cells):
        emf[k] += turned[k] * half[k]
    for r in range(state.shape[1]):
        ohm0, here = now[OHM_DISCHARGE if current_a[r] > 0.0 else OHM_CHARGE, r], slice(r * series, (r + 1) * series)
        rack_emf, short, bleed, volt = emf[here], made[SHORT, r], made[BLEED, r], state[VOLTAGE, r]
        for k in range(series):
            rack_emf[k] -= ohm0[k] * (short[k] + bleed[k]) * volt[k]
        for k in range(series):
            volt[k] = rack_emf[k] - ohm0[k] * current_a[r]
    volt, ohm1, ohm2, fast, slow = rows[VOLTAGE], at[OHM_FAST], at[OHM_SLOW], rows[FAST], rows[SLOW]
    for k in range(cells):
        volt[k] -= ohm1[k] * fast[k] + ohm2[k] * slow[k]
    for r in range(state.shape[1]):
        here = slice(r * series, (r + 1) * series)
        if anew:
            _sum_resistances(made, now, r, sums)
        _sum_up(state, made, now, r, emf[here], slope[here], sums)
    return stored_j


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _open_circuit(soc: Floats, chemical: Floats, capacity: Floats, nodes: Floats, emf: Floats, slope: Floats) -> float:
    """Voltage at rest, its rise to the next node, and the chemistry's energy; returns how much that has grown [J]."""
    flat, top, before = nodes.reshape(-1), float(nodes.shape[0] - 2), chemical.copy()
    for k in range(soc.size):
        x = (soc[k] - LOW) * _PER_STEP
        whole = float(int(min(max(x, 0.0), top)))
        slope[k], emf[k] = x - whole, whole
    for k in range(soc.size):  # apart from the above, or the compiler does neither for eight cells at once
        n, f = np.uint64(3) * np.uint64(emf[k]), slope[k]
        base, rise = flat[n], flat[n + np.uint64(1)]
        chemical[k] = flat[n + np.uint64(2)] + STEP * f * (base + 0.5 * f * rise)
        slope[k], emf[k] = rise, base + f * rise
    for k in range(soc.size):
        before[k] = capacity[k] * (chemical[k] - before[k])
    return total(before)


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _look_up(soc: Floats, degc: Floats, worse: Floats, circuit: Floats, factors: Floats, at: Floats) -> None:
    """All that stands in tables over charge, and the resistances' factor over temperature."""
    flat, warm, columns = circuit.reshape(-1), factors.reshape(-1), np.uint64(circuit.shape[1])
    charging, discharging, ohm1, ohm2, half, entropy = at[0], at[1], at[2], at[3], at[4], at[5]
    for k in range(soc.size):
        x = min(max(degc[k] - FACTOR_LOW, 0.0), _TOP_FACTOR + 1.0)
        n = np.uint64(x)
        factor = worse[k] * (warm[n + n] + (x - float(np.int64(n))) * warm[n + n + np.uint64(1)])
        x = min(max((soc[k] - TABLE_LOW) * _PER_TABLE, 0.0), _LAST + 1.0)
        n = np.uint64(x)
        f, n = x - float(np.int64(n)), n * columns
        charging[k] = factor * (flat[n] + f * flat[n + np.uint64(6)])
        discharging[k] = factor * (flat[n + np.uint64(1)] + f * flat[n + np.uint64(7)])
        ohm1[k] = factor * (flat[n + np.uint64(2)] + f * flat[n + np.uint64(8)])
        ohm2[k] = factor * (flat[n + np.uint64(3)] + f * flat[n + np.uint64(9)])
        half[k] = flat[n + np.uint64(4)] + f * flat[n + np.uint64(10)]
        entropy[k] = flat[n + np.uint64(5)] + f * flat[n + np.uint64(11)]


@numba.njit(cache=True, fastmath=SUMS, error_model="numpy")
def _sum_up(state: Floats, made: Floats, now: Floats, r: int, emf: Floats, slope: Floats, sums: Floats) -> None:
    """What one rack is to the bus."""
    volt, fast, slow, turned = state[2, r], state[4, r], state[5, r], state[6, r]
    ohm1, ohm2, half, per_capacity = now[2, r], now[3, r], now[4, r], made[1, r]
    emf_v, fast_v, slow_v, slopes, turned_v, volts = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(volt.shape[0]):
        emf_v += emf[k]
        volts += volt[k]
        fast_v += ohm1[k] * fast[k]
        slow_v += ohm2[k] * slow[k]
        slopes += slope[k] * per_capacity[k]
        turned_v += half[k] * per_capacity[k] * turned[k]
    sums[0, r], sums[1, r], sums[2, r], sums[7, r] = emf_v, fast_v, slow_v, 0.5 * _PER_STEP * slopes
    sums[9, r], sums[10, r] = turned_v, volts


@numba.njit(cache=True, fastmath=SUMS, error_model="numpy")
def _sum_resistances(made: Floats, now: Floats, r: int, sums: Floats) -> None:
    """The part of one rack's sums that changes with its resistances only."""
    charging, discharging, ohm1, ohm2, half = now[0, r], now[1, r], now[2, r], now[3, r], now[4, r]
    per_capacity, into, out, r1, r2, turning = made[1, r], 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(half.shape[0]):
        into += charging[k]
        out += discharging[k]
        r1 += ohm1[k]
        r2 += ohm2[k]
        turning += half[k] * per_capacity[k]
    sums[3, r], sums[4, r], sums[5, r], sums[6, r], sums[8, r] = into, out, r1, r2, turning


def held_j(state: Floats, made: Floats, now: Floats, lags_s: tuple[float, float], turn_soc: float) -> Floats:
    """What lagging resistances and hysteresis of each cell hold [J]."""
    of_lags = lags_s[0] * now[OHM_FAST] * state[FAST] ** 2 + lags_s[1] * now[OHM_SLOW] * state[SLOW] ** 2
    held: Floats = 0.5 * (of_lags + turn_soc * made[CAPACITY] * now[HALF] * state[TURNED] ** 2)
    return held


@numba.njit(cache=True)
def rack_sources(
    sums: Floats, current_a: Floats, lags_s: tuple[float, float], turn_soc: float, capacity_c: float, dt_s: float
) -> tuple[Floats, Floats, Floats]:
    """What each rack is to the bus on average over the next `dt_s`, with all that lags: source [V] and what stands
    behind it in charge and in discharge [ohm], each (rack,). The resistances without cables."""
    mean1, mean2 = 1.0, 1.0
    if dt_s > 0.0:
        mean1 = (1.0 - np.exp(-dt_s / lags_s[0])) * lags_s[0] / dt_s
        mean2 = (1.0 - np.exp(-dt_s / lags_s[1])) * lags_s[1] / dt_s
    emf_v = sums[EMF] - mean1 * sums[FAST_V] - mean2 * sums[SLOW_V]
    lag = (1.0 - mean1) * sums[R_FAST] + (1.0 - mean2) * sums[R_SLOW] + dt_s * sums[STIFFNESS]
    into, out = lag + sums[R_CHARGE], lag + sums[R_DISCHARGE]
    for r in range(len(current_a)):
        y = abs(current_a[r]) * dt_s / (capacity_c * turn_soc)
        bent = 0.5 if y < 1e-3 else (1.0 - (1.0 - np.exp(-y)) / y) / y
        into[r] += bent * dt_s / turn_soc * (sums[TURN, r] - sums[TURNED_V, r])
        out[r] += bent * dt_s / turn_soc * (sums[TURN, r] + sums[TURNED_V, r])
    return emf_v, into, out
