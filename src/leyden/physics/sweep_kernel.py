"""The loops behind `leyden.physics.cell_sweep`: four plain ones over the cells of a rack, fast because each is simple.

What the cells of a rack share is worked out once a rack, in float64: its current, its charge, what its time constants
carry, its hysteresis. With these the circuit becomes a function of charge alone, which `_curves` tabulates over the
stretch that the rack's cells stand on. Then, cell by cell in float32 and without a branch, so that the compiler takes
eight cells at once: where on that stretch (`_locate`), what the tables say there (`pick`, the one loop that jumps
about in memory, and does nothing else), voltage and temperature (`_move`), and their extremes (`extremes`).

Lowest and highest are sought among the bits of the numbers: those of positive floats are in the order of the floats,
whole numbers compare eight at a time where floats that could be nan do not, and nan stands above all voltages, so
that it trips whoever watches the highest. Temperatures are in kelvin here, lest they turn negative.
"""

from math import exp

import numba
import numpy as np
from numpy.typing import NDArray

from leyden.model.readings import Floats
from leyden.physics.ocv import HIGH, LOW, STEP
from leyden.physics.parallel import share_power

Singles = NDArray[np.float32]
Bits = NDArray[np.int32]
Pairs = NDArray[np.int64]
"""Two float32 side by side, carried as one word."""

START, PER_CHARGE, RESISTANCE, TEMPERATURE, VOLTAGE = range(5)
"""Rows of cells, float32: charge at the start and what a coulomb takes from it [nodes of the tables, and 1/C], factor
on resistance, temperature [K], terminal voltage [V]."""
CELL_ROWS = 5

CHARGE, FAST, SLOW, TURN, CURRENT, FACTOR, V_LOW, V_HIGH, T_LOW, T_HIGH, HEAT, TERMINAL = range(12)
"""Rows of racks, float64: charge taken since the start [C], current behind the first and the second time constant [A],
hysteresis state, current [A], sum of the cells' resistance factors, extremes of voltage [V] and
temperature [K], heat made [W], terminal voltage [V]."""
RACK_ROWS = 12

START_LOW, START_MEAN, START_HIGH, PER_LOW, PER_MEAN, PER_HIGH, LOW_A, HIGH_A, SURROUNDINGS, WARMING = range(10)
"""Rows of what is given of racks, float64: span and mean of the cells' START and PER_CHARGE, bounds of current [A],
temperature around the cells [K], heat from outside into each cell [W]."""
SPAN_ROWS, GIVEN_ROWS = 6, 10

OCV, HALF, ENTROPY, R0_IN, R0_OUT, R1, R2 = range(7)
"""Rows of a cell's tables over charge, float32, at the nodes of its open-circuit voltage."""
TABLES = 7
NODES = round((HIGH - LOW) / STEP) + 1
"""Known when this is compiled, so that the tables are one stretch of memory to the compiler."""

POWER_W, BUS_V, BUS_A, LOWEST_V, HIGHEST_V, HOTTEST_K, HEAT_W = range(7)
"""Rows of what is told of containers, step by step."""
TOLD = 7

