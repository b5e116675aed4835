"""Since when: steps, ramps and what is neither."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.bms.watch.onset import onset

DAYS = np.arange(40.0)


@pytest.mark.parametrize("day", [5, 12, 20, 33])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_step_is_found_on_its_day(day, seed):
    noise = np.random.default_rng(seed).standard_normal(40)
    found = onset(DAYS, noise + 8.0 * (day <= DAYS))
    assert found.shape == "step"
    assert found.day == pytest.approx(day, abs=1.0)


@pytest.mark.parametrize("day", [8, 15, 22])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_ramp_is_found_within_days(day, seed):
    noise = np.random.default_rng(seed).standard_normal(40)
    found = onset(DAYS, noise - 1.0 * np.maximum(DAYS - day, 0.0))
    assert found.shape == "ramp"
    assert found.day == pytest.approx(day, abs=4.0)
    assert found.per_day == pytest.approx(-1.0, abs=0.25)


def test_what_always_moved_began_before_the_record():
    found = onset(DAYS, 0.5 * DAYS + np.random.default_rng(1).standard_normal(40))
    assert (found.shape, found.day) == ("ramp", None)
    assert found.per_day == pytest.approx(0.5, abs=0.05)


def test_noise_alone_is_steady_nearly_always():
    rng = np.random.default_rng(1)
    told = [onset(DAYS, rng.standard_normal(40)).shape for _ in range(100)]
    assert told.count("steady") >= 90


def test_single_odd_days_are_no_change():
    values = np.random.default_rng(1).standard_normal(40) * 0.1
    values[[7, 30]] = 50.0
    assert onset(DAYS, values).shape == "steady"


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_where_and_how_large_the_scale_is_does_not_matter(shift, scale):
    values = np.random.default_rng(4).standard_normal(40) + 6.0 * (DAYS >= 14)
    assert onset(DAYS, shift + scale * values).day == onset(DAYS, values).day


def test_days_that_could_not_tell_are_passed_over():
    values = np.where(DAYS % 3 == 0, np.nan, 5.0 * (DAYS >= 20))
    assert onset(DAYS, values).day == 20.0
    assert onset(DAYS, np.full(40, np.nan)).shape == "steady"
