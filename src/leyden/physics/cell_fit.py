"""From a pulse test to a cell: open-circuit voltage, resistances and time constants by least squares.

With both time constants given, the circuit's voltage is linear in everything else: in the open-circuit voltage at its
nodes of charge, and in each resistance at its own. So the fit is one convex problem inside a search over two numbers,
and has no start values to get wrong. The voltage must rise with the charge and no resistance is negative; between
pulses, and where nothing was measured, the smoothest curve is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import nnls

from leyden.model.readings import Floats
from leyden.physics.impedance import Impedance
from leyden.physics.trace import Trace, filtered

OCV_SOC = np.unique(np.round(np.concatenate([
    np.linspace(0.0, 0.1, 11), np.linspace(0.1, 0.9, 41), np.linspace(0.9, 1.0, 11)
]), 6))  # fmt: skip
"""Where the open-circuit voltage is fitted: every 2 %, every 1 % at the ends where it bends."""
OHM_SOC = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0])
"""Where the resistances are."""
TAU1_S, TAU2_S = (2.0, 5.0, 10.0, 20.0, 40.0), (80.0, 160.0, 320.0, 640.0, 1280.0)
"""Time constants tried first; the best pair is then refined."""
_LEAST_RISE_V = 1e-5  # between two nodes: the curve must rise, or no charge belongs to a voltage
_LEAST_OHM = 1e-7
_JITTER = 1e-9  # on sums of squares of volts: keeps their factors real where rounding would not
_BEND, _EVEN, _SAME = 3.0, 0.1, 0.05  # weights of: a straight OCV, even resistances, R0 alike both ways
_ROWS = 4  # resistances: R0 charging, R0 discharging, R1, R2


class FitError(ValueError):
    """A record from which nothing can be fitted; says what is missing."""


@dataclass(frozen=True, eq=False)
class CellFit:
    """What a record says of a cell."""

    ocv_v: Floats
    """At OCV_SOC."""
    impedance: Impedance
    rms_v: float
    """How far the model is from the pulse test."""
    worst_v: float
    measured: tuple[float, float]
    """Lowest and highest charge that the records reached; beyond, curves are only continued."""


def fit_cell(pulses: Trace, capacity_ah: float, start_soc: float, slow: Trace | None = None) -> CellFit:
    """Fit a pulse test (HPPC: pulses both ways, then rest, at many states of charge) that begins at rest at
    `start_soc`, and beside it a slow discharge from full where there is one.

    Raises FitError where the test has no pulses, no rest, or too little charge in it.
    """
    soc = pulses.soc(start_soc, capacity_ah)
    _check(pulses, slow, soc)
    records = [(pulses, soc)] + ([] if slow is None else [(slow, slow.soc(1.0, capacity_ah))])
    problem = _Problem(records, capacity_ah)
    taus = min(product(TAU1_S, TAU2_S), key=problem.cost)
    step = 1.5
    while step > 1.05:
        near = [(taus[0] * step**a, taus[1] * step**b) for a, b in product((-1, 0, 1), repeat=2)]
        best = min(near, key=problem.cost)
        taus, step = (best, step) if best != taus else (taus, step**0.5)
    solved = problem.solve(taus)
    off = problem.voltage(solved, taus, pulses, soc) - pulses.voltage_v
    reached = np.concatenate([counted for _, counted in records])
    n, m = len(OCV_SOC), len(OHM_SOC)
    ohm = np.maximum(solved[n:].reshape(_ROWS, m) / capacity_ah, [[_LEAST_OHM], [_LEAST_OHM], [0.0], [0.0]])
    impedance = Impedance(OHM_SOC, ohm[0], ohm[1], ohm[2], ohm[3], *taus, np.array([25.0]), np.array([1.0]))
    return CellFit(
        ocv_v=np.cumsum(solved[:n]),
        impedance=impedance,
        rms_v=float(np.sqrt(np.mean(off**2))),
        worst_v=float(np.abs(off).max()),
        measured=(float(reached.min()), float(reached.max())),
    )


def _check(pulses: Trace, slow: Trace | None, soc: Floats) -> None:
    if not pulses.whole or (slow is not None and not slow.whole):
        raise FitError("a record to be fitted must have a number in every place")
    largest = float(np.abs(pulses.current_a).max())
    if largest == 0.0:
        raise FitError("no current flows in the pulse test: nothing can be fitted")
    if not np.any(pulses.current_a > 0.1 * largest) or not np.any(np.abs(pulses.current_a) < 1e-3 * largest):
        raise FitError("the pulse test must discharge (current_a positive) and rest in between")
    if not (soc.min() > -0.05 and soc.max() < 1.05):
        raise FitError(
            f"counted from the start, the charge would go from {soc.max():.2f} to {soc.min():.2f}: "
            "correct the capacity, the start SOC or the sign of current_a (positive = discharge)"
        )
    if float(soc.max() - soc.min()) < 0.2:
        raise FitError("the pulse test moves less than 20 % of the charge: too little for a curve")


class _Problem:
    """Least squares over what is known, solved for any two time constants."""

    def __init__(self, records: Sequence[tuple[Trace, Floats]], capacity_ah: float) -> None:
        self._records = records
        self._capacity_ah = capacity_ah
        self._least = np.concatenate([[0.0], np.full(len(OCV_SOC) - 1, _LEAST_RISE_V), np.zeros(_ROWS * len(OHM_SOC))])
        self._wanted = np.concatenate([trace.voltage_v for trace, _ in records])
        self._smooth = _smoothness()
        self._costs: dict[tuple[float, float], float] = {}

    def cost(self, taus: tuple[float, float]) -> float:
        """Sum of squares at the best everything else."""
        if not (TAU1_S[0] / 2 <= taus[0] <= 0.5 * taus[1] <= TAU2_S[-1]):
            return np.inf
        if taus not in self._costs:
            self._costs[taus] = self._best(taus)[1]
        return self._costs[taus]

    def solve(self, taus: tuple[float, float]) -> Floats:
        """Rises of the OCV from node to node (the first is the voltage itself), then the four resistances, each as the
        volts that 1 C drops, so that big and small cells are alike."""
        return self._best(taus)[0]

    def voltage(self, solved: Floats, taus: tuple[float, float], trace: Trace, soc: Floats) -> Floats:
        """The model's voltage along a record."""
        found: Floats = self._columns(trace, soc, taus) @ solved
        return found

    def _best(self, taus: tuple[float, float]) -> tuple[Floats, float]:
        rows = np.vstack([self._columns(trace, soc, taus) for trace, soc in self._records] + [self._smooth])
        wanted = np.concatenate([self._wanted, np.zeros(len(self._smooth))])
        # Thousands of rows shrink to as many as there are unknowns before the bounds are met.
        both = np.column_stack([rows, wanted])
        small = np.linalg.cholesky(both.T @ both + _JITTER * np.eye(both.shape[1])).T
        projected, missed = small[:-1, -1], small[-1, -1]
        small = small[:-1, :-1]
        found, off = nnls(small, projected - small @ self._least)
        return found + self._least, float(off**2 + missed**2)

    def _columns(self, trace: Trace, soc: Floats, taus: tuple[float, float]) -> Floats:
        """One row a sample: what each unknown adds to its voltage."""
        current, dt_s = trace.current_a / self._capacity_ah, trace.dt_s
        ohm = _between(OHM_SOC, soc)
        ways = (np.where(current < 0.0, current, 0.0), np.where(current > 0.0, current, 0.0))
        carried = [*ways, *(filtered(current, dt_s, tau) for tau in taus)]
        rises = np.cumsum(_between(OCV_SOC, soc)[:, ::-1], axis=1)[:, ::-1]
        return np.hstack([rises, *(-ohm * share[:, None] for share in carried)])


