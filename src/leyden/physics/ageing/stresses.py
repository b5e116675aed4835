"""From a trace of charge and temperature to the stresses that age a cell."""

from collections.abc import Sequence

import numpy as np

from leyden.model.readings import Floats
from leyden.physics.ageing.model import Stress
from leyden.physics.ageing.rainflow import Cycle, rainflow


def stresses(time_s: Floats, soc: Floats, temperature_degc: Floats) -> Sequence[Stress]:
    """One stress for the calendar of the whole trace, then one for each cycle of it; all arrays (n,), times rising.

    Cycles are true rainflow cycles; each brings its depth, its mean and the speed at which its charge moved, and no
    time of its own, for the calendar stress has it all. Temperature and SOC of the calendar are means over time. Raises
    ValueError where times do not rise or shapes differ.
    """
    if not (time_s.shape == soc.shape == temperature_degc.shape and time_s.ndim == 1 and len(time_s) >= 2):
        raise ValueError("times, charge and temperature must be arrays of one length, two values at least")
    if not np.all(np.diff(time_s) > 0.0):
        raise ValueError("times must rise")
    whole = Stress(float(time_s[-1] - time_s[0]), _mean(time_s, temperature_degc), _mean(time_s, soc))
    return [whole, *(_of_cycle(cycle, time_s, soc, temperature_degc) for cycle in rainflow(soc))]


def _of_cycle(cycle: Cycle, time_s: Floats, soc: Floats, temperature_degc: Floats) -> Stress:
    part = slice(cycle.start, cycle.end + 1)
    duration_s = float(time_s[cycle.end] - time_s[cycle.start])
    moved = float(np.abs(np.diff(soc[part])).sum())
    return Stress(
        duration_s=0.0,
        temperature_degc=_mean(time_s[part], temperature_degc[part]),
        soc=cycle.mean,
        dod=cycle.depth,
        c_rate=moved / (duration_s / 3600.0) if duration_s > 0.0 else 0.0,
        cycles=cycle.count * cycle.depth,
    )


def _mean(time_s: Floats, values: Floats) -> float:
    """Over time, by the trapezoids between the points."""
    span_s = float(time_s[-1] - time_s[0])
    if span_s <= 0.0:
        return float(values[0])
    return float(np.sum(np.diff(time_s) * 0.5 * (values[1:] + values[:-1])) / span_s)
