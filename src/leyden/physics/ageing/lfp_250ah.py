"""Ageing of a 250 Ah prismatic LFP/graphite cell, as identified by Gasper and others from cells of stationary storage.

P. Gasper et al., J. Energy Storage 73 (2023) 109042, doi 10.1016/j.est.2023.109042; fitted between 10 and 45 degC at
up to 0.65 C of charging. Cycling wears more in the cold than in the warmth there. Anode potential over its filling: M.
Safari and C. Delacourt, J. Electrochem. Soc. 158 (2011) A562, doi 10.1149/1.3567007. The paper gives no resistance:
growth is Naumann's.
"""

from dataclasses import dataclass, field

import numpy as np

from leyden.physics.ageing.model import KELVIN, Age, Stress, Values, advanced
from leyden.physics.ageing.naumann import NaumannLfp

_DAY_S = 86400.0
_EMPTY, _FULL = 0.0085, 0.78
"""Filling of the anode at SOC 0 and 1."""
_CALENDAR_POWER, _CYCLE_POWER = 0.526, 0.828


def anode_v(soc: Values) -> Values:
    """Potential of the graphite anode against lithium at a state of charge [V]."""
    x = _EMPTY + np.asarray(soc) * (_FULL - _EMPTY)
    potential: Values = (
        0.6379
        + 0.5416 * np.exp(-305.5309 * x)
        + 0.044 * np.tanh(-(x - 0.1958) / 0.1088)
        - 0.1978 * np.tanh((x - 1.0571) / 0.0854)
        - 0.6875 * np.tanh((x + 0.0117) / 0.0529)
        - 0.0175 * np.tanh((x - 0.5692) / 0.0875)
    )
    return potential


@dataclass(frozen=True, slots=True)
class Lfp250Ah:
    """Calendar loss grows with days to the power 0.526, cycling loss with full cycles to the power 0.828."""

    name: str = "lfp-250ah"
    source: str = "doi 10.1016/j.est.2023.109042"
    _resistance: NaumannLfp = field(default_factory=NaumannLfp)

    def advance(self, age: Age, stress: Stress) -> Age:
        """The age after this stress."""
        kelvin = np.asarray(stress.temperature_degc) + KELVIN
        calendar = 8.37e4 * np.exp(-5210.0 / kelvin) * np.exp(-3560.0 * anode_v(stress.soc) / kelvin)
        heat = np.exp(2190.0 / kelvin) + np.exp(-1.55e5 / kelvin)
        cycling = (4.38e-8 + 1.55e-8 * np.asarray(stress.dod) + 1.68e-7 * np.asarray(stress.c_rate)) * heat
        grown = self._resistance.advance(age, stress)
        return Age(
            calendar_loss=advanced(age.calendar_loss, calendar, stress.duration_s / _DAY_S, _CALENDAR_POWER),
            cycle_loss=advanced(age.cycle_loss, cycling, stress.cycles, _CYCLE_POWER),
            calendar_growth=grown.calendar_growth,
            cycle_growth=grown.cycle_growth,
        )
