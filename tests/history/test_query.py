"""A query at screen resolution equals numpy's statistics of the same rows, whichever rows it is made of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.history.conftest import DAY0, closed, fill, opened, wait_for

START = DAY0 - 3000
"""50 minutes before midnight UTC: the span crosses the end of a day."""
COUNT = 9000


@pytest.fixture(scope="module", params=["before the day closes", "after the day has closed"])
def filled(request, tmp_path_factory):
    """Two and a half hours at 1 Hz, with bad values and a gap of ten minutes."""
    with opened(tmp_path_factory.mktemp("query")) as record:
        if request.param.startswith("before"):
            record._writer._close_after = float("inf")
        rows = [fill(record, START, 4000, bad=0.1), fill(record, START + 4600, COUNT - 4600, seed=1, bad=0.1)]
        if request.param.startswith("after"):
            wait_for(lambda: closed(record, "readings"))
            assert (record._folder / "readings" / "2026-07-14.parquet").exists()
        yield record, *(np.concatenate(parts) for parts in zip(*rows, strict=True))


def expected(t, values, quality, curves):
    counts = (quality == 0) & ~np.isnan(values)
    step = curves.step_s
    series = next(iter(curves.series.values()))
    low, mean, high = (np.full(len(series.t), np.nan) for _ in range(3))
    for index, start in enumerate(series.t):
        inside = values[counts & (t >= start - 1e-6) & (t < start + step - 1e-6)]
        if len(inside):
            low[index], mean[index], high[index] = inside.min(), inside.mean(), inside.max()
    return low, mean, high


@settings(max_examples=25)
@given(
    st.floats(-2000, 10_000),
    st.sampled_from([30.0, 400.0, 3600.0, 9000.0, 40_000.0]),
    st.integers(1, 900),
)
def test_every_step_is_numpys_minimum_mean_and_maximum(filled, offset, length, width):
    record, t, values, quality = filled
    start = START + round(offset)
    curves = record.query(["b1.soc"], start, start + length, width)
    series = curves.series["b1.soc"]
    if curves.source == "raw" and curves.step_s == 1.0:
        inside = (t >= start) & (t < start + length)
        good = np.where(quality[inside, 1] == 0, values[inside, 1], np.nan)
        assert np.array_equal(series.mean[np.isin(series.t, t)], good, equal_nan=True)
        return
    low, mean, high = expected(t, values[:, 1], quality[:, 1], curves)
    assert np.array_equal(series.low, low, equal_nan=True)
    assert np.array_equal(series.high, high, equal_nan=True)
    assert series.mean == pytest.approx(mean, nan_ok=True, rel=1e-9, abs=1e-6)
    assert series.t[0] <= start
    assert series.t[-1] + curves.step_s >= start + length
    assert len(series.t) <= width + 2
    assert np.allclose(series.t % curves.step_s, 0.0)


@pytest.mark.parametrize(
    ("span_s", "width", "source", "step_s"),
    [
        (300, 1000, "raw", 1.0),
        (3600, 1000, "raw", 4.0),
        (3600, 100, "raw", 36.0),
        (3600, 90, "minutes", 60.0),
        (86_400, 1500, "minutes", 60.0),
        (7 * 86_400, 1000, "quarters", 900.0),
        (30 * 86_400, 1500, "quarters", 1800.0),
    ],
)
def test_the_coarsest_rows_that_fill_the_screen_are_read(filled, span_s, width, source, step_s):
    curves = filled[0].query(["b1.soc"], START, START + span_s, width)
    assert (curves.source, curves.step_s) == (source, step_s)


def test_a_gap_stays_a_gap_at_every_resolution(filled):
    record = filled[0]
    for width in (30, 150, 1500, 9000):
        curves = record.query(["grid.power_w"], START, START + COUNT, width)
        series = curves.series["grid.power_w"]
        inside = (series.t > START + 4000) & (series.t + curves.step_s < START + 4600)
        assert inside.any()
        assert np.isnan(series.mean[inside]).all()


def test_a_slow_site_shows_no_holes_between_its_samples(tmp_path):
    with opened(tmp_path) as record:
        t, values, _ = fill(record, DAY0, 120, step=30.0)
        series = record.query(["b1.soc"], DAY0, DAY0 + 3600, 150).series["b1.soc"]
        assert np.array_equal(series.t, t)
        assert np.array_equal(series.mean, values[:, 1])


def test_ten_samples_a_second_can_be_told_apart(tmp_path):
    with opened(tmp_path) as record:
        t, values, _ = fill(record, DAY0, 500, step=0.1)
        series = record.query(["b1.soc"], DAY0, DAY0 + 50, 1000).series["b1.soc"]
        assert series.t == pytest.approx(t, abs=1e-6)
        assert np.array_equal(series.mean, values[:, 1])


def test_what_is_forgotten_in_detail_is_shown_from_coarser_rows(tmp_path):
    with opened(tmp_path, keep_raw_s=86_400.0) as record:
        fill(record, DAY0, 3600, step=60.0)
        fill(record, DAY0 + 3 * 86_400, 100)
        days = [f"2026-07-{day}.parquet" for day in (15, 16, 17)]
        wait_for(lambda: closed(record, "readings") and not (tmp_path / "readings" / days[1]).exists())
        assert [path.name for path in (tmp_path / "readings").iterdir()] == days[2:]
        curves = record.query(["b1.soc"], DAY0, DAY0 + 3600, 3600)
        assert (curves.source, curves.step_s) == ("minutes", 60.0)
        assert np.isfinite(curves.series["b1.soc"].mean).all()
