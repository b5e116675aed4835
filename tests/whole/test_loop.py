"""The loop through the real twin: late meters, slow converters, steps and trips of the load, steady hours.

`tests/control/test_loop.py` proves the same on a plant of its own; here the converter, its BMS and the meter are those
that a site meets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leyden.control.catalogue import chain
from leyden.control.self_consumption import SelfConsumption
from leyden.model import Decision, Site, Snapshot
from leyden.model.site import Converter, Grid
from leyden.model.snapshot import Context
from leyden.runtime import Carried, cycle
from leyden.twin import ProfileOptions, Twin, TwinOptions
from leyden.twin.options import ProfileStep
from tests.twin.parks import CELLS, a_battery, a_site

RATED_W = 1.5e6
TICK_S = 0.1
"""Step of the twin between two looks at it."""
START = datetime(2026, 7, 15, tzinfo=UTC)
NOTHING = ProfileOptions("constant", 0.0)

METERS = (0.2, 1.0, 3.0)
CONVERTERS = ((0.0, 0.0), (0.0, 0.2), (1.0, 1.0), (2.5, 2.5), (0.0, 5.0), (5.0, 0.0), (5.0, 5.0))
"""(dead time, lag)"""


@dataclass(frozen=True)
class Loop:
    """What the loop is made of."""

    meter_s: float = 1.0
    told_s: float | None = None
    """What site.toml says of the meter, where that is wrong."""
    dead_s: float = 0.0
    lag_s: float = 0.2
    period_s: float = 1.0
    ramp_s: float = 0.5
    """From nothing to full power."""
    noise: float = 0.0
    batteries: int = 1

    @property
    def delay_s(self) -> float:
        """From a change of the load to its answer."""
        return self.meter_s + self.dead_s + self.lag_s + self.period_s

    @property
    def site(self) -> Site:
        """Batteries that could serve all of the load, and a grid into which nothing may be fed."""
        told_s = self.meter_s if self.told_s is None else self.told_s
        each_w = RATED_W / self.batteries
        found = [
            replace(
                a_battery(name, power_w=each_w),
                converter=Converter(f"pcs-{name}", each_w, 1.1 * each_w, each_w / self.ramp_s, self.dead_s),
            )
            for name in ("b1", "b2")[: self.batteries]
        ]
        grid = Grid("gate", import_limit_w=6e6, export_limit_w=0.0, meter_delay_s=told_s)
        return replace(a_site(*found), grid=grid, period_s=self.period_s, solar=(), wind=())

    def twin(self, load: ProfileOptions, step_s: float = TICK_S) -> Twin:
        """The plant of this loop."""
        options = TwinOptions(
            load={"line1": load},
            meter_delay_s=self.meter_s,
            converter_lag_s=self.lag_s,
            meter_noise=self.noise,
            step_s=step_s,
        )
        return Twin(self.site, options, CELLS, START)


@dataclass
class Ran:
    """What happened, tick by tick, in truth."""

    loop: Loop
    twin: Twin
    times_s: list[float] = field(default_factory=list)
    battery_w: list[float] = field(default_factory=list)
    grid_w: list[float] = field(default_factory=list)
    told_w: list[float] = field(default_factory=list)

    def note(self, snapshot: Snapshot, decision: Decision, memory: Any) -> None:
        """The journal of the cycle."""
        self.told_w.append(decision.total_w)

    def run(self, until_s: float, tick_s: float = TICK_S, at: Callable[[float], None] = lambda t: None) -> "Ran":
        """The whole chain on the twin; `at` hears every tick before it happens."""
        site, everybody, carried = self.loop.site, chain(self.loop.site, [SelfConsumption()]), Carried()
        every = round(self.loop.period_s / tick_s)

        def context(setpoints: Any) -> Context:
            now = START + timedelta(seconds=self.twin.elapsed_s)
            return Context(time=now, elapsed_s=self.twin.elapsed_s, setpoints=setpoints)

        for tick in range(round(until_s / tick_s)):
            if tick % every == 0:
                carried = cycle(site, self.twin, everybody, context, self, carried)
            at(tick * tick_s)
            self.twin.step(tick_s)
            self.times_s.append(self.twin.elapsed_s)
            self.battery_w.append(sum(battery.pcs.power_w for battery in self.twin.batteries.values()))
            self.grid_w.append(self.twin.gate.newest.power_w)
        return self

    def settling(self, start_s: float, end_s: float, from_w: float, to_w: float) -> tuple[float, float]:
        """After a step: when the battery was within 2 % for good, and how far beyond it went, as a share of it."""
        after = [(t - start_s, w) for t, w in zip(self.times_s, self.battery_w, strict=True) if start_s < t <= end_s]
        late_s = max((t for t, w in after if abs(w - to_w) > 0.02 * RATED_W), default=0.0)
        beyond_w = max((w - to_w) * (1.0 if to_w > from_w else -1.0) for _, w in after)
        return late_s, beyond_w / abs(to_w - from_w)


def steps(*changes: tuple[float, float]) -> ProfileOptions:
    """A load of (from when on, which power)."""
    return ProfileOptions("steps", steps=tuple(ProfileStep(at_s, power_w) for at_s, power_w in changes))


def check_steps(loop: Loop) -> None:
    """One step up before anything is known of the meter, one down and one up after."""
    pause_s = 5.0 * loop.delay_s + 5.0
    moments = [10.03 + i * pause_s for i in range(3)]
    powers = [1e5, 1.3e6, 4e5, 1.1e6]
    load = steps((0.0, powers[0]), *zip(moments, powers[1:], strict=True))
    ran = Ran(loop, loop.twin(load)).run(moments[-1] + pause_s)
    for at_s, from_w, to_w in zip(moments, powers, powers[1:], strict=False):
        late_s, beyond = ran.settling(at_s, at_s + pause_s, from_w, to_w)
        assert beyond <= 0.10
        assert late_s <= 5.0 * loop.delay_s


@pytest.mark.parametrize(("dead_s", "lag_s"), CONVERTERS)
@pytest.mark.parametrize("meter_s", METERS)
def test_a_step_of_the_load_settles(meter_s, dead_s, lag_s):
    check_steps(Loop(meter_s, dead_s=dead_s, lag_s=lag_s))


@pytest.mark.parametrize(
    "loop",
    [
        Loop(0.2, told_s=3.0, dead_s=1.0, lag_s=1.0),
        Loop(3.0, told_s=0.2, dead_s=1.0, lag_s=1.0),
        Loop(3.0, told_s=0.2, dead_s=0.0, lag_s=5.0),
        Loop(0.2, dead_s=0.0, lag_s=0.2, period_s=0.1),
        Loop(1.0, dead_s=0.5, lag_s=0.5, period_s=0.2),
        Loop(1.0, dead_s=0.5, lag_s=0.5, batteries=2),
        Loop(1.0, dead_s=1.0, lag_s=1.0, noise=0.002),
        Loop(1.0, dead_s=0.0, lag_s=0.2, ramp_s=5.0),
    ],
    ids=["told late", "told early", "told early, slow", "10 Hz", "5 Hz", "two batteries", "noise", "slow ramp"],
)
def test_a_step_settles_in_other_loops_too(loop):
    check_steps(loop)


@pytest.mark.parametrize(("load_w", "loop"), [(1e6, Loop(3.0, dead_s=1.0, lag_s=1.0)), (5e3, Loop(0.2))])
def test_a_steady_load_causes_no_reversal_in_an_hour(load_w, loop):
    """With meters of class 0.2, and far more of their noise than the load of the second case is worth."""
    loop = replace(loop, noise=0.002)
    ran = Ran(loop, loop.twin(ProfileOptions("constant", load_w), step_s=1.0)).run(3600.0, tick_s=1.0)
    settled = ran.battery_w[60:]
    assert not min(settled) < 0.0 < max(settled)
    assert max(settled) - min(settled) <= 0.02 * RATED_W


@pytest.mark.parametrize(
    ("meter_s", "phase_s", "batteries"),
    [*((meter_s, phase_s, 1) for meter_s in METERS for phase_s in (0.0, 0.3, 0.6, 0.9)), (0.2, 0.0, 2), (3.0, 0.3, 2)],
)
def test_the_largest_load_trips_at_full_discharge(meter_s, phase_s, batteries):
    """At any moment of the cycle; two seconds after the meter has seen it nothing is fed in any more."""
    loop = Loop(meter_s, dead_s=0.1, lag_s=0.05, batteries=batteries)
    twin, trip_s = loop.twin(ProfileOptions("constant", RATED_W)), 30.0 + phase_s

    def trip(t: float) -> None:
        if abs(t - trip_s) < 1e-6:
            twin.faults.put("load-trip", "line1", {})

    ran = Ran(loop, twin).run(trip_s + meter_s + 15.0, at=trip)
    assert max(ran.battery_w) > 0.99 * RATED_W
    late_s = max(t for t, w in zip(ran.times_s, ran.grid_w, strict=True) if w < -0.01 * RATED_W)
    assert trip_s < late_s <= trip_s + meter_s + 2.0
    # And nothing comes back.
    assert all(abs(w) <= 0.01 * RATED_W for t, w in zip(ran.times_s, ran.grid_w, strict=True) if t > late_s + TICK_S)
