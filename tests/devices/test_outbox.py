"""What is really sent: what changed, what the device does not hold, and the watchdog's food."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.devices.outbox import Outbox, Terms

NEVER = (math.nan, -math.inf)
POINTS = dict.fromkeys(("setpoint_w", "setpoint_var", "run", "watchdog_s"), Terms())


class Told:
    """An outbox whose device takes everything it is told."""

    def __init__(self, points=POINTS, watchdog_s=30.0):
        self.box = Outbox(watchdog_s, fresh_s=3.0)
        self.box.open(points)
        self.says = {}

    def sends(self, now_s, power_w=None, run=1.0, var=0.0):
        if power_w is not None:
            self.box.want({"setpoint_w": power_w, "setpoint_var": var, "run": run}, now_s)
        batch = self.box.take(now_s, lambda name: self.says.get(name, NEVER), lambda _: 1.0)
        for name, value in batch:
            self.box.sent(name, value, now_s)
            self.box.proven(name, value, now_s)
        return batch


def test_at_first_everything_is_sent_and_the_watchdog_is_armed_before_the_set_point():
    assert Told().sends(0.0, 5e5) == [("watchdog_s", 30.0), ("run", 1.0), ("setpoint_w", 5e5), ("setpoint_var", 0.0)]


def test_what_did_not_change_is_not_sent_again():
    told = Told()
    told.sends(0.0, 5e5)
    assert told.sends(1.0, 5e5) == []
    assert told.sends(2.0, 5e5 + 0.4) == []  # less than the device can tell apart
    assert told.sends(3.0, 6e5) == [("setpoint_w", 6e5)]
    assert told.sends(4.0, 6e5, var=1e3) == [("setpoint_var", 1e3)]


def test_a_stop_comes_behind_the_set_point():
    told = Told()
    told.sends(0.0, 5e5)
    assert told.sends(1.0, 0.0, run=0.0) == [("setpoint_w", 0.0), ("run", 0.0)]


def test_the_watchdog_is_fed_at_half_its_time_together_with_the_set_point():
    told = Told()
    told.sends(0.0, 5e5)
    batches = {second: told.sends(float(second), 5e5) for second in range(1, 31)}
    fed = {second: batch for second, batch in batches.items() if batch}
    assert list(fed) == [15, 30]
    assert all(batch == [("watchdog_s", 30.0), ("setpoint_w", 5e5)] for batch in fed.values())


def test_nobody_feeds_the_watchdog_when_control_is_dead():
    told = Told()
    told.sends(0.0, 5e5)
    assert all(told.sends(float(second)) == [] for second in range(1, 100))


def test_a_map_without_a_watchdog_arms_none():
    told = Told(points={"setpoint_w": Terms()}, watchdog_s=None)
    assert told.sends(0.0, 5e5) == [("setpoint_w", 5e5)]
    assert told.sends(50.0, 5e5) == []


def test_an_unarmed_watchdog_is_left_alone():
    assert "watchdog_s" not in dict(Told(watchdog_s=None).sends(0.0, 5e5))


def test_an_old_wish_is_not_delivered():
    told = Told()
    told.box.want({"setpoint_w": 5e5}, 0.0)
    assert told.sends(3.1) == []


def test_the_newest_wish_wins():
    told = Told()
    told.box.want({"setpoint_w": 5e5}, 0.0)
    assert ("setpoint_w", 4e5) in told.sends(0.5, 4e5)


@pytest.mark.parametrize("said", [0.0, math.nan])
def test_a_device_that_does_not_hold_it_is_told_again_with_the_next_wish(said):
    told = Told()
    told.sends(0.0, 5e5)
    told.says["setpoint_w"] = (said, 0.5)
    assert told.sends(1.0, 5e5) == [("setpoint_w", 5e5)]
    assert told.sends(2.0, 5e5) == []  # its echo is older than what was sent last
    told.says["setpoint_w"] = (5e5, 2.5)
    assert told.sends(3.0, 5e5) == []


def test_what_was_missed_is_sent_again_with_the_next_wish():
    told = Told()
    told.sends(0.0, 5e5)
    told.box.missed("setpoint_var", 0.0, 0.5)
    assert told.sends(1.0, 5e5) == [("setpoint_var", 0.0)]
    told.box.missed("watchdog_s", 30.0, 1.5)
    assert told.sends(2.0, 5e5) == [("watchdog_s", 30.0), ("setpoint_w", 5e5)]
    assert told.sends(3.0, 5e5) == []


def test_a_refusal_waits_for_the_next_wish():
    box = Outbox(None, 3.0)
    box.open(POINTS)
    box.want({"setpoint_w": 5e5}, 0.0)
    assert box.take(0.0, lambda _: NEVER, lambda _: 1.0)
    assert not box.take(0.1, lambda _: NEVER, lambda _: 1.0)
    box.want({"setpoint_w": 5e5}, 1.0)
    assert box.take(1.0, lambda _: NEVER, lambda _: 1.0) == [("setpoint_w", 5e5)]


def test_a_new_connection_starts_anew():
    told = Told()
    told.sends(0.0, 5e5)
    told.box.open(POINTS)
    assert len(told.sends(1.0, 5e5)) == 4


def stored(dead_band=1e3):
    return Told(points={"setpoint_w": Terms(volatile=False, dead_band=dead_band), "watchdog_s": Terms()})


def test_a_stored_value_is_written_on_change_outside_its_dead_band_and_never_to_feed():
    told = stored()
    assert told.sends(0.0, 5e5) == [("watchdog_s", 30.0), ("setpoint_w", 5e5)]
    assert told.sends(1.0, 5.009e5) == []
    assert told.sends(2.0, 5.011e5) == [("setpoint_w", 5.011e5)]
    assert [told.sends(float(at), 5.011e5) for at in range(15, 17)] == [[("watchdog_s", 30.0)], []]


def test_zero_is_written_whatever_the_dead_band():
    told = stored(dead_band=1e6)
    told.sends(0.0, 5e5)
    assert told.sends(1.0, 0.0) == [("setpoint_w", 0.0)]


def test_a_stored_value_outlives_the_connection():
    told = stored()
    told.sends(0.0, 5e5)
    told.box.open({"setpoint_w": Terms(volatile=False), "watchdog_s": Terms()})
    assert told.sends(1.0, 5e5) == [("watchdog_s", 30.0)]


@pytest.mark.parametrize(("volatile", "first"), [(True, [1, 2, 3, 4, 14, 24]), (False, [1, 2, 4, 8, 16, 32])])
def test_what_a_device_never_holds_is_tried_more_and_more_rarely(volatile, first):
    box = Outbox(None, 3.0)
    box.open({"setpoint_w": Terms(volatile=volatile)})
    tried = []
    for at in range(1, 40):
        box.want({"setpoint_w": 5e5}, float(at))
        for name, value in box.take(float(at), lambda _: NEVER, lambda _: 1.0):
            tried.append(at)
            box.missed(name, value, float(at))
    assert tried[:6] == first


def test_a_stop_is_tried_with_every_wish_where_that_wears_nothing():
    box = Outbox(None, 3.0)
    box.open({"setpoint_w": Terms()})
    for at in range(1, 40):
        box.want({"setpoint_w": 0.0}, float(at))
        assert box.take(float(at), lambda _: NEVER, lambda _: 1.0)
        box.missed("setpoint_w", 0.0, float(at))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0.0, 1e5))
def test_what_is_in_force_is_never_further_from_what_is_wanted_than_the_dead_band(powers, dead_band):
    told = stored(dead_band)
    in_force = math.nan
    for at, power_w in enumerate(powers):
        for name, value in told.sends(float(at), power_w):
            in_force = value if name == "setpoint_w" else in_force
        assert abs(in_force - power_w) <= max(dead_band, 0.5)


def limited():
    return Told(points={"limit_w": Terms(), "watchdog_s": Terms()})


def test_a_limit_of_all_there_is_is_none_and_needs_no_watchdog():
    told = limited()

    def sends(now_s, limit_w):
        told.box.want({"limit_w": limit_w}, now_s)
        batch = told.box.take(now_s, lambda _: NEVER, lambda _: 1.0, full=2e6)
        for name, value in batch:
            told.box.sent(name, value, now_s)
        return batch

    assert sends(0.0, 1e6) == [("watchdog_s", 30.0), ("limit_w", 1e6)]
    assert sends(1.0, 2e6) == [("limit_w", math.inf)]
    assert all(sends(float(at), 2.5e6) == [] for at in range(2, 100))
    assert sends(100.0, 1e6) == [("watchdog_s", 30.0), ("limit_w", 1e6)]
