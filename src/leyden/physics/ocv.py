"""Open-circuit voltage over state of charge: a smooth monotone curve through measured points, made dense for speed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from leyden.model.readings import Floats

# A node every 0.1 % of charge: 26 kB, so the table stays in the first cache, and the straight line between two nodes is
# at most 30 uV off where the curve bends most. Measured points at whole percents fall on nodes and are met exactly.
STEP = 1e-3
# Cells that are a little over- or undercharged still need a voltage; beyond these ends the last line goes on straight.
LOW, HIGH = -0.05, 1.05


@dataclass(frozen=True, eq=False)
class OcvCurve:
    """Open-circuit voltage of a cell at rest, `nodes` (n, 3) at LOW, LOW + STEP, ..., HIGH.

    Columns: voltage [V], rise to the next node [V], and the integral of voltage over SOC from 0 [V], so that energy
    taken between any two states is exact for the very curve that gives the voltage.
    """

    nodes: Floats

    @cached_property
    def soc(self) -> Floats:
        """Where the nodes stand."""
        return LOW + STEP * np.arange(len(self.nodes), dtype=np.float64)

    def voltage_v(self, soc: Floats) -> Floats:
        """Open-circuit voltage at any state of charge, element by element."""
        index, part = self._locate(soc)
        voltage_v: Floats = self.nodes[index, 0] + part * self.nodes[index, 1]
        return voltage_v

    def integral_v(self, soc: Floats) -> Floats:
        """Energy above SOC 0 per coulomb of capacity [J/C = V]."""
        index, part = self._locate(soc)
        base, rise, below = (self.nodes[index, column] for column in range(3))
        integral_v: Floats = below + STEP * part * (base + 0.5 * part * rise)
        return integral_v

    def _locate(self, soc: Floats) -> tuple[NDArray[np.intp], Floats]:
        position = (np.asarray(soc, dtype=np.float64) - LOW) / STEP
        index = np.clip(np.nan_to_num(position), 0, len(self.nodes) - 2).astype(np.intp)
        return index, position - index


def ocv_curve(soc: Floats, voltage_v: Floats) -> OcvCurve:
    """The curve through points that rise strictly in both columns and span SOC 0 to 1.

    Between points a cubic that keeps monotone (Fritsch and Butland 1984, doi 10.1137/0905021), so that no wiggle of the
    fit becomes a plateau that the cell does not have.
    """
    nodes_soc = LOW + STEP * np.arange(round((HIGH - LOW) / STEP) + 1, dtype=np.float64)
    nodes_v = _monotone(soc, voltage_v, nodes_soc)
    rise_v = np.append(np.diff(nodes_v), 0.0)
    rise_v[-1] = rise_v[-2]
    below = np.concatenate([[0.0], np.cumsum(STEP * 0.5 * (nodes_v[1:] + nodes_v[:-1]))])
    below -= below[round(-LOW / STEP)]
    return OcvCurve(np.ascontiguousarray(np.stack([nodes_v, rise_v, below], axis=1)))


def _monotone(x: Floats, y: Floats, at: Floats) -> Floats:
    """Cubic Hermite through (x, y) with limited slopes; straight beyond both ends."""
    slopes = _slopes(np.diff(x), np.diff(y) / np.diff(x))
    inside = np.clip(at, x[0], x[-1])
    k = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
    h = x[k + 1] - x[k]
    t = (inside - x[k]) / h
    start = (1 + 2 * t) * (1 - t) ** 2 * y[k] + t * (1 - t) ** 2 * h * slopes[k]
    end = t**2 * (3 - 2 * t) * y[k + 1] + t**2 * (t - 1) * h * slopes[k + 1]
    beyond: Floats = np.minimum(at - x[0], 0) * slopes[0] + np.maximum(at - x[-1], 0) * slopes[-1]
    return start + end + beyond


def _slopes(h: Floats, d: Floats) -> Floats:
    """Slope at every point: a weighted harmonic mean of its neighbours' secants, three-point at the ends."""
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    inner = (w1 + w2) / (w1 / d[:-1] + w2 / d[1:])
    first, last = _end_slope(h[0], h[1], d[0], d[1]), _end_slope(h[-1], h[-2], d[-1], d[-2])
    return np.concatenate([[first], inner, [last]])


def _end_slope(h0: float, h1: float, d0: float, d1: float) -> float:
    """One-sided parabola's slope, held between 0 and three times the nearest secant."""
    return float(np.clip(((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1), 0.0, 3.0 * d0))
