"""Minutes of frames: means, medians of what is known, and what a step of current does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leyden.bms.watch.frames import Frames, mean_known, minutes, row_median

VALUES = st.floats(-10.0, 10.0) | st.just(float("nan"))


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 7)), elements=VALUES))
def test_the_median_of_a_row_is_that_of_its_known_values(values):
    for row, middle in zip(values, row_median(values), strict=True):
        known = row[~np.isnan(row)]
        assert np.isnan(middle) if not known.size else middle == pytest.approx(np.median(known))


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 7)), elements=VALUES))
def test_the_mean_of_a_column_is_that_of_its_known_values(values):
    for column, mean in zip(values.T, mean_known(values), strict=True):
        known = column[~np.isnan(column)]
        assert np.isnan(mean) if not known.size else mean == pytest.approx(np.mean(known), abs=1e-12)


def frames(seconds, volts, amps=None):
    times = np.asarray(seconds, np.float64)
    return Frames(
        times, np.asarray(volts, np.float64), np.full(len(times), np.nan) if amps is None else np.asarray(amps)
    )


def test_frames_of_one_minute_become_one():
    found = minutes(frames([0, 10, 20, 70], [[3.3, 3.3, 3.36], [3.3, 3.3, 3.36], [3.3, 3.3, 3.3], [3.2, 3.3, 3.4]]))
    assert found.median_v == pytest.approx([3.3, 3.3])
    assert found.deviation_v[0] == pytest.approx([0.0, 0.0, 0.04])
    assert found.deviation_v[1] == pytest.approx([-0.1, 0.0, 0.1])


def test_what_is_no_cell_voltage_is_missing_and_not_zero():
    found = minutes(frames([0, 60], [[3.3, 3.3, 0.0, 6.5535], [3.3, 3.3, 3.31, 3.3]]))
    assert np.isnan(found.deviation_v[0, 2:]).all()
    assert found.deviation_v[1, 2] == pytest.approx(0.01)


def test_a_joint_shows_at_once_in_steps_of_current():
    amps = np.tile([0.0, 0.0, 100.0, -60.0], 30)
    volts = np.full((120, 5), 3.3)
    volts[:, 2] -= 2e-4 * amps
    found = minutes(frames(10.0 * np.arange(120), volts, amps))
    assert found.quick_ohm == pytest.approx([0.0, 0.0, 2e-4, 0.0, 0.0], abs=1e-9)


def test_long_days_are_worked_on_in_blocks_and_come_out_the_same():
    rng = np.random.default_rng(1)
    volts, amps = 3.3 + 0.01 * rng.standard_normal((9000, 4)), 100.0 * rng.standard_normal(9000)
    whole = frames(10.0 * np.arange(9000), volts, amps)
    found = minutes(whole)
    assert found.deviation_v[5] == pytest.approx((volts - np.median(volts, axis=1)[:, None])[30:36].mean(axis=0))
    assert len(found.median_v) == pytest.approx(1500, abs=1)


@pytest.mark.parametrize("bad", [([0, 10], [[3.3, 3.3]], None), ([10, 0], [[3.3, 3.3], [3.3, 3.3]], None)])
def test_frames_that_do_not_fit_together_are_refused(bad):
    with pytest.raises(ValueError, match=r"rows|backwards"):
        frames(*bad)
