"""What the cycle meets: it never waits, never fails, and memory is bounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.history.record.intake import Intake

GOOD = np.zeros(2, np.uint8)


def intake(limit=1_000_000, every_s=10.0):
    return Intake(2, limit, every_s)


def read(queue, t, value=1.0):
    queue.reading(t, np.full(2, value), GOOD)


def test_rows_come_back_in_order_and_stay_until_they_are_done():
    queue = intake()
    for t in (1.0, 2.0, 3.0):
        read(queue, t)
        queue.decision(int(t), t, b"{}")
    batch = queue.take(10)
    assert [row.t_us for row in batch.readings] == [1_000_000, 2_000_000, 3_000_000]
    assert [row.order for row in batch.decisions] == [2, 4, 6]
    assert queue.take(10) == batch
    queue.done(batch.last)
    assert not queue.take(10)
    assert (queue.counts().waiting, queue.counts().waiting_bytes) == (0, 0)


def test_a_batch_ends_at_one_place_in_the_order():
    queue = intake()
    for t in range(1, 11):
        read(queue, float(t))
        queue.decision(t, float(t), b"{}")
    seen = []
    while batch := queue.take(3):
        assert len(batch.readings) <= 3
        orders = sorted(row.order for row in (*batch.readings, *batch.decisions))
        assert orders == list(range(orders[0], batch.last + 1))
        seen += orders
        queue.done(batch.last)
    assert seen == list(range(1, 21))


@pytest.mark.parametrize(
    ("t", "values"),
    [(5.0, np.ones(2)), (4.0, np.ones(2)), (np.nan, np.ones(2)), (np.inf, np.ones(2)), (9.0, np.ones(3))],
)
def test_what_is_not_newer_or_not_a_row_is_refused_and_counted(t, values):
    queue = intake()
    read(queue, 5.0)
    queue.reading(t, values, np.zeros(len(values), np.uint8))
    assert (queue.counts().waiting, queue.counts().refused) == (1, 1)


def test_a_clock_that_ran_back_is_told_until_it_has_caught_up():
    queue = intake()
    read(queue, 100.0)
    read(queue, 40.0)
    assert queue.counts().behind_s == 60.0
    read(queue, 90.0)
    assert queue.counts().behind_s == 10.0
    read(queue, 101.0)
    assert queue.counts().behind_s == 0.0


def test_the_caller_may_use_its_arrays_again():
    queue = intake()
    values = np.ones(2)
    queue.reading(1.0, values, GOOD)
    values[:] = 7.0
    assert list(queue.take(1).readings[0].values) == [1.0, 1.0]


def test_frames_that_come_too_soon_are_passed_over():
    queue = intake()
    frame = np.zeros((1, 1, 4), np.int16)
    for t in range(31):
        queue.cells("b1", float(t), frame, frame)
        queue.cells("b2", float(t), frame, frame)
    assert [row.t_us // 1_000_000 for row in queue.take(100).cells if row.battery == "b1"] == [0, 10, 20, 30]
    assert queue.counts().refused == 0


def test_the_oldest_readings_go_first_then_cells_then_decisions():
    queue = intake(limit=20_000, every_s=0.0)
    frame = np.zeros((1, 8, 48), np.int16)
    for t in range(1, 11):
        read(queue, float(t))
        queue.cells("b1", float(t), frame, frame)
        queue.decision(t, float(t), bytes(100))
    batch = queue.take(100)
    assert not batch.readings
    assert [row.t_us // 1_000_000 for row in batch.cells] == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert len(batch.decisions) == 10


@given(st.lists(st.tuples(st.sampled_from("rdc"), st.integers(0, 3000)), max_size=200), st.integers(1000, 100_000))
def test_memory_is_bounded_and_everything_is_accounted_for(rows, limit):
    queue = intake(limit=limit, every_s=0.0)
    for t, (kind, size) in enumerate(rows, 1):
        if kind == "r":
            read(queue, float(t))
        elif kind == "d":
            queue.decision(t, float(t), bytes(size))
        else:
            frame = np.zeros((1, 1, size), np.int16)
            queue.cells("b1", float(t), frame, frame)
        assert queue.counts().waiting_bytes <= limit
    counts = queue.counts()
    batch = queue.take(1000)
    assert len(batch.readings) + len(batch.cells) + len(batch.decisions) == counts.waiting
    assert counts.waiting + counts.dropped + counts.refused == len(rows)
    queue.done(batch.last)
    assert queue.counts().waiting_bytes == 0


def test_a_row_that_is_dropped_while_it_is_written_is_lost_only_if_that_fails():
    for written in (True, False):
        queue = intake(limit=1000)
        for t in (1.0, 2.0, 3.0):
            read(queue, t)
        batch = queue.take(10)
        read(queue, 4.0)  # pushes out the first
        queue.done(batch.last if written else 0)
        assert [row.t_us // 1_000_000 for row in queue.take(10).readings] == ([4] if written else [2, 3, 4])
        assert queue.counts().dropped == (0 if written else 1)


def test_after_a_restart_only_newer_rows_are_taken():
    queue = intake()
    for t in (5.0, 15.0):
        read(queue, t)
    queue.resume(10_000_000)
    assert [row.t_us for row in queue.take(10).readings] == [15_000_000]
    assert queue.counts().refused == 1
