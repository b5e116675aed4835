"""State of charge from current and voltage, with its own standard deviation: a filter that knows what it cannot know.

Three states a cell: charge, an error of the cell's model in volts, and an offset of the current sensor. The model's
error is what makes LFP hard: on the plateau a few millivolts are tens of percent, and they last for hours, so a filter
that takes them for noise believes itself to within a thousandth and is wrong by a fifth. Here they are a state that
wanders (first-order Gauss-Markov), what is left of them is counted as few independent looks (they are correlated over a
quarter of an hour), and the curve's own error counts by its slope. On the plateau the filter therefore counts charge
and says that it drifts; at the knees, where a percent is many millivolts, it learns.

The curve's slope is taken over the whole width of what is believed (three sigma points: S. Julier and J. Uhlmann, Proc.
IEEE 92 (2004) 401, doi 10.1109/JPROC.2003.823141), not at one point, or a wrong start would climb a knee that is not
there. States with a model error: Y. Bar-Shalom et al., Estimation with Applications to Tracking and Navigation, 2001,
ch. 8. The circuit behind the voltage is the cell's own (`leyden.physics.impedance`).
"""

from dataclasses import dataclass, field, replace
from math import exp, sqrt

import numba
import numpy as np

from leyden.model.readings import Floats
from leyden.physics import Cell
from leyden.physics.impedance import TABLE_LOW, TABLE_STEP
from leyden.physics.ocv import LOW, STEP
from leyden.physics.trace import Trace

SOC, ERROR, OFFSET = 0, 1, 2
"""Rows of the filter's mean."""


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """How far the model and the sensors may be trusted. The defaults suit an LFP cell fitted by a pulse test."""

    start_std: float = 0.25
    """Of the first guess of the charge."""
    error_v: float = 0.010
    """Of the model's lasting error: hysteresis it was not told of, age, temperature."""
    error_s: float = 7200.0
    """How long such an error lasts."""
    offset: float = 0.005
    """Of the current sensor's offset, as a share of 1 C."""
    model_v: float = 0.006
    """Of what the model misses besides, lasting `correlated_s`."""
    curve_soc: float = 0.01
    """By how much the curve may stand wrong along the charge."""
    ohm_share: float = 0.1
    """By how much the resistance may be wrong."""
    correlated_s: float = 900.0
    sensor_v: float = 0.002
    """Of the voltage sensor, from sample to sample."""
    wander_per_root_s: float = 1e-6
    """What counting adds by itself, as a share of the charge per root second."""


@dataclass(frozen=True, eq=False)
class SocFilter:
    """What is believed of n cells at one moment; advanced, never changed."""

    mean: Floats
    """(3, n): charge 0 to 1, model's error [V], current offset [A, discharge positive]."""
    cov: Floats
    """(6, n): upper triangle of the covariance, row by row."""
    circuit: Floats
    """(3, n): current behind the first and the second time constant [A], and the hysteresis state -1 to 1."""
    capacity_ah: Floats
    """(n,)."""
    options: FilterOptions = field(default_factory=FilterOptions)
    model_v: Floats = field(default_factory=lambda: np.empty(0))
    """(n,): what the cell's model alone expected at the latest sample, its lasting error left out."""

    @property
    def soc(self) -> Floats:
        """State of charge, 0 to 1, (n,)."""
        soc: Floats = self.mean[SOC]
        return soc

    @property
    def soc_std(self) -> Floats:
        """Its standard deviation, (n,)."""
        std: Floats = np.sqrt(self.cov[0])
        return std


def new_filter(
    soc: Floats, capacity_ah: Floats, options: FilterOptions | None = None, soc_std: Floats | None = None
) -> SocFilter:
    """Belief before the first sample: `soc` (n,) with the options' deviation, or with one given for each."""
    chosen = options or FilterOptions()
    n = len(soc)
    std = np.full(n, chosen.start_std) if soc_std is None else soc_std
    cov = np.zeros((6, n))
    cov[0], cov[3], cov[5] = std**2, chosen.error_v**2, (chosen.offset * capacity_ah) ** 2
    mean = np.zeros((3, n))
    mean[SOC] = soc
    return SocFilter(mean, cov, np.zeros((3, n)), capacity_ah.copy(), chosen, np.full(n, np.nan))


