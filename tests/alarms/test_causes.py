"""One alarm for one cause: what follows from a lost link is hidden, and what does not is not."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.alarms import AlarmBook
from leyden.alarms.causes import GATHER_S, LINGER_S, Wiring, family_of
from leyden.model.condition import Condition
from leyden.model.words import Words

START = datetime(2026, 7, 15, tzinfo=UTC)
GATEWAY = {f"rack{number}": "10.0.0.5" for number in range(1, 53)}
HOSTS = {**GATEWAY, "gate": "10.0.0.9", "bms1": "10.0.0.10", "pcs1": "10.0.0.11"}
WIRING = Wiring(HOSTS, {"b1": ("bms1", "pcs1")})


def condition(key: str, priority: int = 2) -> Condition:
    kind, _, source = key.partition(":")
    return Condition(key, source or kind, priority, Words(kind, kind), Words(f"{key}!", f"{key}!"), Words("查", "look"))


def silent(*devices: str) -> list[Condition]:
    return [condition(f"device-silent:{device}") for device in devices]


class Nowhere:
    """A store that keeps nothing."""

    def open_alarms(self):
        return []

    def last_alarm_id(self):
        return 0

    def save_alarms(self, rows):
        pass


@dataclass
class World:
    """A book, and its time."""

    book: AlarmBook = field(default_factory=lambda: AlarmBook(Nowhere(), WIRING))
    now: datetime = START
    raised: list[str] = field(default_factory=list)

    def see(self, conditions, seconds: float = 1.0, dt_s: float = 1.0) -> None:
        for _ in range(round(seconds / dt_s)):
            self.now += timedelta(seconds=dt_s)
            changes = self.book.update(conditions, self.now)
            self.raised += [change.alarm.key for change in changes if change.kind == "raised"]

    @property
    def standing(self) -> set[str]:
        return {alarm.key for alarm in self.book.active() if alarm.standing}


def test_a_lost_gateway_is_one_alarm_and_not_fifty_two():
    world = World()
    world.see(silent(*GATEWAY), 30.0)
    assert world.raised == ["host-silent:10.0.0.5"]
    (alarm,) = world.book.active()
    assert "52 devices" in alarm.condition.text.en
    assert "rack52" in alarm.condition.text.en
    world.see([], 1.0)
    assert world.standing == set()


@settings(max_examples=10)
@given(st.permutations(sorted(GATEWAY)), st.floats(0.0, GATHER_S - 0.2), st.integers(0, 52))
def test_it_is_one_alarm_in_whatever_order_they_fall_silent_and_come_back(order, spread_s, together):
    """Units behind a gateway are asked one after another, so one is known to be silent before another."""
    world = World()
    steps = max(1, round(spread_s / 0.1))
    for step in range(steps):
        world.see(silent(*order[: len(order) * step // steps]), 0.1, 0.1)
    world.see(silent(*order), 5.0)
    for back in range(0, 53, max(1, together)):
        world.see(silent(*order[back:]), 0.5, 0.5)
    world.see([])
    assert world.raised == ["host-silent:10.0.0.5"]
    assert world.standing == set()


def test_a_stumble_of_this_computer_is_nobody_s_alarm():
    """All devices look old for a moment, and answer as soon as they are asked again."""
    world = World()
    world.see(silent(*GATEWAY), GATHER_S - 1.0)
    world.see([], 5.0)
    assert world.raised == []


def test_one_of_many_that_is_silent_is_told_by_its_own_name():
    world = World()
    world.see(silent("rack7"), GATHER_S - 1.0)
    assert world.standing == set()
    world.see(silent("rack7"), 2.0)
    assert world.standing == {"device-silent:rack7"}


def test_a_device_alone_behind_its_address_is_told_at_once():
    world = World()
    world.see(silent("gate"))
    assert world.standing == {"device-silent:gate"}


def test_those_that_stay_away_longer_are_told_by_name():
    world = World()
    world.see(silent(*GATEWAY), 10.0)
    world.see(silent("rack7", "rack8"), LINGER_S - 1.0)
    assert world.standing == {"host-silent:10.0.0.5"}
    world.see(silent("rack7", "rack8"), 3.0)
    assert world.standing == {"device-silent:rack7", "device-silent:rack8"}


def test_an_alarm_that_stands_is_not_taken_back_when_the_others_fall_silent_too():
    world = World()
    world.see(silent("rack7"), 10.0)
    world.see(silent(*GATEWAY), 10.0)
    assert world.standing == {"device-silent:rack7", "host-silent:10.0.0.5"}
    assert world.raised == ["device-silent:rack7", "host-silent:10.0.0.5"]


def test_what_a_silent_gate_meter_means_is_part_of_its_alarm_and_makes_it_urgent():
    world = World()
    world.see(silent("gate"), 2.0)
    world.see([*silent("gate"), condition("meter-lost:gate", 1)], 10.0)
    (alarm,) = world.book.active()
    assert (alarm.key, alarm.condition.priority) == ("device-silent:gate", 1)
    assert "meter-lost" in alarm.condition.text.en
    world.see([], 1.0)
    assert world.standing == set()


@pytest.mark.parametrize("device", ["bms1", "pcs1"])
def test_what_is_missing_because_a_device_is_silent_is_part_of_that_alarm(device):
    """What it is asked for less often is still known for a while, so it looks as if it answered."""
    world = World()
    world.see(silent(device), 2.0)
    world.see([*silent(device), condition("data-missing:b1"), condition("cells-silent:b1")], 20.0)
    (alarm,) = world.book.active()
    assert alarm.key == f"device-silent:{device}"
    assert "data-missing:b1!" in alarm.condition.text.en
    world.see([condition("data-missing:b1")])
    assert world.standing == {"data-missing:b1"}


def test_missing_cells_and_missing_data_of_one_battery_are_one_alarm():
    world = World()
    world.see([condition("data-missing:b1"), condition("cells-silent:b1"), condition("cells-silent:b2")], 5.0)
    assert world.standing == {"data-missing:b1", "cells-silent:b2"}


def test_a_gate_meter_that_answers_nonsense_has_an_alarm_of_its_own():
    world = World()
    world.see([condition("meter-lost:gate", 1)])
    assert world.standing == {"meter-lost:gate"}
    # It goes on standing when the device falls silent as well, because it was told already.
    world.see([*silent("gate"), condition("meter-lost:gate", 1)])
    assert world.standing == {"device-silent:gate", "meter-lost:gate"}


@given(st.sets(st.sampled_from([*GATEWAY, "gate"])), st.integers(1, 30))
def test_no_silence_is_ever_without_an_alarm_for_long(devices, seconds):
    """The law behind all of it: grouping hides alarms, never causes."""
    world = World()
    world.see(silent(*devices), GATHER_S + seconds)
    told = world.standing
    for device in devices:
        assert f"device-silent:{device}" in told or f"host-silent:{HOSTS[device]}" in told


@pytest.mark.parametrize("key", ["import-limit-missed:grid-limits", "clock-jumped", "another-master:rack1"])
def test_what_has_another_cause_is_left_alone(key):
    world = World()
    world.see([*silent(*GATEWAY), condition(key)], 5.0)
    assert world.standing == {"host-silent:10.0.0.5", key}


def test_a_converter_that_does_not_follow_and_is_stopped_for_it_is_one_cause_to_people():
    assert family_of("not-following:b1") == family_of("stopped-not-following:b1") == family_of("echo-differs:b1")
    assert family_of("not-following:b1") != family_of("not-following:b2")
    assert family_of("record-failing") == family_of("ledger-failing")
    assert family_of("device-silent:gate") == "device-silent:gate"
