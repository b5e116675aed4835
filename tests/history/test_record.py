"""The record as its users meet it: what goes in comes out, also after a restart."""

import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.history import HistoryError, RecordUnavailableError
from leyden.history.record.record import Record
from leyden.model.plan import Plan, Slot, SlotMode
from leyden.model.reason import NobodyAsks
from tests.history.conftest import DAY0, fill, opened

POINTS = ("grid.power_w", "b1.soc")


def samples(record, point, start, end):
    series = record.query([point], start, end, 10_000_000).series[point]
    return series.t, series.mean


def test_values_come_back_as_they_went_in_and_only_good_ones_count(record):
    t, values, quality = fill(record, DAY0, 600, bad=0.2)
    for column, point in enumerate(POINTS):
        back_t, back = samples(record, point, DAY0, DAY0 + 600)
        assert np.array_equal(back_t, t)
        assert np.array_equal(back, np.where(quality[:, column] == 0, values[:, column], np.nan), equal_nan=True)


def test_values_that_are_not_good_are_kept_with_their_quality(record):
    t, values, quality = fill(record, DAY0, 100, bad=0.5)
    with record._viewing() as view:
        back_t, back, back_quality = view.samples(POINTS, 0, 2**60)[0]
    assert np.array_equal(back_t, t * 1e6)
    assert np.array_equal(back, values[:, 0], equal_nan=True)
    assert np.array_equal(back_quality, quality[:, 0])


def test_a_restart_goes_on_where_it_was(tmp_path):
    with opened(tmp_path) as record:
        fill(record, DAY0, 100)
        before = record.state()
    with opened(tmp_path) as record:
        assert record.last_t() == DAY0 + 99
        assert record.state().written == before.written
        record.append(DAY0 + 50, np.zeros(2), np.zeros(2, np.uint8))
        assert record.state().refused == 1
        assert "went back by 49 s" in str(record.state().failing)
        fill(record, DAY0 + 100, 20)
        assert record.state().failing is None
        assert record.state().written == before.written + 20
        assert len(samples(record, POINTS[0], DAY0, DAY0 + 1000)[0]) == 120


def test_a_restart_closes_the_minute_that_was_open(tmp_path):
    with opened(tmp_path) as record:
        _, values, _ = fill(record, DAY0, 90)
    with opened(tmp_path) as record:
        _, later, _ = fill(record, DAY0 + 90, 90, seed=1)
        curves = record.query(POINTS, DAY0, DAY0 + 180, 3)
    both = np.concatenate((values, later))
    assert (curves.source, curves.step_s) == ("minutes", 60.0)
    expected = [both[minute * 60 : minute * 60 + 60, 0].mean() for minute in range(3)]
    assert curves.series["grid.power_w"].mean == pytest.approx(expected)


def test_points_may_come_and_go(tmp_path):
    with opened(tmp_path, points=("a.power_w", "b.power_w")) as record:
        fill(record, DAY0, 90)
    with opened(tmp_path, points=("b.power_w", "c.power_w")) as record:
        fill(record, DAY0 + 90, 90)
        counts = {
            point: int(np.isfinite(samples(record, point, DAY0, DAY0 + 180)[1]).sum())
            for point in ("a.power_w", "b.power_w", "c.power_w", "never.power_w")
        }
    assert counts == {"a.power_w": 90, "b.power_w": 180, "c.power_w": 90, "never.power_w": 0}


@settings(max_examples=10)
@given(st.floats(0, 3700), st.floats(1, 4000))
def test_energy_is_the_integral_each_direction_by_itself(shared, offset, length):
    record, t, values, quality = shared
    start, end = DAY0 + round(offset, 1), DAY0 + round(offset + length, 1)
    energy = record.energy("grid.power_w", start, end)
    inside = (t >= start) & (t < end) & (quality[:, 0] == 0) & ~np.isnan(values[:, 0])
    power = values[inside, 0]
    tolerance = 3 * 1e5 / 3600 * 3  # a value at each end counts a little more or less than its second
    assert energy.out_wh == pytest.approx(power[power > 0].sum() / 3600, abs=tolerance)
    assert energy.in_wh == pytest.approx(-power[power < 0].sum() / 3600, abs=tolerance)
    assert energy.coverage == pytest.approx(
        min(len(power) / (end - start), 1.0), abs=6 / (end - start)
    )  # the last holds


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("shared")) as record:
        yield (record, *fill(record, DAY0, 4000, bad=0.1))


def test_energy_over_whole_minutes_is_exact(shared):
    record, _, values, quality = shared
    energy = record.energy("grid.power_w", DAY0 + 60, DAY0 + 3660)
    power = np.where(quality[60:3660, 0] == 0, np.nan_to_num(values[60:3660, 0]), 0.0)
    assert energy.out_wh == pytest.approx(np.maximum(power, 0).sum() / 3600, rel=1e-9)
    assert energy.in_wh == pytest.approx(np.maximum(-power, 0).sum() / 3600, rel=1e-9)


def test_energy_of_what_was_never_recorded_is_zero_and_uncovered(record):
    energy = record.energy("grid.power_w", DAY0, DAY0 + 60)
    assert (energy.out_wh, energy.in_wh, energy.coverage) == (0.0, 0.0, 0.0)