def observed(
    belief: SocFilter, cell: Cell, current_a: Floats, voltage_v: Floats, temperature_degc: Floats, dt_s: float
) -> SocFilter:
    """The belief after `dt_s` of `current_a` (n,), discharge positive, and then a look at `voltage_v` (n,).

    A voltage that is nan is no look: charge is counted and the deviation grows. A current that is nan counts as none,
    and the deviation grows as if 1 C had flowed unseen.
    """
    mean, cov, circuit = belief.mean.copy(), belief.cov.copy(), belief.circuit.copy()
    expected = np.empty_like(mean[SOC])
    impedance, hysteresis, options = cell.impedance, cell.hysteresis, belief.options
    decays = exp(-dt_s / impedance.tau1_s), exp(-dt_s / impedance.tau2_s), exp(-dt_s / options.error_s)
    _observe(
        mean, cov, circuit, current_a, voltage_v, impedance.factor_at(temperature_degc), belief.capacity_ah,
        cell.ocv.nodes, cell.circuit, dt_s, decays, hysteresis.turn_soc, _numbers(options), expected,
    )  # fmt: skip
    return replace(belief, mean=mean, cov=cov, circuit=circuit, model_v=expected)


def estimated(
    belief: SocFilter, cell: Cell, trace: Trace, start: int = 0, end: int | None = None
) -> tuple[SocFilter, Floats]:
    """One cell along rows `start` to `end` of its record: the belief at the end, and soc, soc_std and the model's
    voltage at each row, (3, rows)."""
    part = slice(start, end)
    impedance, hysteresis, options = cell.impedance, cell.hysteresis, belief.options
    mean, cov, circuit = belief.mean.copy(), belief.cov.copy(), belief.circuit.copy()
    told = np.empty((3, len(trace.time_s[part])))
    _along(
        mean, cov, circuit, trace.current_a[part], trace.voltage_v[part],
        impedance.factor_at(trace.temperature_degc[part]), trace.dt_s[part], belief.capacity_ah,
        cell.ocv.nodes, cell.circuit,
        (impedance.tau1_s, impedance.tau2_s, options.error_s), hysteresis.turn_soc, _numbers(options), told,
    )  # fmt: skip
    return replace(belief, mean=mean, cov=cov, circuit=circuit, model_v=told[2, -1:].copy()), told


@numba.njit(cache=True)
def _along(
    mean: Floats, cov: Floats, circuit: Floats, current_a: Floats, voltage_v: Floats, factor: Floats, dt_s: Floats,
    capacity_ah: Floats, nodes: Floats, table: Floats, taus: tuple[float, float, float],
    turn_soc: float, options: tuple[float, ...], told: Floats,
) -> None:  # fmt: skip
    for row in range(len(current_a)):
        decays = exp(-dt_s[row] / taus[0]), exp(-dt_s[row] / taus[1]), exp(-dt_s[row] / taus[2])
        here = slice(row, row + 1)
        _observe(
            mean, cov, circuit, current_a[here], voltage_v[here], factor[here], capacity_ah, nodes, table,
            dt_s[row], decays, turn_soc, options, told[2, here],
        )  # fmt: skip
        told[0, row], told[1, row] = mean[0, 0], sqrt(cov[0, 0])


def _numbers(options: FilterOptions) -> tuple[float, ...]:
    return (
        options.error_v**2, options.model_v**2, options.curve_soc**2, options.ohm_share**2,
        2.0 * options.correlated_s, options.sensor_v**2, options.wander_per_root_s**2,
    )  # fmt: skip


@numba.njit(cache=True, inline="always")
def _ocv(soc: float, nodes: Floats) -> float:
    x = (soc - LOW) / STEP
    n = min(max(int(x), 0), nodes.shape[0] - 2)
    return float(nodes[n, 0] + (x - n) * nodes[n, 1])


@numba.njit(cache=True, inline="always")
def _row(soc: float, table: Floats, row: int) -> float:
    x = (soc - TABLE_LOW) / TABLE_STEP
    n = min(max(int(x), 0), table.shape[1] - 2)
    f = min(max(x - n, 0.0), 1.0)
    return float(table[row, n] + f * (table[row, n + 1] - table[row, n]))


@numba.njit(cache=True, inline="always")
def _volts(soc: float, way: int, carried: tuple[float, float, float], nodes: Floats, table: Floats) -> float:
    """Of the circuit at a charge, its currents already scaled for the temperature."""
    fast, slow = _row(soc, table, 2) * carried[1], _row(soc, table, 3) * carried[2]
    return _ocv(soc, nodes) - _row(soc, table, way) * carried[0] - fast - slow


