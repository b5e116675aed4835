"""How a quantity follows what it is told: a ramp, then a first-order lag; exact for any step of time."""

import math


def decay(dt_s: float, lag_s: float) -> float:
    """What is left of a difference after `dt_s` with time constant `lag_s`; nothing without a lag."""
    return math.exp(-dt_s / lag_s) if lag_s > 0.0 else 0.0


def follow(
    value: float, reference: float, target: float, ramp_per_s: float, lag_s: float, dt_s: float
) -> tuple[float, float]:
    """Value and reference after `dt_s`: the reference ramps to the target, the value lags behind the reference.

    The lag's answer to a ramp s is r(t) - s lag + (y0 - r0 + s lag) exp(-t/lag), so two half steps are one whole step.
    """
    ramping_s = min(abs(target - reference) / ramp_per_s, dt_s)
    slope = math.copysign(ramp_per_s, target - reference)
    reached = target if ramping_s < dt_s else reference + slope * ramping_s
    behind = slope * lag_s
    value = reached - behind + (value - reference + behind) * decay(ramping_s, lag_s)
    return reached + (value - reached) * decay(dt_s - ramping_s, lag_s), reached
