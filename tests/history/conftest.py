"""Records that are always closed, and rows to put into them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from leyden.history import HistoryOptions, Record
from leyden.history.record.shelves import open_periods

DAY0 = 1_784_073_600.0
"""2026-07-15 00:00 UTC."""


@contextmanager
def opened(folder, points=("grid.power_w", "b1.soc"), simulated=True, **options) -> Iterator[Record]:
    record = Record(folder, points, HistoryOptions(flush_s=0.05, **options), simulated)
    try:
        yield record
    finally:
        record.close()


def fill(record, start, count, step=1.0, seed=0, bad=0.0):
    """Random rows, some of them not GOOD and some nan; returns (t, values, quality)."""
    rng = np.random.default_rng(seed)
    points = len(record.points)
    t = start + step * np.arange(count)
    values = rng.normal(0.0, 1e5, (count, points)).round(3)
    values[rng.random((count, points)) < bad / 2] = np.nan
    quality = np.where(rng.random((count, points)) < bad, rng.integers(1, 3, (count, points)), 0).astype(np.uint8)
    for row in range(count):
        record.append(t[row], values[row], quality[row])
    assert record.flush(60.0)
    return t, values, quality


def wait_for(happened, seconds=20.0):
    """Other threads need a while."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.02)


def closed(record, shelf):
    """Whether of all days only the newest, if any, stands in a table."""
    newest = time.strftime("%Y%m%d", time.gmtime(record.state().newest or 0.0))
    with record._store.reading() as connection:
        return all(period >= newest for period in open_periods(connection).get(shelf, []))


@pytest.fixture
def record(tmp_path):
    with opened(tmp_path) as record:
        yield record
