"""Minutes and quarter-hours against the plain definition, however the rows arrive."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.history.record.aggregate import (
    MINUTE_US,
    QUARTER_US,
    Interval,
    Rows,
    close_minutes,
    close_quarters,
    no_rows,
)

HOLD_S = 5.0


@st.composite
def many_rows(draw):
    """Up to an hour of rows at uneven distances, with gaps, bad values and nan."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, points = draw(st.integers(1, 300)), draw(st.integers(1, 3))
    steps = rng.choice([0.1, 1.0, 7.0, 61.0, 400.0], count)
    values = rng.normal(0, 100, (count, points))
    values[rng.random(values.shape) < 0.1] = np.nan
    quality = rng.choice([0, 0, 0, 1, 2], values.shape).astype(np.uint8)
    return Rows((1e15 + np.cumsum(steps) * 1e6).astype(np.int64), values, quality)


def fold(rows, cuts):
    """As the writer does it: piece by piece."""
    minutes, quarters = [], []
    unclosed: list[Interval] = []
    rest = no_rows(rows.values.shape[1])
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        if end > start:
            closed, rest = close_minutes(rest.followed_by(rows[start:end]), HOLD_S)
            minutes += closed
            done, unclosed = close_quarters([*unclosed, *closed], int(rows.t_us[end - 1]))
            quarters += done
    return minutes, quarters


def expected(rows, start_us, length_us, point):
    inside = (rows.t_us >= start_us) & (rows.t_us < start_us + length_us)
    lasts = np.minimum(np.append(np.diff(rows.t_us), 0) / 1e6, HOLD_S)
    counts = inside & (rows.quality[:, point] == 0) & ~np.isnan(rows.values[:, point])
    values, lasts = rows.values[counts, point], lasts[counts]
    up, down = np.maximum(values, 0) @ lasts, np.maximum(-values, 0) @ lasts
    return values, lasts.sum(), up, down


@given(many_rows(), st.data())
def test_intervals_are_the_plain_statistics_of_good_values(rows, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=5)))
    minutes, quarters = fold(rows, cuts)
    for intervals, length_us in ((minutes, MINUTE_US), (quarters, QUARTER_US)):
        starts = np.unique(rows.t_us // length_us)[:-1] * length_us
        assert [interval.t_us for interval in intervals] == list(starts)
        for interval in intervals:
            for point in range(rows.values.shape[1]):
                values, seconds, up, down = expected(rows, interval.t_us, length_us, point)
                assert interval.n[point] == len(values)
                if len(values):
                    assert interval.low[point] == values.min()
                    assert interval.high[point] == values.max()
                    assert interval.mean[point] == pytest.approx(values.mean(), abs=1e-9)
                assert interval.seconds[point] == pytest.approx(seconds)
                assert interval.up[point] == pytest.approx(up)
                assert interval.down[point] == pytest.approx(down)


def test_the_open_minute_stays_open():
    rows = Rows(np.array([0, 59_000_000, 60_000_000, 61_000_000]), np.zeros((4, 1)), np.zeros((4, 1), np.uint8))
    closed, rest = close_minutes(rows, HOLD_S)
    assert [minute.t_us for minute in closed] == [0]
    assert list(rest.t_us) == [60_000_000, 61_000_000]


def test_a_gap_holds_for_no_longer_than_told():
    rows = Rows(np.array([0, 600_000_000]), np.full((2, 1), 10.0), np.zeros((2, 1), np.uint8))
    closed, _ = close_minutes(rows, HOLD_S)
    assert (closed[0].seconds[0], closed[0].up[0]) == (5.0, 50.0)
