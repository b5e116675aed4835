"""A closed day is a file that any tool may read: whole, sorted by point, and true."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from leyden.history import durable
from leyden.history.record.cells import unpack_frame
from leyden.history.record.seal import clean
from leyden.history.record.shelves import SHELVES, bounds_us
from tests.history.conftest import DAY0, closed, fill, opened, wait_for

POINTS = ("z.power_w", "a.power_w", "m.power_w")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """From ten minutes before the end of July to ten minutes after: the day and the month have closed."""
    folder = tmp_path_factory.mktemp("sealed")
    start = bounds_us("202608")[0] / 1e6 - 600
    with opened(folder, points=POINTS) as record:
        t, values, quality = fill(record, start, 0, bad=0.1)
        rng = np.random.default_rng(0)
        for second in range(0, 1200, 10):
            frame = rng.integers(3000, 3600, (2, 3, 4)).astype(np.int16)
            for battery in ("b2", "b1"):
                record.append_cells(battery, start + second, frame, frame // 10)
            record.append_decision(second, start + second, '{"为什么":"下网限值"}'.encode())
        t, values, quality = fill(record, start, 1200, bad=0.1)
        wait_for(lambda: closed(record, "readings") and (folder / "quarters" / "2026-07.parquet").exists())
        wait_for(lambda: closed(record, "cells") and closed(record, "decisions"))
        yield folder, t, values, quality


def test_readings_lie_sorted_by_point_and_time(sealed):
    folder, t, values, quality = sealed
    rows = pq.read_table(folder / "readings" / "2026-07-31.parquet")
    assert rows["point"].to_pylist() == [point for point in sorted(POINTS) for _ in range(600)]
    for place, point in enumerate(sorted(POINTS)):
        lines = rows.slice(600 * place, 600)
        column = POINTS.index(point)
        assert np.array_equal(lines["t"].cast("int64").to_numpy() / 1e6, t[:600])
        assert np.array_equal(lines["value"].to_numpy(), values[:600, column], equal_nan=True)
        assert np.array_equal(lines["quality"].to_numpy(), quality[:600, column])
        assert (np.diff(lines["seq"].to_numpy()) > 0).all()
    assert str(rows.schema.field("t").type) == "timestamp[us, tz=UTC]"


def test_every_file_says_what_it_holds(sealed):
    for shelf in SHELVES:
        for path in (sealed[0] / shelf.name).glob("*"):
            metadata = pq.ParquetFile(path).metadata.metadata
            assert metadata[b"leyden.holds"] == b"simulated"
            assert metadata[b"leyden.schema"] == b"1"


def test_minutes_and_quarter_hours_of_the_month_are_there(sealed):
    folder, _, values, quality = sealed
    minutes = pq.read_table(folder / "minutes" / "2026-07.parquet").to_pylist()
    assert [row["point"] for row in minutes] == [point for point in sorted(POINTS) for _ in range(10)]
    first = values[:60, POINTS.index("a.power_w")]
    good = first[(quality[:60, POINTS.index("a.power_w")] == 0) & ~np.isnan(first)]
    assert (minutes[0]["n"], minutes[0]["low"], minutes[0]["high"]) == (len(good), good.min(), good.max())
    assert minutes[0]["mean"] == pytest.approx(good.mean())
    quarters = pq.ParquetFile(folder / "quarters" / "2026-07.parquet")
    assert quarters.read()["point"].to_pylist() == sorted(POINTS)
    assert quarters.num_row_groups == len(POINTS)  # who asks for one point reads one


def test_decisions_lie_as_plain_json(sealed):
    rows = pq.read_table(sealed[0] / "decisions" / "2026-07-31.parquet").to_pylist()
    assert [row["number"] for row in rows] == list(range(0, 600, 10))
    assert rows[0]["body"] == '{"为什么":"下网限值"}'


def test_frames_lie_by_battery_and_can_be_unpacked(sealed):
    rows = pq.read_table(sealed[0] / "cells" / "2026-07-31.parquet").to_pylist()
    assert [row["battery"] for row in rows] == ["b1"] * 60 + ["b2"] * 60
    voltage, temperature = unpack_frame(rows[0]["frame"], (2, 3, 4))
    assert np.array_equal(temperature, voltage // 10)
    assert rows[0]["frame"] == rows[60]["frame"]


def test_what_a_crash_left_unfinished_is_removed_at_the_next_start(tmp_path):
    with opened(tmp_path):
        pass
    left = tmp_path / "readings" / "2026-07-14.parquet.part"
    left.parent.mkdir()
    left.write_bytes(b"half")
    with opened(tmp_path):
        assert not left.exists()
    clean(tmp_path)


def test_a_crash_between_file_and_table_counts_no_row_twice(tmp_path, monkeypatch):
    """The file has its name, the table is not dropped yet: readers take the table, the next start drops it."""
    publish = durable.publish

    def publish_and_die(path):
        publish(path)
        raise OSError("the power went")

    monkeypatch.setattr("leyden.history.record.seal.publish", publish_and_die)
    with opened(tmp_path) as record:
        t, *_ = fill(record, DAY0 - 100, 300)
        wait_for(lambda: record.state().failing is not None)
        assert (tmp_path / "readings" / "2026-07-14.parquet").exists()
        assert len(record.query(["b1.soc"], DAY0 - 100, DAY0 + 300, 1000).series["b1.soc"].t) == len(t)
    monkeypatch.setattr("leyden.history.record.seal.publish", publish)
    with opened(tmp_path) as record:
        fill(record, DAY0 + 200, 1)
        wait_for(lambda: closed(record, "readings"))
        assert len(record.query(["b1.soc"], DAY0 - 100, DAY0 + 300, 1000).series["b1.soc"].t) == len(t) + 1


def test_the_database_does_not_grow_with_the_days(tmp_path):
    """A dropped day gives its room to the next."""
    sizes = []
    with opened(tmp_path, points=[f"p{number}.power_w" for number in range(20)]) as record:
        for day in range(4):
            fill(record, DAY0 + day * 86_400, 1440, step=60.0, seed=day)
            fill(record, DAY0 + day * 86_400 + 86_399, 1)
            wait_for(lambda: closed(record, "readings"))
            sizes.append((tmp_path / "record.duckdb").stat().st_size)
    aggregates = 4 * 20 * 1440 * 60  # minutes stay for the month, at most 60 bytes each
    assert sizes[-1] < sizes[1] + aggregates
