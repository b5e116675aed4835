"""How far apart the cells of a rack may be without anything being wrong: it depends on where on the curve they are.

On the plateau of lithium iron phosphate five percent of charge between two cells are a few millivolts; at the knees
they are hundreds. A limit in millivolts alone either rings at every full charge or sleeps on the plateau. So what a
healthy spread of charge and of resistance makes at this voltage and this current is taken off before anything is
judged.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from leyden.model.readings import Floats
from leyden.physics import Cell

HEALTHY_SOC = 0.05
"""By how much the charge of healthy cells of one rack may differ either way."""
HEALTHY_OHM = 0.3
"""And their resistance, as a share."""
LOW_V, STEP_V = 0.0, 0.002


@dataclass(frozen=True, slots=True, eq=False)
class HealthySpread:
    """What healthy cells may differ by."""

    at_rest_v: Floats
    """[V] over the mean voltage at rest, from LOW_V in steps of STEP_V."""
    ohm: float
    """Sustained resistance of a cell, by which a voltage under load is brought to rest."""

    def allowed_v(self, mean_v: float, current_a: float) -> float:
        """For a rack whose cells have this mean voltage under this current, discharge positive."""
        at = (mean_v + current_a * self.ohm - LOW_V) / STEP_V
        k = min(max(int(at), 0), len(self.at_rest_v) - 1)
        return float(self.at_rest_v[k]) + HEALTHY_OHM * abs(current_a) * self.ohm


@lru_cache(maxsize=64)
def healthy_spread(cell: Cell) -> HealthySpread:
    """Of cells of this kind. The curve is not told which of the charges with one voltage it is: the loosest counts."""
    soc = np.linspace(0.0, 1.0, 1001)
    wide_v = cell.ocv.voltage_v(np.minimum(soc + HEALTHY_SOC, 1.05)) - cell.ocv.voltage_v(
        np.maximum(soc - HEALTHY_SOC, -0.05)
    )
    ocv_v = cell.ocv.voltage_v(soc)
    at_v = LOW_V + STEP_V * np.arange(2500)
    error_v = 0.010 + float(cell.hysteresis.half_at(0.5))  # of the curve, of age, and of where the charge came from
    lower, upper = np.searchsorted(ocv_v, at_v - error_v), np.searchsorted(ocv_v, at_v + error_v, side="right")
    near = np.array([wide_v[max(a - 1, 0) : max(b, a) + 1].max() for a, b in zip(lower, upper, strict=True)])
    return HealthySpread(np.ascontiguousarray(near), cell.resistance_ohm)
