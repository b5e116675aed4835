"""Laws that hold whatever comes in: nan, infinite, stale, contradictory, in any order and at any pace."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import hypot, inf, isfinite, nan
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.control.catalogue import chain
from leyden.control.follow_plan import FollowPlan
from leyden.control.keep_reserve import KeepReserve
from leyden.control.peak_shaving import PeakShaving
from leyden.control.room import room
from leyden.control.self_consumption import SelfConsumption
from leyden.control.steady import noise_w
from leyden.control.time_windows import TimeWindows, Window
from leyden.model import Bounds, Decision, Plan, Quality, Slot, SlotMode, Snapshot
from leyden.model.command import Command
from leyden.model.plant import Setpoints
from leyden.model.quality import Stamp
from leyden.model.readings import (
    BatteryReading,
    ConverterReading,
    GenerationReading,
    GridReading,
    LoadReading,
    Readings,
)
from leyden.model.site import BATTERIES, Site
from leyden.model.snapshot import Context
from leyden.runtime import Carried, cycle
from tests.scenarios.dsl import Planned, battery, site

SITE = site(battery("b1"), battery("b2", power_w=5e5), import_w=1e6, export_w=2e5, solar=2e6)
CONTROLLERS: list[Any] = [
    KeepReserve(soc=0.2),
    PeakShaving(import_limit_w=8e5),
    FollowPlan(),
    TimeWindows(charge=(Window.from_text("23:00-07:00"),), discharge=(Window.from_text("08:00-20:00"),)),
    SelfConsumption(),
]
FIRST = {"ratings", "following", "battery-limits"}
"""Whoever comes before the grid."""

watts = st.one_of(st.sampled_from([0.0, nan, inf, -inf, 5e5, -5e5, 1e9]), st.floats(-4e6, 4e6))
quality = st.sampled_from([Quality.GOOD] * 6 + [Quality.STALE, Quality.BAD])
age = st.sampled_from([0.0, 0.0, 0.5, 2.9, 4.0, 60.0, inf])
stamp = st.builds(Stamp, age, quality)
soc = st.one_of(st.sampled_from([0.5, 0.5, 0.05, 0.95, nan, -1.0, 7.0]), st.floats(0.0, 1.0))
limit = st.one_of(st.sampled_from([2e6, 2e6, 0.0, nan, -1e5, inf]), st.floats(0.0, 2e6))
state = st.sampled_from([2.0, 2.0, 2.0, 0.0, 1.0, 3.0, 5.0, 9.0, nan])


@st.composite
def readings(draw: Any) -> Readings:
    """What a plant might say, possible or not."""
    here = st.sampled_from([True] * 9 + [False])

    def stamped(values: dict[str, float]) -> dict[str, Any]:
        names = [name for name in values if draw(here)]
        return {**values, "stamps": {name: draw(stamp) for name in names}}

    def bms() -> BatteryReading:
        values = {
            "soc": draw(soc),
            "charge_limit_w": draw(limit),
            "discharge_limit_w": draw(limit),
            "state": draw(state),
        }
        return BatteryReading(**stamped({**values, "cell_voltage_min_v": 3.2, "cell_voltage_max_v": draw(soc) + 3.0}))

    def converter() -> ConverterReading:
        return ConverterReading(**stamped({"power_w": draw(watts), "setpoint_w": draw(watts), "state": draw(state)}))

    names = [name for name in ("b1", "b2") if draw(here)]
    return Readings(
        grid=GridReading(**stamped({"power_w": draw(watts)})),
        load={"load": LoadReading(**stamped({"power_w": draw(watts)}))} if draw(here) else {},
        solar={"pv1": GenerationReading(**stamped({"power_w": draw(watts), "limit_w": draw(watts)}))},
        battery={name: bms() for name in names},
        converter={name: converter() for name in names},
    )


slots = st.builds(
    lambda mode, power_w, target: Slot(
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), mode, Planned(), power_w, target=target
    ),
    st.sampled_from(list(SlotMode)),
    st.one_of(st.none(), watts),
    st.sampled_from([BATTERIES, BATTERIES, "b1", "b9"]),
)
commands = st.lists(
    st.builds(Command, st.integers(1, 5), st.sampled_from([BATTERIES, "b1", "b2", "b9"]), watts, st.just("Li"),
              st.sampled_from([60.0, 0.0, nan])),
    max_size=2,
)  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """What one cycle is given."""

    readings: Readings
    dt_s: float
    jump_s: float
    trusted: bool
    slot: Slot | None
    commands: tuple[Command, ...]


moments = st.lists(
    st.builds(
        Moment,
        readings(),
        st.sampled_from([1.0, 1.0, 1.0, 0.1, 5.0, 1000.0]),
        st.sampled_from([0.0] * 8 + [3600.0, -7200.0]),
        st.booleans(),
        st.one_of(st.none(), slots),
        commands.map(tuple),
    ),
    min_size=1,
    max_size=12,
)


@dataclass
class Mad:
    """A plant that says what it is told to say, whatever it is told to do."""

    script: list[Moment]
    site: Site = SITE
    at: int = 0
    elapsed_s: float = 1e6
    time: datetime = datetime(2026, 7, 15, tzinfo=UTC)
    noted: list[tuple[Snapshot, Decision]] = field(default_factory=list)

    def read(self) -> Readings:
        return self.script[self.at].readings

    def write(self, setpoints: Setpoints) -> None:
        pass

    def note(self, snapshot: Snapshot, decision: Decision, memory: object) -> None:
        self.noted.append((snapshot, decision))

    def context(self, setpoints: Any) -> Context:
        now = self.script[self.at]
        plan = None if now.slot is None else Plan((now.slot,), self.time, "mad")
        return Context(
            time=self.time,
            elapsed_s=self.elapsed_s,
            clock_trusted=now.trusted,
            plan=plan,
            commands=now.commands,
            setpoints=setpoints,
        )

    def run(self) -> list[tuple[Snapshot, Decision]]:
        carried, everybody = Carried(), chain(self.site, CONTROLLERS)
        for at, now in enumerate(self.script):
            self.at = at
            self.elapsed_s += now.dt_s
            self.time += timedelta(seconds=now.dt_s + now.jump_s)
            carried = cycle(self.site, self, everybody, self.context, self, carried)
        return self.noted


@given(moments)
def test_no_set_point_ever_leaves_the_limits_or_is_not_a_number(script):
    for snapshot, decision in Mad(script).run():
        failed = [step.want.reason for step in decision.steps if step.want.reason.code == "ControllerFailed"]
        assert not failed
        for name, setpoint in decision.setpoints.items():
            assert isfinite(setpoint.power_w), name
            assert isfinite(setpoint.reactive_power_var), name
        assert 0.0 <= decision.setpoints["pv1"].power_w <= 2e6
        for b in SITE.batteries:
            told, free = decision.setpoints[b.name], room(b, snapshot)
            assert hypot(told.power_w, told.reactive_power_var) <= b.converter.apparent_va * (1 + 1e-9)
            assert -free.charge_w - 1e-3 <= told.power_w <= free.discharge_w + 1e-3
            assert abs(told.power_w) <= b.converter.power_w
        total_w = sum(decision.setpoints[b.name].power_w for b in SITE.batteries)
        assert abs(total_w - decision.total_w) <= 1e-3
        _at_the_gate(snapshot, decision)


def _at_the_gate(snapshot: Snapshot, decision: Decision) -> None:
    """Where the net demand is known and the batteries can, the meter is held within its limits."""
    net_w = snapshot.derived.net_demand_w
    if net_w != net_w or not snapshot.grid_stamp.age_s < 3.0:
        return
    own = {b.name: Bounds(-b.converter.power_w, b.converter.power_w) for b in SITE.batteries}
    for step in decision.steps:
        if step.controller in FIRST and step.want.target in own:
            own[step.want.target], _ = own[step.want.target].narrow(step.want.power_w)
    least_w, most_w = sum(b.low for b in own.values()), sum(b.high for b in own.values())
    grid = SITE.grid
    assert decision.total_w <= max(net_w + grid.export_limit_w, least_w) + 1e-3
    if 4.0 * noise_w(SITE, snapshot.readings.grid.power_w, net_w) <= grid.import_limit_w + grid.export_limit_w:
        assert decision.total_w >= min(net_w - grid.import_limit_w, most_w) - 1e-3


@given(moments)
@settings(max_examples=25)
def test_the_same_inputs_always_make_the_same_decisions(script):
    first, second = Mad(script).run(), Mad(script).run()
    assert [repr(decision) for _, decision in first] == [repr(decision) for _, decision in second]


@given(moments)
@settings(max_examples=25)
def test_everything_that_is_decided_can_be_said_in_both_languages(script):
    for _, decision in Mad(script).run():
        assert decision.sentence.zh
        assert decision.sentence.en
        for step in decision.steps:
            assert step.want.reason.words.en
            assert step.want.reason.as_json()["zh"]
