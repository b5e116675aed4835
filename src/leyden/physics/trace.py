"""One cell along a record of current: the equivalent circuit as its equations say it, a step a row.

Rows may be any time apart; a row's current has flowed since the row before. The circuit is exact for a current that is
constant in between (zero-order hold), so two rows an hour apart are as right as 3600 a second apart.
"""

from dataclasses import dataclass

import numba
import numpy as np

from leyden.model.readings import Floats
from leyden.physics.cell import Cell
from leyden.physics.impedance import TABLE_LOW, TABLE_STEP
from leyden.physics.ocv import LOW, STEP


@dataclass(frozen=True, eq=False)
class Trace:
    """A record of one cell; arrays (n,), `current_a` positive when it discharges.

    A value that is missing is nan. Raises ValueError where lengths differ or times do not rise.
    """

    time_s: Floats
    current_a: Floats
    voltage_v: Floats
    temperature_degc: Floats

    def __post_init__(self) -> None:
        columns = (self.time_s, self.current_a, self.voltage_v, self.temperature_degc)
        if len(self.time_s) < 2 or any(column.shape != self.time_s.shape for column in columns):
            raise ValueError("a record needs at least two rows, with a value in every column")
        if not bool(np.all(np.diff(self.time_s) > 0.0)):
            raise ValueError("the times of a record must rise from row to row")

    @property
    def whole(self) -> bool:
        """Whether there is a number in every place."""
        return all(bool(np.all(np.isfinite(c))) for c in (self.current_a, self.voltage_v, self.temperature_degc))

    @property
    def dt_s(self) -> Floats:
        """Time since the row before, (n,); the first row has none behind it."""
        return np.diff(self.time_s, prepend=self.time_s[0])

    def soc(self, start_soc: float, capacity_ah: float) -> Floats:
        """Charge as counted from `start_soc` before the first row."""
        counted: Floats = start_soc - np.cumsum(self.current_a * self.dt_s) / (3600.0 * capacity_ah)
        return counted


def filtered(current_a: Floats, dt_s: Floats, tau_s: float) -> Floats:
    """A current behind a time constant: what a pair of resistance and capacitor carries."""
    return _filtered(current_a, np.exp(-dt_s / tau_s))


@numba.njit(cache=True)
def _filtered(current_a: Floats, left: Floats) -> Floats:
    result = np.empty_like(current_a)
    carried = 0.0
    for k in range(len(current_a)):
        carried = left[k] * carried + (1.0 - left[k]) * current_a[k]
        result[k] = carried
    return result


def model_voltage(cell: Cell, trace: Trace, start_soc: float, capacity_ah: float | None = None) -> Floats:
    """What the cell's model says at every row (n,), from rest at `start_soc`; the trace's own voltage is not used."""
    capacity = cell.capacity_ah if capacity_ah is None else capacity_ah
    impedance, hysteresis, dt_s, current = cell.impedance, cell.hysteresis, trace.dt_s, trace.current_a
    soc = trace.soc(start_soc, capacity)
    fast = filtered(current, dt_s, impedance.tau1_s)
    slow = filtered(current, dt_s, impedance.tau2_s)
    turned = _turned(current, np.abs(current) * dt_s / (3600.0 * capacity * hysteresis.turn_soc))
    voltage = np.empty_like(soc)
    factor = impedance.factor_at(trace.temperature_degc)
    _voltages(soc, current, fast, slow, turned, cell.ocv.nodes, cell.circuit, factor, voltage)
    return voltage


@numba.njit(cache=True)
def _turned(current_a: Floats, moved: Floats) -> Floats:
    """The hysteresis state, -1 after discharging to 1 after charging, from 0."""
    result = np.empty_like(current_a)
    state = 0.0
    for k in range(len(current_a)):
        if current_a[k] != 0.0:
            end = -1.0 if current_a[k] > 0.0 else 1.0
            state = end + (state - end) * np.exp(-moved[k])
        result[k] = state
    return result


@numba.njit(cache=True)
def _voltages(
    soc: Floats, current_a: Floats, fast_a: Floats, slow_a: Floats, turned: Floats, nodes: Floats, table: Floats,
    factor: Floats, voltage: Floats,
) -> None:  # fmt: skip
    top, last = nodes.shape[0] - 2, table.shape[1] - 2
    for k in range(len(soc)):
        x = (soc[k] - LOW) / STEP
        n = min(max(int(x), 0), top)
        y = (soc[k] - TABLE_LOW) / TABLE_STEP
        m = min(max(int(y), 0), last)
        f = min(max(y - m, 0.0), 1.0)
        row = 1 if current_a[k] > 0.0 else 0
        r0 = table[row, m] + f * (table[row, m + 1] - table[row, m])
        r1 = table[2, m] + f * (table[2, m + 1] - table[2, m])
        r2 = table[3, m] + f * (table[3, m + 1] - table[3, m])
        drop = factor[k] * (r0 * current_a[k] + r1 * fast_a[k] + r2 * slow_a[k])
        half_v = table[4, m] + f * (table[4, m + 1] - table[4, m])
        voltage[k] = nodes[n, 0] + (x - n) * nodes[n, 1] + turned[k] * half_v - drop