def _between(nodes: Floats, at: Floats) -> Floats:
    """Weights of the nodes in a straight line between two of them, (n, nodes); beyond the ends the line goes on."""
    k = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, len(nodes) - 2)
    part = (at - nodes[k]) / (nodes[k + 1] - nodes[k])
    weights = np.zeros((len(at), len(nodes)))
    rows = np.arange(len(at))
    weights[rows, k], weights[rows, k + 1] = 1.0 - part, part
    return weights


def _smoothness() -> Floats:
    """Rows that are zero where the curves are smooth."""
    n, m = len(OCV_SOC), len(OHM_SOC)
    found = []
    slope = 1.0 / np.diff(OCV_SOC)
    for j in range(2, n):
        row = np.zeros(n + _ROWS * m)
        row[j - 1], row[j] = -_BEND * slope[j - 2] * 0.02, _BEND * slope[j - 1] * 0.02
        found.append(row)
    for part, j in product(range(_ROWS), range(m - 1)):
        row = np.zeros(n + _ROWS * m)
        at = n + part * m + j
        row[at], row[at + 1] = -_EVEN, _EVEN
        found.append(row)
    for j in range(m):
        row = np.zeros(n + _ROWS * m)
        row[n + j], row[n + m + j] = -_SAME, _SAME
        found.append(row)
    return np.array(found)
