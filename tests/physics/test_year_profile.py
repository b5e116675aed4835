"""Any date on a leap year's quarters of an hour."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics import year_value
from leyden.physics.ripple import ripple
from leyden.physics.year_profile import SLOTS, slot_of


def wall(text):
    """A wall clock's time, without a zone."""
    return datetime.fromisoformat(text)


NUMBERED = np.arange(SLOTS, dtype=np.float64)


@pytest.mark.parametrize(
    ("when", "slot"),
    [
        (wall("2016-01-01"), 0),
        (wall("2026-01-01T00:15"), 1),
        (wall("2024-02-29"), 59 * 96),
        (wall("2026-02-28T23:45"), 59 * 96 - 1),
        (wall("2026-03-01"), 60 * 96),
        (wall("2028-03-01"), 60 * 96),
        (wall("2026-12-31T23:59:59"), SLOTS - 1),
    ],
)
def test_any_year_has_the_same_month_day_and_time(when, slot):
    assert slot_of(when)[0] == slot


def test_values_stand_at_their_stamps_and_run_straight_between():
    assert year_value(NUMBERED, wall("2026-07-15")) == slot_of(wall("2026-07-15"))[0]
    half = year_value(NUMBERED, wall("2026-07-15T00:07:30"))
    assert half == pytest.approx(slot_of(wall("2026-07-15"))[0] + 0.5)


def test_the_year_closes_on_itself():
    values = np.zeros(SLOTS)
    values[0], values[-1] = 4.0, 2.0
    assert year_value(values, wall("2026-12-31T23:52:30")) == pytest.approx(3.0)


def test_an_ordinary_february_runs_into_march():
    values = np.zeros(SLOTS)
    values[60 * 96] = 8.0
    assert year_value(values, wall("2027-02-28T23:52:30")) == pytest.approx(4.0)
    assert year_value(values, wall("2028-02-28T23:52:30")) == 0.0
    assert year_value(values, wall("2028-02-29T23:52:30")) == pytest.approx(4.0)


@given(st.datetimes(wall("2000-01-01"), wall("2099-12-31")))
def test_every_moment_has_a_slot_and_the_zone_does_not_matter(when):
    slot, part = slot_of(when)
    assert 0 <= slot < SLOTS
    assert 0.0 <= part < 1.0
    assert slot_of(when.replace(tzinfo=UTC)) == (slot, part)


def test_ripple_is_small_smooth_repeatable_and_different_by_seed():
    times = np.arange(0.0, 5000.0, 0.25)
    values = np.array([ripple(7, t) for t in times])
    assert np.abs(values).max() <= 1.0
    assert abs(values.mean()) < 0.1
    assert values.std() > 0.1
    assert np.abs(np.diff(values)).max() < 0.12
    assert ripple(7, 1234.5) == ripple(7, 1234.5) != ripple(8, 1234.5)
    assert ripple(7, datetime(2026, 7, 15, tzinfo=UTC).timestamp()) == pytest.approx(
        ripple(7, (datetime(2026, 7, 15, tzinfo=UTC) + timedelta(microseconds=1)).timestamp()), abs=1e-5
    )
