"""A station beside a twin in one process and in simulated time: the same control as live, as fast as it goes."""

from collections.abc import Callable
from datetime import datetime

from leyden.runtime.clock import SimulatedClock
from leyden.runtime.station import Station
from leyden.twin import Twin


def simulate(
    station: Station,
    twin: Twin,
    clock: SimulatedClock,
    until: datetime,
    period_s: float,
    progress: Callable[[float], None] = lambda done: None,
) -> None:
    """Turn the station every `period_s` of simulated time until a moment; `progress` hears how far it is, 0 to 1."""
    started = clock.now()
    span_s = (until - started).total_seconds()
    plan_at_s = clock.elapsed_s()
    while clock.now() < until:
        if station.planner is not None and clock.elapsed_s() >= plan_at_s:
            plan_at_s = clock.elapsed_s() + station.planner.step(station.soc_now())
        station.turn()
        twin.step(period_s)
        clock.advance(period_s)
        progress((clock.now() - started).total_seconds() / span_s)
    station.keep_today()
