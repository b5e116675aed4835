"""The inverter of a solar or wind plant: it delivers what there is, up to the limit that it was told."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from leyden.model.states import ConverterState
from leyden.physics.follow import decay

LIMIT_LAG_S = 0.5  # an inverter follows its limit within two seconds
ASLEEP_SHARE = 1e-4  # of rated power: below it there is no sun or wind worth waking for


@dataclass(frozen=True, slots=True)
class Generator:
    """One inverter at one moment."""

    power_w: float = 0.0
    ceiling_w: float = math.inf
    """Where the limit has got to; inf until one is told."""
    limit_w: float = math.inf
    """The limit in force, as its register says; inf without one."""
    run: bool = True
    state: ConverterState = ConverterState.RUNNING
    watchdog_s: float = math.nan
    """Reversion time as armed; nan is off."""
    watchdog_left_s: float = math.nan


def told(generator: Generator, values: Mapping[str, float], ignore: bool = False) -> Generator:
    """The inverter after a write of `limit_w`, `run` and `watchdog_s`, each of which may be absent; raises ValueError.

    One that ignores what it is told feeds its watchdog all the same. A limit of inf is none.
    """
    if unknown := values.keys() - {"limit_w", "run", "watchdog_s"}:
        raise ValueError(f"a solar or wind inverter has no write point {min(unknown)!r}")
    if any(math.isnan(value) for value in values.values()):
        raise ValueError(f"an inverter can only be told numbers (got {dict(values)})")
    armed_s = values.get("watchdog_s", generator.watchdog_s)
    armed_s = armed_s if armed_s > 0.0 else math.nan
    watched = replace(generator, watchdog_s=armed_s, watchdog_left_s=armed_s)
    if ignore:
        return watched
    limit_w = max(values.get("limit_w", generator.limit_w), 0.0)
    return replace(watched, limit_w=limit_w, run=bool(values.get("run", generator.run)))


def advance(generator: Generator, available_w: float, rated_w: float, dt_s: float) -> Generator:
    """The inverter `dt_s` later. Its watchdog run out its limit goes away: a dead energy system curtails nobody.

    What was told to stop stays stopped, for a person may have locked it.
    """
    limit_w, run, left_s = generator.limit_w, generator.run, generator.watchdog_left_s
    if left_s > 0.0:
        left_s = max(left_s - dt_s, 0.0)
        limit_w = limit_w if left_s > 0.0 else math.inf
    target_w = min(limit_w, rated_w)
    ceiling_w = target_w + (min(generator.ceiling_w, rated_w) - target_w) * decay(dt_s, LIMIT_LAG_S)
    power_w = min(available_w, ceiling_w) if run else 0.0
    asleep = power_w < ASLEEP_SHARE * rated_w
    state = ConverterState.OFF if not run else ConverterState.STANDBY if asleep else ConverterState.RUNNING
    return Generator(power_w, ceiling_w, limit_w, run, state, generator.watchdog_s, left_s)