FAST_MATH = {"contract", "nsz", "arcp", "reassoc"}
"""Sums in any order, multiply and add fused; but nan stays nan."""


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def _curves(
    first: int, end: int, tables: Singles, shared: tuple[float, ...], volts: Singles, drops: Singles
) -> None:  # fmt: skip
    """The circuit over charge, of a rack at this moment: into `volts`, by nodes, voltage of a mean cell and its rise to
    the next; into `drops` what the resistances take [V], and the reversible heat per kelvin [W/K], mid between nodes.

    The mean cell's change of resistance goes with the straight lines of the voltage, so that only what a cell differs
    from the mean by goes in steps.
    """
    i_a, fast_a, slow_a = np.float32(shared[0]), np.float32(shared[1]), np.float32(shared[2])
    turn, mean, half = np.float32(shared[3]), np.float32(shared[4]), np.float32(0.5)
    r0 = tables[(R0_OUT if shared[0] > 0.0 else R0_IN) * NODES + first :]
    tables, volts, drops = tables[first:], volts[2 * first :], drops[2 * first :]
    for n in range(end - first):
        drop = r0[n] * i_a + tables[R1 * NODES + n] * fast_a + tables[R2 * NODES + n] * slow_a
        after = r0[n + 1] * i_a + tables[R1 * NODES + n + 1] * fast_a + tables[R2 * NODES + n + 1] * slow_a
        v = tables[OCV * NODES + n] + turn * tables[HALF * NODES + n]
        v_after = tables[OCV * NODES + n + 1] + turn * tables[HALF * NODES + n + 1]
        rise = after - drop
        volts[2 * n] = v + half * mean * rise
        volts[2 * n + 1] = v_after - v - mean * rise
        drops[2 * n] = drop + half * rise
        drops[2 * n + 1] = half * (tables[ENTROPY * NODES + n] + tables[ENTROPY * NODES + n + 1]) * i_a


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def _locate(
    start: Singles, per_charge: Singles, charge_c: np.float32, top: np.int32, node: Bits, part: Singles
) -> None:  # fmt: skip
    """The table's node below each cell's charge, and how far beyond it."""
    for k in range(len(start)):
        y = start[k] - charge_c * per_charge[k]
        n = min(max(np.int32(y), np.int32(0)), top)
        node[k] = n
        part[k] = y - np.float32(n)


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def pick(node: Bits, volts: Pairs, drops: Pairs, cell_volts: Pairs, cell_drops: Pairs) -> None:
    for k in range(len(cell_volts)):
        n = np.uint64(np.uint32(node[k]))
        cell_volts[k] = volts[n]
        cell_drops[k] = drops[n]


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def warm(
    temperature: Singles, resistance: Singles, knees: Singles, low: np.float32, high: np.float32, factor: Singles
) -> None:  # fmt: skip
    """Into `factor` by how much the resistance of each cell differs, of itself and by its temperature.

    The table over temperature is straight lines between `knees` (temperature, factor, slope above it): the line that
    begins below the rack's coldest cell, bent at those knees that are among the rack's temperatures, mostly none.
    """
    n = 0
    while n + 1 < knees.shape[1] and knees[0, n + 1] <= low:
        n += 1
    knee, base, slope = knees[0, n], knees[1, n], knees[2, n]
    for k in range(len(factor)):
        factor[k] = base + slope * (temperature[k] - knee)
    while n + 1 < knees.shape[1] and knees[0, n + 1] < high:
        n += 1
        knee, bend = knees[0, n], knees[2, n] - knees[2, n - 1]
        for k in range(len(factor)):
            factor[k] += bend * max(temperature[k] - knee, np.float32(0.0))
    for k in range(len(factor)):
        factor[k] *= resistance[k]


@numba.njit(cache=True, fastmath=FAST_MATH, error_model="numpy")
def _move(
    cells: Singles,
    factor: Singles,
    part: Singles,
    volts: Singles,
    drops: Singles,
    i_a: np.float32,
    heat: tuple[np.float32, np.float32, np.float32],
) -> tuple[float, float, float]:
    """Voltage and temperature of the cells of a rack; sums of their voltages, resistance factors and heat."""
    temperature, voltage = cells[TEMPERATURE], cells[VOLTAGE]
    settling, per_cooling, left = heat
    sum_v, sum_factor, sum_w = np.float32(0.0), np.float32(0.0), np.float32(0.0)
    for k in range(len(part)):
        t = temperature[k]
        drop = factor[k] * drops[2 * k]
        v = volts[2 * k] + part[k] * volts[2 * k + 1] - drop
        w = drop * i_a + t * drops[2 * k + 1]
        settled = settling + w * per_cooling
        voltage[k] = v
        temperature[k] = settled + (t - settled) * left
        sum_v += v
        sum_factor += factor[k]
        sum_w += w
    return float(sum_v), float(sum_factor), float(sum_w)


@numba.njit(cache=True)
def extremes(bits: Bits, found: Bits) -> None:
    """The bits of the lowest and the highest of positive floats."""
    low, high = np.int32(0x7FFFFFFF), np.int32(-0x80000000)
    for k in range(len(bits)):
        low, high = min(low, bits[k]), max(high, bits[k])
    found[0], found[1] = low, high


@numba.njit(cache=True)
def _bounded(share: float) -> float:
    """0 to 1, and 0 for what is no number."""
    return min(share, 1.0) if share > 0.0 else 0.0