@numba.njit(cache=True, inline="always")
def _carry(circuit: Floats, i_a: float, kept1: float, kept2: float, moved: float) -> tuple[float, float, float]:
    """The circuit a step later, in place: currents behind both time constants, and the hysteresis state."""
    circuit[0] = kept1 * circuit[0] + (1.0 - kept1) * i_a
    circuit[1] = kept2 * circuit[1] + (1.0 - kept2) * i_a
    if i_a != 0.0:
        end = -1.0 if i_a > 0.0 else 1.0
        circuit[2] = end + (circuit[2] - end) * exp(-moved)
    return circuit[0], circuit[1], circuit[2]


@numba.njit(cache=True)
def _observe(
    mean: Floats, cov: Floats, circuit: Floats, current_a: Floats, voltage_v: Floats, factor: Floats,
    capacity_ah: Floats, nodes: Floats, table: Floats, dt_s: float,
    decays: tuple[float, float, float], turn_soc: float, options: tuple[float, ...], expected: Floats,
) -> None:  # fmt: skip
    """One cell after another, in place; the covariance is [ss, se, so, ee, eo, oo]."""
    error_vv, model_vv, curve, ohm, correlated_s, sensor_vv, wander = options
    kept1, kept2, kept = decays
    looks = max(correlated_s / dt_s, 1.0) if dt_s > 0.0 else correlated_s  # one sample is that little of a look
    for k in range(mean.shape[1]):
        per_a = dt_s / (3600.0 * capacity_ah[k])
        known = current_a[k] == current_a[k]
        i_a = (current_a[k] if known else 0.0) - mean[OFFSET, k]
        # Counting.
        s, e = mean[SOC, k] - i_a * per_a, kept * mean[ERROR, k]
        ss, se, so, ee, eo, oo = cov[0, k], cov[1, k], cov[2, k], cov[3, k], cov[4, k], cov[5, k]
        # The charge counts i - offset, so it moves by + offset * per_a.
        ss += 2.0 * per_a * so + per_a * per_a * oo + wander * dt_s
        so += per_a * oo
        se, eo = kept * (se + per_a * eo), kept * eo
        ee = kept * kept * ee + (1.0 - kept * kept) * error_vv
        if not known:
            ss += (per_a * capacity_ah[k]) ** 2
        fast, slow, turned = _carry(circuit[:, k], i_a, kept1, kept2, abs(i_a) * per_a / turn_soc)
        # What the voltage would be, over the width of what is believed.
        way, off = (1 if i_a > 0.0 else 0), turned * _row(s, table, 4)
        std = sqrt(max(ss, 1e-12))
        low, high = max(s - 1.7320508 * std, LOW), min(s + 1.7320508 * std, 1.0 - LOW)
        carried = factor[k] * i_a, factor[k] * fast, factor[k] * slow
        v1, v0, v2 = (_volts(low, way, carried, nodes, table), _volts(s, way, carried, nodes, table),
                      _volts(high, way, carried, nodes, table))  # fmt: skip
        mean_v = (v1 + 4.0 * v0 + v2) / 6.0
        joint = ((low - s) * (v1 - mean_v) + (high - s) * (v2 - mean_v)) / 6.0
        spread = ((v1 - mean_v) ** 2 + 4.0 * (v0 - mean_v) ** 2 + (v2 - mean_v) ** 2) / 6.0
        expected[k] = mean_v + off
        if voltage_v[k] == voltage_v[k]:
            slope = joint / max(ss, 1e-12)
            bent = max(spread - slope * slope * ss, 0.0)  # what no straight line through the points explains
            drop = factor[k] * _row(s, table, way) * i_a
            few = (model_vv + curve * slope * slope + ohm * drop * drop) * looks
            gain_s, gain_e, gain_o = slope * ss + se, slope * se + ee, slope * so + eo
            total = slope * gain_s + gain_e + bent + few + sensor_vv
            missed = (voltage_v[k] - expected[k] - e) / total
            s += gain_s * missed
            e += gain_e * missed
            mean[OFFSET, k] += gain_o * missed
            ss -= gain_s * gain_s / total
            se -= gain_s * gain_e / total
            so -= gain_s * gain_o / total
            ee -= gain_e * gain_e / total
            eo -= gain_e * gain_o / total
            oo -= gain_o * gain_o / total
        mean[SOC, k], mean[ERROR, k] = min(max(s, -0.02), 1.02), e
        cov[0, k], cov[1, k], cov[2, k] = max(ss, 1e-10), se, so
        cov[3, k], cov[4, k], cov[5, k] = max(ee, 1e-10), eo, max(oo, 1e-12)
