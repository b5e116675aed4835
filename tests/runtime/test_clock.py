"""Clocks, and what a jump of the wall clock does."""

from datetime import UTC, datetime, timedelta

import pytest

from leyden.runtime.clock import JumpDetector, SimulatedClock, TwinClock

NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)


def test_simulated_time_moves_only_when_told():
    clock = SimulatedClock(NOON)
    clock.advance(90.0)
    assert clock.now() == NOON + timedelta(seconds=90)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1.0)


def test_two_twin_clocks_of_one_origin_agree():
    first = TwinClock.starting_at(NOON, speed=60.0)
    second = TwinClock(first.origin, first.monotonic_s, first.speed)
    assert abs(first.elapsed_s() - second.elapsed_s()) < 0.5
    assert first.now() >= NOON


@pytest.mark.parametrize("jump_s", [6.0, -3600.0])
def test_a_jump_is_not_trusted_until_it_is_undone_or_accepted(jump_s):
    detector = JumpDetector()
    assert detector.trusted(NOON, 0.0)
    jumped = NOON + timedelta(seconds=10 + jump_s)
    assert not detector.trusted(jumped, 10.0)
    assert detector.jumped_s == pytest.approx(jump_s)
    assert detector.trusted(NOON + timedelta(seconds=20), 20.0)
    assert not detector.trusted(jumped + timedelta(seconds=20), 30.0)
    detector.accept()
    assert detector.trusted(jumped + timedelta(seconds=21), 31.0)


def test_slow_drift_and_small_steps_are_followed():
    detector = JumpDetector()
    for hour in range(48):
        assert detector.trusted(NOON + timedelta(hours=hour, seconds=2 * hour), 3600.0 * hour)