def test_the_frame_of_a_moment_is_the_newest_before_it(record):
    for second in range(0, 60, 10):
        frame = np.full((2, 2, 4), 3300 + second, np.int16)
        record.append_cells("b1", DAY0 + second, frame, frame // 10)
    assert record.flush()
    frame = record.cells_at("b1", DAY0 + 25)
    assert (frame.t, frame.voltage_mv[0, 0, 0], frame.temperature_ddegc[1, 1, 3]) == (DAY0 + 20, 3320, 332)
    assert record.cells_at("b1", DAY0 - 1) is None
    assert record.cells_at("b2", DAY0 + 25) is None
    assert record.cells_at("b1", DAY0 + 100, within_s=30.0) is None


def test_decisions_newest_first_as_they_were_written(record):
    bodies = [orjson.dumps({"number": number, "why": "下网限值"}) for number in range(20)]
    for number, body in enumerate(bodies):
        record.append_decision(number, DAY0 + number, body)
    assert record.flush()
    found = record.decisions(DAY0 + 5, DAY0 + 15, limit=3)
    assert [decision.number for decision in found] == [14, 13, 12]
    assert [decision.body for decision in found] == bodies[14:11:-1]
    assert found[0].t == DAY0 + 14


def test_a_later_plan_takes_over_from_when_it_was_recorded(record):
    start = datetime.fromtimestamp(DAY0, UTC)

    def plan(made, power_w, first, hours):
        slots = tuple(
            Slot(
                start=start + timedelta(hours=first + hour),
                end=start + timedelta(hours=first + hour + 1),
                mode=SlotMode.BATTERY,
                reason=NobodyAsks(),
                power_w=power_w,
                soc_end=(first + hour + 1) / 24,
            )
            for hour in range(hours)
        )
        return Plan(slots, start + timedelta(hours=made), "time-of-use")

    record.append_plan(plan(0, 1e5, 0, 24))
    record.append_plan(plan(2.5, 2e5, 2, 3))
    assert record.flush()
    slots = record.planned(start + timedelta(hours=1), start + timedelta(hours=6))
    hours = [((slot.start - start) / timedelta(hours=1), (slot.end - start) / timedelta(hours=1)) for slot in slots]
    assert hours == [(1, 2), (2, 2.5), (2.5, 3), (3, 4), (4, 5)]
    assert [slot.power_w for slot in slots] == [1e5, 1e5, 2e5, 2e5, 2e5]
    # The slot that was cut ends where its plan would have been by then.
    assert slots[1].soc_end == pytest.approx(2.5 / 24)
    assert slots[0].reason["code"] == "NobodyAsks"


def test_real_and_simulated_are_never_mixed(tmp_path):
    with opened(tmp_path, simulated=True):
        pass
    with pytest.raises(HistoryError, match=r"holds simulated history, but this site is real: name another folder"):
        Record(tmp_path, POINTS, record_options(), simulated=False)
    with opened(tmp_path, simulated=True) as record:
        assert record.simulated


def record_options():
    from leyden.history import HistoryOptions

    return HistoryOptions()


def test_a_record_of_a_newer_version_is_refused(tmp_path):
    with opened(tmp_path) as record:
        record._store.writer.execute("UPDATE meta SET value = 99 WHERE key = 'schema'")
    with pytest.raises(HistoryError, match=r"newer Leyden \(schema 99.*update Leyden"):
        Record(tmp_path, POINTS, record_options(), simulated=True)


def test_a_span_without_a_width_or_a_zone_is_refused(record):
    with pytest.raises(ValueError, match="must end after its start"):
        record.query(POINTS, DAY0, DAY0, 100)
    with pytest.raises(ValueError, match="needs its zone"):
        record.query(POINTS, datetime(2026, 7, 15), DAY0, 100)  # noqa: DTZ001 that is the point


def test_a_closed_record_says_so(tmp_path):
    with opened(tmp_path) as record:
        pass
    with pytest.raises(RecordUnavailableError, match="cannot be read now"):
        record.query(POINTS, DAY0, DAY0 + 1, 100)
    record.append(DAY0, np.zeros(2), np.zeros(2, np.uint8))


def test_readers_see_a_growing_record_and_never_half_a_row(record):
    """Four threads read while one writes: every answer is a prefix of what was written."""
    errors, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            t, mean = samples(record, "grid.power_w", DAY0, DAY0 + 10_000)
            minutes = record.query(["b1.soc"], DAY0, DAY0 + 6000, 100).series["b1.soc"].mean
            if not np.array_equal(mean, np.arange(len(t), dtype=float)) or not np.array_equal(
                t, DAY0 + np.arange(len(t))
            ):
                errors.append((t, mean))
            known = np.flatnonzero(np.isfinite(minutes))
            if not np.array_equal(known, np.arange(len(known))) or not np.all(minutes[known] == 0.5):
                errors.append(minutes)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for second in range(3000):
        record.append(DAY0 + second, np.array([float(second), 0.5]), np.zeros(2, np.uint8))
        if second % 100 == 0:
            record.flush()
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors
