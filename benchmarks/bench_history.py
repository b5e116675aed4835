"""What recording and looking back cost: 60 points a second, a month of them, and the ledger's commits.

The month is made through the record itself: 28 days of one row a minute (so that minutes, quarter-hours and closed days
are exactly as many as of a month at 1 Hz), then a day and an hour at 1 Hz, the last hour in the table of today. Queries
ask for 6 of the 60 points at 1500 pixels, with every day but the last closed into Parquet. pytest-benchmark repeats
each; the first, cold call is among them.
"""

from datetime import UTC, datetime

import numpy as np
import pytest

from leyden.history import Ledger
from leyden.model.role import Role
from leyden.model.words import Words
from tests.history.conftest import DAY0, closed, opened, wait_for

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

POINTS = tuple(f"thing{number // 12}.point{number}_w" for number in range(60))
SIX = [POINTS[number] for number in (1, 5, 13, 20, 33, 50)]
DAY = 86_400.0
GOOD = np.zeros(60, np.uint8)
BODY = (
    b'{"steps":['
    + b",".join(b'{"controller":"c%d","power_w":812345.6,"zh":"...","en":"..."}' % n for n in range(40))
    + b"]}"
)


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """The record of a month, and its last moment."""
    rng = np.random.default_rng(0)
    with opened(tmp_path_factory.mktemp("month"), points=POINTS) as record:
        values = np.zeros(60)
        raw_from = DAY0 + 28 * DAY
        for t in (*np.arange(DAY0, raw_from, 60.0), *np.arange(raw_from, raw_from + DAY + 3600)):
            values = (values + rng.normal(0, 1000, 60)).round(1)
            record.append(t, values, GOOD)
            if record.state().queued > 5000:
                record.flush(60.0)
        frame = rng.normal(3300, 4, (10, 8, 48)).astype(np.int16)
        record.append_cells("b1", t, frame, frame)
        record.flush(60.0)
        wait_for(lambda: closed(record, "readings"), seconds=120.0)
        yield record, t + 1.0


@pytest.mark.parametrize("days", [30.0, 7.0, 1.0, 2 / 3, 1 / 24], ids=["month", "week", "day", "16h", "hour"])
def bench_a_query_of_six_points(benchmark, month, days):
    """Aim: under 100 ms for a month."""
    record, end = month
    curves = benchmark(record.query, SIX, end - days * DAY, end, 1500)
    benchmark.extra_info["source"] = f"{curves.source}, steps of {curves.step_s:g} s"


def bench_the_energy_of_a_day(benchmark, month):
    record, end = month
    benchmark(record.energy, POINTS[0], end - DAY, end)


def bench_a_frame_of_cells(benchmark, month):
    record, end = month
    assert benchmark(record.cells_at, "b1", end) is not None


def bench_what_the_cycle_pays(benchmark, tmp_path):
    """One row of 60 points and one decision of 2.5 kB, enqueued."""
    with opened(tmp_path, points=POINTS) as record:
        clock = iter(range(10**9))
        values = np.zeros(60)

        def append():
            number = next(clock)
            record.append(DAY0 + number, values, GOOD)
            record.append_decision(number, DAY0 + number, BODY)

        benchmark(append)
        record.flush(60.0)


def bench_a_second_at_sixty_times(benchmark, tmp_path):
    """60 rows of 60 points, 60 decisions and 6 frames of 3840 cells, until they are on the disk."""
    rng = np.random.default_rng(0)
    frame = rng.normal(3300, 4, (10, 8, 48)).astype(np.int16)
    with opened(tmp_path, points=POINTS) as record:
        clock = iter(range(10**9))

        def second():
            for _ in range(60):
                number = next(clock)
                record.append(DAY0 + number, rng.normal(0, 1e5, 60), GOOD)
                record.append_decision(number, DAY0 + number, BODY)
                record.append_cells("b1", DAY0 + number, frame, frame)
            assert record.flush(60.0)

        benchmark.pedantic(second, rounds=100, warmup_rounds=3)
        benchmark.extra_info["values a second"] = (
            round(3600 / benchmark.stats.stats.median) if benchmark.stats else None
        )


def bench_a_backlog(benchmark, tmp_path):
    """36,000 values at once, as after a pause."""
    rng = np.random.default_rng(0)
    with opened(tmp_path, points=POINTS) as record:
        clock = iter(range(10**9))

        def backlog():
            for _ in range(600):
                record.append(DAY0 + next(clock), rng.normal(0, 1e5, 60), GOOD)
            assert record.flush(60.0)

        benchmark.pedantic(backlog, rounds=30, warmup_rounds=2)


def bench_a_commit_of_the_ledger(benchmark, tmp_path):
    """One event, on the disk when it returns."""
    ledger = Ledger(tmp_path)
    benchmark(ledger.events.add, datetime(2026, 7, 15, tzinfo=UTC), "tick", "bench", Words("滴答", "tick"))
    ledger.close()


@pytest.mark.parametrize("who", ["token", "session"])
def bench_who_asks(benchmark, tmp_path, who):
    """What knowing the asker costs every request."""
    ledger, now = Ledger(tmp_path), datetime(2026, 7, 15, tzinfo=UTC)
    ledger.users.add("bench", Role.VIEWER, "long enough for one", now)
    secret = ledger.tokens.create("bench", Role.VIEWER, now), ledger.sessions.open("bench", now, 3600.0)
    if who == "token":
        assert benchmark(ledger.tokens.check, secret[0], now)
    else:
        assert benchmark(ledger.sessions.check, secret[1], now, 3600.0)
    ledger.close()
