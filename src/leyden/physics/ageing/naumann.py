"""Ageing of a 3 Ah LFP/graphite cell (Sony/Murata US26650FTC1) by Naumann and others.

Calendar: M. Naumann et al., J. Energy Storage 17 (2018) 153, doi 10.1016/j.est.2018.01.019. Cycling: M. Naumann et
al., J. Power Sources 451 (2020) 227666, doi 10.1016/j.jpowsour.2019.227666. Measured at 0 to 60 degC; cycling at 40.
"""

from dataclasses import dataclass

import numpy as np

from leyden.physics.ageing.model import KELVIN, Age, Stress, Values, advanced

_GAS = 8.314
"""Molar gas constant [J/(mol K)], as the papers round it."""
_REFERENCE_K = 298.15


@dataclass(frozen=True, slots=True)
class NaumannLfp:
    """Capacity falls with the root of time and of throughput, resistance grows with both themselves."""

    name: str = "naumann-lfp-3ah"
    source: str = "doi 10.1016/j.est.2018.01.019, doi 10.1016/j.jpowsour.2019.227666"

    def advance(self, age: Age, stress: Stress) -> Age:
        """The age after this stress."""
        away_k = 1.0 / (np.asarray(stress.temperature_degc) + KELVIN) - 1.0 / _REFERENCE_K
        off = np.asarray(stress.soc) - 0.5
        # The fits of SOC leave their range at its very ends only; they are held there above nothing.
        calendar = 1.2571e-5 * np.exp(-17126.0 / _GAS * away_k) * np.maximum(2.8575 * off**3 + 0.60225, 0.0)
        growing = 3.4194e-10 * np.exp(-71827.0 / _GAS * away_k) * np.maximum(-3.3903 * off**2 + 1.5604, 0.0)
        deep, fast = np.asarray(stress.dod), np.asarray(stress.c_rate)
        cycling = 1e-2 * (0.0630 * fast + 0.0971) * np.maximum(4.0253 * (deep - 0.6) ** 3 + 1.0923, 0.0)
        wearing = 1e-2 * np.maximum(-0.0020 * fast + 0.0021, 0.0) * (6.8477 * (deep - 0.5) ** 3 + 0.9182)
        return Age(
            calendar_loss=advanced(age.calendar_loss, calendar, stress.duration_s, 0.5),
            cycle_loss=advanced(age.cycle_loss, cycling, stress.cycles, 0.5),
            calendar_growth=_plus(age.calendar_growth, growing * stress.duration_s),
            cycle_growth=_plus(age.cycle_growth, np.maximum(wearing, 0.0) * stress.cycles),
        )


def _plus(before: Values, more: Values) -> Values:
    total = np.asarray(before + more)
    return float(total) if total.ndim == 0 else total