@numba.njit(cache=True)
def _bounds(racks: Floats, given: Floats, r: int, ohm: float, limits: tuple[float, ...]) -> tuple[float, float]:
    """Between what currents a rack may be now: what is given, less as its extreme cells come to their limits.

    A current beyond which its lowest cell would pass the limit, were its resistance twice the mean: half a step towards
    the limit each time, so that it comes near without swinging. No number means no current.
    """
    v_min, v_max, t_high, t_taper = limits
    cool = _bounded((t_high - racks[T_HIGH, r]) / t_taper)
    up = racks[CURRENT, r] + (racks[V_LOW, r] - v_min) / (2.0 * ohm)
    down = racks[CURRENT, r] + (racks[V_HIGH, r] - v_max) / (2.0 * ohm)
    high_a, low_a = given[HIGH_A, r] * cool, given[LOW_A, r] * cool
    return (max(low_a, down) if down < 0.0 else 0.0), (min(high_a, up) if up > 0.0 else 0.0)


@numba.njit(cache=True)
def _share(
    racks: Floats, given: Floats, first: int, tables: Singles, power_w: float, limits: tuple[float, ...],
    series: int, own: Floats,
) -> float:  # fmt: skip
    """The currents of one container's racks under a power, into `own` (5, rack) with its rows source voltage,
    resistance, lowest, highest and current; the bus voltage. R0 is that of a rack's mean charge and asked direction."""
    emf_v, ohm, low_a, high_a, current_a = own[0], own[1], own[2], own[3], own[4]
    way = (R0_OUT if power_w > 0.0 else R0_IN) * NODES
    for k in range(len(emf_v)):
        r = first + k
        y = given[START_MEAN, r] - racks[CHARGE, r] * given[PER_MEAN, r]
        n = min(max(int(y), 0), NODES - 1) if y == y else 0
        cell_ohm = tables[way + n] * racks[FACTOR, r] / series
        low_a[k], high_a[k] = _bounds(racks, given, r, max(cell_ohm, 1e-9), limits)
        was = tables[(R0_OUT if racks[CURRENT, r] > 0.0 else R0_IN) * NODES + n] * racks[FACTOR, r]
        ohm[k] = max(cell_ohm * series, 1e-9)
        emf_v[k] = racks[TERMINAL, r] + racks[CURRENT, r] * was
    return share_power(emf_v, ohm, low_a, high_a, power_w, current_a)[0]


@numba.njit(cache=True)
def _advance(racks: Floats, r: int, i_a: float, dt_s: float, kept: tuple[float, float, float]) -> None:
    """What the cells of a rack share, a step later: charge, currents behind the time constants, hysteresis."""
    racks[CURRENT, r] = i_a
    racks[CHARGE, r] += i_a * dt_s
    racks[FAST, r] = kept[0] * racks[FAST, r] + (1.0 - kept[0]) * i_a
    racks[SLOW, r] = kept[1] * racks[SLOW, r] + (1.0 - kept[1]) * i_a
    if i_a != 0.0:
        end = -1.0 if i_a > 0.0 else 1.0
        racks[TURN, r] = end + (racks[TURN, r] - end) * exp(-abs(i_a) * dt_s * kept[2])


@numba.njit(cache=True)
def _stretch(racks: Floats, given: Floats, r: int) -> tuple[int, int]:
    """Between what nodes the cells of a rack are: safe bounds, from the spans of what they were made with."""
    q = racks[CHARGE, r]
    most, least = (given[PER_HIGH, r], given[PER_LOW, r]) if q > 0.0 else (given[PER_LOW, r], given[PER_HIGH, r])
    low, high = given[START_LOW, r] - q * most, given[START_HIGH, r] - q * least
    if not -1e9 < low <= high < 1e9:
        return 0, NODES - 1
    return min(max(int(low) - 2, 0), NODES - 2), min(max(int(high) + 3, 1), NODES - 1)


