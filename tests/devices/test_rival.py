"""Who else writes a register: what a device does by itself is nobody's fault."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.devices.outbox import Outbox, Terms
from leyden.devices.rival import AGREES_S, Rival

POINTS = {"setpoint_w": Terms(), "run": Terms(), "watchdog_s": Terms()}
STEP_W = 1.0


def followed(*told: float, begin_s: float = 0.0) -> Rival:
    """A register that held each of these values when it was looked at, a second apart."""
    rival = Rival()
    for at, value in enumerate(told):
        rival.told(value, begin_s + at, took=True)
        rival.look(value, begin_s + at + 0.5, STEP_W, reverted=False)
    return rival


def looks(rival: Rival, *said: float, begin_s: float = 100.0, reverted: bool = False) -> list[float | None]:
    found = []
    for at, value in enumerate(said):
        rival.look(value, begin_s + at, STEP_W, reverted)
        found.append(rival.value)
    return found


def test_a_register_that_changes_by_itself_is_told_at_the_second_look():
    assert looks(followed(0.0, 5e5), -1e5, -1e5) == [None, -1e5]
    assert looks(followed(0.0, 5e5), 0.0, 0.0) == [None, 0.0]  # also where it is what we had said before


def test_one_look_is_no_look():
    rival = followed(0.0, 5e5)
    assert looks(rival, -1e5, 5e5, 5e5) == [None, None, None]
    assert looks(rival, -1e5, begin_s=102.0 + AGREES_S) == [None]  # the first is forgotten
    assert looks(rival, -1e5, begin_s=110.0 + AGREES_S) == [-1e5]


def test_the_same_reading_twice_is_one_look():
    rival = followed(0.0, 5e5)
    for _ in range(5):
        rival.look(-1e5, 100.0, STEP_W, reverted=False)
    assert rival.value is None


def test_a_device_that_fell_back_by_itself_has_no_other_master():
    assert looks(followed(0.0, 5e5), 0.0, 0.0, 0.0, reverted=True) == [None] * 3


def test_a_missing_value_says_nothing():
    assert looks(followed(0.0, 5e5), math.nan, math.nan, math.nan) == [None] * 3


def test_a_register_that_never_held_what_it_was_told_has_no_other_master():
    rival = Rival()
    rival.told(0.0, 0.0)
    rival.told(5e5, 1.0)
    assert looks(rival, -7e5, -7e5, -7e5) == [None] * 3


@given(share=st.floats(0.0, 1.0), before=st.floats(-1e6, 1e6), told=st.floats(-1e6, 1e6))
def test_a_device_on_its_way_or_limiting_itself_is_believed(share, before, told):
    rival = followed(before)
    rival.told(told, 50.0, took=True)
    on_its_way = before + share * (told - before)
    assert looks(rival, *[on_its_way] * 5) == [None] * 5


@given(powers=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), late=st.integers(0, 3))
def test_a_device_that_shows_everything_late_is_believed(powers, late):
    rival, told = Rival(), []
    for at, power_w in enumerate(powers):
        rival.told(power_w, float(at), took=True)
        told.append(power_w)
        rival.look(told[max(0, at - late)], at + 0.9, STEP_W, reverted=False)
        assert rival.value is None


@given(powers=st.lists(st.floats(1e3, 1e6), min_size=3, max_size=20))
def test_somebody_else_is_seen_although_we_say_something_new_all_the_time(powers):
    rival = followed(*powers[:1])
    for at, power_w in enumerate(powers[1:], 1):
        rival.told(power_w, float(at), took=True)
        rival.look(-5e5, at + 0.9, STEP_W, reverted=False)
    assert rival.value == -5e5


class Station:
    """An outbox whose device somebody else writes to as well."""

    def __init__(self) -> None:
        self.box = Outbox(30.0, fresh_s=3.0)
        self.box.open(POINTS)
        self.register_w = 0.0
        self.now_s = 0.0
        self.fed: list[float] = []

    def cycle(self, power_w: float, run: float = 1.0) -> list[float]:
        """A second, a poll, a wish; which set-points were sent."""
        self.now_s += 1.0
        poll = (self.register_w, self.now_s)
        self.box.want({"setpoint_w": power_w, "run": run}, self.now_s)
        batch = self.box.take(self.now_s, lambda name: poll if name == "setpoint_w" else (math.nan, -math.inf), lambda _: STEP_W)  # fmt: skip  # noqa: E501
        for name, value in batch:
            self.box.sent(name, value, self.now_s)
            self.box.proven(name, value, self.now_s)
            if name == "setpoint_w":
                self.register_w = value
            if name == "watchdog_s":
                self.fed.append(self.now_s)
        return [value for name, value in batch if name == "setpoint_w"]

    def cycles(self, count: int, power_w: float, run: float = 1.0) -> list[float]:
        return [value for _ in range(count) for value in self.cycle(power_w, run)]

    @property
    def rival(self) -> float | None:
        return self.box.rivals["setpoint_w"].value


@pytest.fixture
def station() -> Station:
    """One that was at 500 kW until somebody else said -100 kW, and knows it."""
    made = Station()
    made.cycles(5, 0.0)
    made.cycles(3, 5e5)
    made.register_w = -1e5
    assert made.cycles(2, 5e5) == []
    assert made.rival == -1e5
    made.fed.clear()
    return made


def test_who_is_not_fought_is_not_fed_either(station):
    assert station.cycles(50, 5e5) == []
    assert station.fed == []
    assert station.cycles(5, 4e5) == []


def test_a_zero_that_is_decided_is_written_once(station):
    assert station.cycles(3, 0.0) == [0.0]
    station.register_w = -1e5
    assert station.cycles(10, 0.0) == []
    assert station.cycles(3, 2e5) == []
    assert station.cycles(3, 0.0) == [0.0]


def test_a_stop_yields_to_nobody(station):
    for _ in range(5):
        assert station.cycle(0.0, run=0.0) == [0.0]
        station.register_w = -1e5


def test_it_is_ours_again_when_it_has_agreed_for_a_minute(station):
    station.register_w = 5e5
    assert station.cycles(59, 5e5) == []
    assert station.rival == 5e5 or station.rival == -1e5
    station.cycles(3, 5e5)
    assert station.rival is None
    assert station.cycles(16, 4e5)[0] == 4e5


def test_agreement_that_breaks_begins_anew(station):
    station.register_w = 5e5
    station.cycles(40, 5e5)
    station.register_w = -1e5
    station.cycles(1, 5e5)
    station.register_w = 5e5
    station.cycles(40, 5e5)
    assert station.rival is not None


def test_a_person_makes_it_ours(station):
    station.box.forgive("setpoint_w")
    assert station.cycles(1, 5e5) == [5e5]
    assert station.rival is None


def test_a_new_connection_does_not_make_it_ours(station):
    station.box.open(POINTS)
    assert station.cycles(10, 5e5) == []


def test_control_that_slept_through_the_watchdog_accuses_nobody():
    station = Station()
    station.cycles(5, 5e5)
    station.now_s += 40.0
    station.register_w = 0.0  # the device fell back by itself
    assert station.cycles(2, 5e5)[0] == 5e5
    assert station.rival is None
