"""What is really sent: what changed, what the device does not hold, and the watchdog's food."""

import math

import pytest

from leyden.devices.outbox import Outbox, Terms

NEVER = (math.nan, -math.inf)
STORED = Terms(volatile=False, dead_band=1e3)
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