@numba.njit(cache=True)
def _rack(
    cells: Singles, bits: Bits, racks: Floats, given: Floats, r: int, tables: Singles, knees: Singles,
    heat: tuple[float, float], pairs: Pairs, scratch: Singles, node: Bits,
) -> None:  # fmt: skip
    """All cells of one rack, and what is seen of them."""
    series = cells.shape[1]
    volts, drops, cell_volts, cell_drops = pairs[0], pairs[1], pairs[2, :series], pairs[3, :series]
    shared = racks[CURRENT, r], racks[FAST, r], racks[SLOW, r], racks[TURN, r], racks[FACTOR, r] / series
    first, end = _stretch(racks, given, r)
    _curves(first, end, tables, shared, volts.view(np.float32), drops.view(np.float32))
    charge_c, top = np.float32(racks[CHARGE, r]), np.int32(NODES - 2)
    _locate(cells[START], cells[PER_CHARGE], charge_c, top, node, scratch[0])
    pick(node, volts, drops, cell_volts, cell_drops)
    coldest, hottest = np.float32(racks[T_LOW, r]), np.float32(racks[T_HIGH, r])
    warm(cells[TEMPERATURE], cells[RESISTANCE], knees, coldest, hottest, scratch[1])
    settling = np.float32(given[SURROUNDINGS, r] + given[WARMING, r] * heat[0])
    sums = _move(
        cells, scratch[1], scratch[0], cell_volts.view(np.float32), cell_drops.view(np.float32),
        np.float32(racks[CURRENT, r]), (settling, np.float32(heat[0]), np.float32(heat[1])),
    )  # fmt: skip
    racks[TERMINAL, r], racks[FACTOR, r], racks[HEAT, r] = sums
    found = node[:2]
    extremes(bits[VOLTAGE], found)
    racks[V_LOW, r], racks[V_HIGH, r] = found.view(np.float32)
    extremes(bits[TEMPERATURE], found)
    racks[T_LOW, r], racks[T_HIGH, r] = found.view(np.float32)


@numba.njit(cache=True)
def _lower(a: float, b: float) -> float:
    """The lower of two; nan if either is."""
    return a if a <= b or a != a else b


@numba.njit(cache=True)
def _tell(racks: Floats, first: int, end: int, bus_v: float, told: Floats) -> None:
    """Of one container and step; its power is the mean of that at the begin and at the end of the step."""
    told[:] = 0.0
    told[BUS_V], told[LOWEST_V], told[HIGHEST_V], told[HOTTEST_K] = bus_v, np.inf, -np.inf, -np.inf
    for r in range(first, end):
        told[POWER_W] += 0.5 * racks[CURRENT, r] * (bus_v + racks[TERMINAL, r])
        told[BUS_A] += racks[CURRENT, r]
        told[HEAT_W] += racks[HEAT, r]
        told[LOWEST_V] = _lower(told[LOWEST_V], racks[V_LOW, r])
        told[HIGHEST_V] = -_lower(-told[HIGHEST_V], -racks[V_HIGH, r])
        told[HOTTEST_K] = -_lower(-told[HOTTEST_K], -racks[T_HIGH, r])


@numba.njit(cache=True, nogil=True)
def sweep_containers(
    cells: Singles, racks: Floats, given: Floats, tables: Singles, knees: Singles, power_w: Floats, dt_s: float,
    kept: tuple[float, float, float], heat: tuple[float, float], limits: tuple[float, ...], told: Floats,
) -> None:  # fmt: skip
    """Every container through all its steps, one after the other, so that its cells stay in the cache.

    `power_w` (step, container); `cells` (rack, CELL_ROWS, series), `racks` and `told` (TOLD, step, container) change.
    """
    steps, containers = power_w.shape
    series, many = cells.shape[2], cells.shape[0] // containers
    bits = cells.view(np.int32)
    pairs = np.zeros((4, max(NODES, series)), np.int64)
    scratch, node, own = np.zeros((2, series), np.float32), np.zeros(max(series, 2), np.int32), np.zeros((5, many))
    for c in range(containers):
        for s in range(steps):
            bus_v = _share(racks, given, c * many, tables, power_w[s, c], limits, series, own)
            for k in range(many):
                r = c * many + k
                _advance(racks, r, own[4, k], dt_s, kept)
                _rack(cells[r], bits[r], racks, given, r, tables, knees, heat, pairs, scratch, node)
            _tell(racks, c * many, (c + 1) * many, bus_v, told[:, s, c])
