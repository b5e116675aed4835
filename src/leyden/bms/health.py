"""State of health from use: capacity from what flowed between two charges that are known, resistance from steps.

A charge is known at an anchor: full (taper), empty, or a long rest off the plateau; between two of them the current
integral over the change of charge is the capacity. How sure that is follows from how sure the ends are, how far they
are apart, and the current sensor; many windows are put together by their variances (a Kalman filter of one state that
wanders slowly, G. Plett, J. Power Sources 196 (2011) 2319, doi 10.1016/j.jpowsour.2010.09.048).
"""

from dataclasses import dataclass

import numpy as np

from leyden.model.readings import Floats

LEAST_WINDOW = 0.3
"""Of the charge: a shorter window says more of its ends than of the capacity."""
WANDER_PER_DAY = 1e-4
"""How fast a capacity may change, as a share of the nominal per root day."""
GAIN_STD = 0.002
"""Of the current sensor's gain."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment at which the charge is known."""

    soc: float
    soc_std: float
    counted_ah: float
    """By the counter of charge, discharge positive."""
    time_s: float
    counter_std_a: float = 0.02
    """What an offset of the sensor may be; it counts over the time between two anchors."""


@dataclass(frozen=True, slots=True)
class Health:
    """What is believed of one cell's or rack's capacity and resistance."""

    capacity_ah: float
    capacity_std_ah: float
    time_s: float
    """When this was last believed."""
    ohm_factor: float = 1.0
    """Resistance against a new one of its kind."""
    ohm_factor_std: float = 0.3

    def soh(self, nominal_ah: float) -> float:
        """Capacity against nominal, 0 to 1."""
        return self.capacity_ah / nominal_ah

    def soh_std(self, nominal_ah: float) -> float:
        """Its standard deviation."""
        return self.capacity_std_ah / nominal_ah


def new_health(nominal_ah: float, time_s: float = 0.0) -> Health:
    """Before anything was seen: nominal, give or take a tenth."""
    return Health(nominal_ah, 0.1 * nominal_ah, time_s)


def window(first: Anchor, last: Anchor) -> tuple[float, float] | None:
    """Capacity and its standard deviation [Ah] from what flowed between two anchors, or None where it says nothing."""
    apart, flowed_ah = first.soc - last.soc, last.counted_ah - first.counted_ah
    if not abs(apart) >= LEAST_WINDOW or not flowed_ah * apart > 0.0:
        return None
    capacity_ah = flowed_ah / apart
    ends = np.hypot(first.soc_std, last.soc_std) / abs(apart)
    offset_ah = max(first.counter_std_a, last.counter_std_a) * abs(last.time_s - first.time_s) / 3600.0
    std_ah = capacity_ah * float(np.hypot(np.hypot(ends, GAIN_STD), offset_ah / abs(flowed_ah)))
    return (capacity_ah, std_ah) if np.isfinite(std_ah) else None


def with_window(health: Health, nominal_ah: float, first: Anchor, last: Anchor) -> Health:
    """The belief after one window more. One that is far off what was believed (five standard deviations) is left out:
    a counter that was reset, an anchor that was none."""
    found = window(first, last)
    if found is None:
        return health
    capacity_ah, std_ah = found
    days = max(last.time_s - health.time_s, 0.0) / 86400.0
    before = health.capacity_std_ah**2 + days * (WANDER_PER_DAY * nominal_ah) ** 2
    missed_ah = capacity_ah - health.capacity_ah
    total = before + std_ah**2
    if not missed_ah**2 <= 25.0 * total:
        return health
    gain = before / total
    return Health(
        health.capacity_ah + gain * missed_ah, float(np.sqrt((1.0 - gain) * before)), last.time_s,
        health.ohm_factor, health.ohm_factor_std,
    )  # fmt: skip


def step_ohm(
    current_a: Floats, voltage_v: Floats, dt_s: Floats, least_a: float, sensor_std_v: float = 0.001
) -> tuple[Floats, Floats]:
    """Resistance at once and its standard deviation [ohm] from every step of current of at least `least_a` between two
    samples of a record (n,), at most two seconds apart; both (k,), in order, k the number of such steps."""
    di, dv = np.diff(current_a), np.diff(voltage_v)
    steps = (np.abs(di) >= least_a) & (dt_s[1:] <= 2.0) & np.isfinite(dv)
    ohm: Floats = -dv[steps] / di[steps]
    std: Floats = np.sqrt(2.0) * sensor_std_v / np.abs(di[steps])
    return ohm, std


def with_steps(health: Health, expected_ohm: float, ohm: Floats, std_ohm: Floats, model_std: float = 0.05) -> Health:
    """The belief after steps (k,) of a cell of which `expected_ohm` was expected at its charge and temperature.

    Steps share what the expectation itself may be wrong by, `model_std` of it: a thousand of them are not surer than
    that.
    """
    good = np.isfinite(ohm) & (std_ohm > 0.0) & (ohm > 0.0)
    if not good.any() or not expected_ohm > 0.0:
        return health
    weights = 1.0 / std_ohm[good] ** 2
    # A median takes no notice of the one step in which something else happened.
    factor = float(np.median(ohm[good])) / expected_ohm
    std = float(np.hypot(1.2533 / np.sqrt(weights.sum()) / expected_ohm, model_std * factor))
    gain = health.ohm_factor_std**2 / (health.ohm_factor_std**2 + std**2)
    return Health(
        health.capacity_ah, health.capacity_std_ah, health.time_s,
        health.ohm_factor + gain * (factor - health.ohm_factor),
        max(float(np.sqrt(1.0 - gain)) * health.ohm_factor_std, model_std),
    )  # fmt: skip
