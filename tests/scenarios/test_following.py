"""Effect, not echo: what does not do what it is told is alarmed, stopped, and tried again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.control.following import Followed, Following
from leyden.control.self_consumption import SelfConsumption
from leyden.model.setpoint import Setpoint
from leyden.model.site import Converter
from leyden.model.snapshot import Snapshot
from tests.scenarios.dsl import battery, run, site

SELF = [SelfConsumption()]
REST = run(site(), SELF, "time | load => power\n0 s | 0 W => 0 W")
assert REST.last is not None
CALM = REST.last[0]


def test_five_seconds_alarm_fifteen_stop_a_minute_at_rest_and_again():
    """A reading may be late by 2 s, and the ramp takes 1 s; from then on it counts."""
    bench = run(
        site(),
        SELF,
        """
        time  | load   | b1.converter => power  | alarms
        0 s   | 800 kW | stuck        => 800 kW | -
        3 s   |        |              => 800 kW | -
        8 s   |        |              => 800 kW | -
        9 s   |        |              => 800 kW | not-following:b1
        18 s  |        |              => 800 kW | not-following:b1
        19 s  |        |              => 0 W    | stopped-not-following:b1
        50 s  |        |              => 0 W    | stopped-not-following:b1
        78 s  |        |              => 0 W    | stopped-not-following:b1
        79 s  |        | ok           => 0 W    | -
        80 s  |        |              => 800 kW | -
        120 s |        |              => 800 kW | -
        """,
    )
    assert bench.last is not None


def test_the_alarm_names_device_and_who_asked():
    table = "time | load | b1.converter => power\n0 s | 800 kW | stuck => 800 kW\n9 s | | => 800 kW"
    bench = run(site(), SELF, table)
    assert bench.last is not None
    condition = bench.last[2][0]
    assert condition.text.en == "b1 (b1-pcs) was told 800 kW and does 0 W (asked by self-consumption)"
    assert condition.text.zh == "b1(b1-pcs)设定 800 kW,实测 0 W(由自发自用要求)"
    assert condition.source == "b1"


def test_a_stop_stops_the_converter_and_each_further_one_lasts_twice_as_long():
    bench = run(
        site(),
        SELF,
        """
        time  | load   | b1.converter => power  | alarms
        0 s   | 800 kW | stuck        => 800 kW | -
        19 s  |        |              => 0 W    | stopped-not-following:b1
        80 s  |        |              => 800 kW | -
        99 s  |        |              => 0 W    | stopped-not-following:b1
        160 s |        |              => 0 W    | stopped-not-following:b1
        218 s |        |              => 0 W    | stopped-not-following:b1
        220 s |        |              => 800 kW | -
        """,
    )
    assert bench.told["b1"].run
    bench = run(site(), SELF, "time | load | b1.converter => power\n0 s | 800 kW | stuck =>\n30 s | | => 0 W")
    assert not bench.told["b1"].run


def test_a_person_who_commands_it_by_name_tries_again_at_once():
    run(
        site(),
        SELF,
        """
        time | load   | b1.converter | command             => power  | alarms
        0 s  | 800 kW | stuck        |                     => 800 kW | -
        19 s |        |              |                     => 0 W    | stopped-not-following:b1
        25 s |        | ok           |                     => 0 W    | stopped-not-following:b1
        30 s |        |              | b1 300 kW for 600 s => 0 W    | -
        31 s |        |              |                     => 300 kW | -
        """,
    )


def test_a_stop_is_kept_over_a_restart_and_what_is_watched_is_not():
    stopped = Followed(stops={"b1": 1}, stopped=frozenset({"b1"}))
    assert stopped != Followed()
    bench = run(site(), SELF, "time | load => power\n0 s | 800 kW => 800 kW")
    assert bench.last is not None
    proposal, state = Following(bench.site).propose(bench.last[0], stopped)
    assert proposal[0].stop
    assert state == stopped


def test_a_slow_ramp_and_a_dead_time_are_no_reason_for_an_alarm():
    """A converter that takes 30 s for full power and 4 s to begin, following orders that never rest."""
    converter = Converter("pcs", 1.5e6, 1.65e6, ramp_w_per_s=5e4, dead_time_s=4.0)
    where = site(replace(battery("b1"), converter=converter))
    bench = run(where, SELF, "time | load => power\n0 s | 0 W => 0 W")
    assert bench.last is not None
    controller, state = Following(where), Followed()
    queue, power_w = [0.0] * 4, 0.0
    for second in range(300):
        told_w = 1.2e6 if second % 60 < 35 else -4e5
        queue.append(told_w)
        aim_w = queue.pop(0)
        power_w += max(-5e4, min(5e4, aim_w - power_w))
        proposal, state = controller.propose(_told(bench.last[0], told_w, power_w, float(second)), state)
        assert proposal == (), second


def test_a_register_that_reads_back_something_else_is_an_alarm_of_its_own():
    where = site()
    bench = run(where, SELF, "time | load => power\n0 s | 0 W => 0 W")
    assert bench.last is not None
    controller, state = Following(where), Followed()
    for second in range(20):
        now = _told(bench.last[0], 5e5, 5e5, float(second), echo_w=-5e5)
        proposal, state = controller.propose(now, state)
        codes = [want.reason.code for want in proposal]
        assert codes == ([] if second < 5 else ["EchoDiffers"]), second


orders = st.lists(st.sampled_from([-1e6, 0.0, 5e5, 1.2e6]), min_size=20, max_size=20)


@given(orders, st.integers(0, 30))
def test_who_is_seen_late_by_a_stumble_follows(told, late):
    """Orders change every 10 s; each power and each register is that of `late` seconds before."""
    where = site()
    controller, state, did = Following(where), Followed(), [0.0] * (late + 1)
    for second in range(200):
        did.append(told[second // 10])
        now = _told(CALM, told[second // 10], did[-1 - late], float(second), did[-1 - late], stumble_s=30.0)
        proposal, state = controller.propose(now, state)
        assert proposal == (), second


@pytest.mark.parametrize(("stumble_s", "first_s"), [(0.0, 9), (30.0, 39)])
def test_who_does_nothing_is_alarmed_all_the_same(stumble_s, first_s):
    """Told after 1 s; seen 2 s late, a ramp of 0.3 s, 5 s of patience, and the stumble."""
    controller, state, alarmed = Following(site()), Followed(), []
    for second in range(50):
        now = _told(CALM, 5e5 if second else 0.0, 0.0, float(second), stumble_s=stumble_s)
        proposal, state = controller.propose(now, state)
        alarmed += [second for want in proposal if want.reason.code == "NotFollowing"]
    assert alarmed[0] == first_s


def _told(
    snapshot: Snapshot,
    told_w: float,
    power_w: float,
    elapsed_s: float,
    echo_w: float | None = None,
    stumble_s: float = 0.0,
) -> Snapshot:
    """The snapshot with another set-point in force and another measured power."""
    echo_w = told_w if echo_w is None else echo_w
    converter = replace(snapshot.readings.converter["b1"], power_w=power_w, setpoint_w=echo_w)
    setpoints = {"b1": Setpoint(told_w)}
    context = replace(snapshot.context, elapsed_s=elapsed_s, setpoints=setpoints, stumble_s=stumble_s)
    return replace(snapshot, readings=replace(snapshot.readings, converter={"b1": converter}), context=context)
