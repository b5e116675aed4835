"""A record that an earlier Leyden left open is packed at the next start, and goes on."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from leyden.history import HistoryError
from tests.history.conftest import DAY0, closed, fill, opened, wait_for

POINTS = ("grid.power_w", "b1.soc")
BODY = '{"为什么":"下网限值"}'.encode()
T0 = DAY0 - 130.0
"""Two minutes and ten seconds before midnight UTC."""
COUNT = 200


def old_record(folder):
    """What schema 1 kept of an evening: a line per value and per decision, in a table for each day."""
    folder.mkdir(exist_ok=True)
    (folder / "leyden.json").write_text('{"holds": "simulated"}')
    zstd = pa.Codec("zstd")
    packed = len(BODY).to_bytes(4, "little") + zstd.compress(BODY, asbytes=True)
    with duckdb.connect(folder / "record.duckdb") as file:
        file.execute("SET TimeZone = 'UTC'")
        file.execute("CREATE TABLE meta (key VARCHAR, value BIGINT)")
        file.execute("INSERT INTO meta VALUES ('schema', 1)")
        file.execute("CREATE TABLE points (id INTEGER, name VARCHAR)")
        file.execute("INSERT INTO points VALUES (1, 'grid.power_w'), (2, 'b1.soc')")
        aggregate = "point INTEGER, t TIMESTAMPTZ, n INTEGER, low DOUBLE, mean DOUBLE, high DOUBLE, seconds FLOAT"
        for name in ("minutes_today", "quarters_today"):
            file.execute(f"CREATE TABLE {name} ({aggregate}, up DOUBLE, down DOUBLE)")
        for day, span in (("20260714", (0, 130)), ("20260715", (130, COUNT))):
            file.execute(
                f"CREATE TABLE readings_{day}"
                " (seq BIGINT, t TIMESTAMPTZ, point INTEGER, value DOUBLE, quality UTINYINT)"
            )
            file.execute(f"CREATE TABLE decisions_{day} (seq BIGINT, t TIMESTAMPTZ, number BIGINT, body BLOB)")
            for row in range(*span):
                t = f"make_timestamptz({round((T0 + row) * 1e6)})"
                file.execute(f"INSERT INTO readings_{day} VALUES ({2 * row + 1}, {t}, 1, {row}, 0), "
                             f"({2 * row + 1}, {t}, 2, 'nan', {row % 3})")  # fmt: skip
                file.execute(f"INSERT INTO decisions_{day} VALUES (?, {t}, ?, ?)", [2 * row + 2, row, packed])


def test_what_an_earlier_version_left_open_is_all_there_and_goes_on(tmp_path):
    old_record(tmp_path)
    with opened(tmp_path, POINTS) as record:
        assert record.state().failing is None
        assert record.state().written == 2 * COUNT
        t, later, _ = fill(record, T0 + COUNT, 100)
        wait_for(lambda: closed(record, "readings") and closed(record, "decisions"))
        with record._viewing() as view:
            (t_us, values, _), (_, socs, quality) = view.samples(POINTS, 0, 2**60)
        assert np.array_equal(t_us / 1e6, T0 + np.arange(COUNT + 100))
        assert np.array_equal(values[:COUNT], np.arange(COUNT))
        assert np.isnan(socs[:COUNT]).all()
        assert np.array_equal(quality[:COUNT], np.arange(COUNT) % 3)
        found = record.decisions(T0, T0 + COUNT, limit=2 * COUNT)
        assert [(d.number, d.t, d.body) for d in found] == [(n, T0 + n, BODY) for n in range(COUNT)][::-1]
        # The minute that was open then closes with its first rows in it.
        minute = record.query(["grid.power_w"], DAY0 + 60, DAY0 + 120, 1).series["grid.power_w"]
        of_the_minute = [*range(190, COUNT), *later[t < DAY0 + 120, 0]]
        assert minute.mean[0] == pytest.approx(np.mean(of_the_minute))


def test_the_earlier_version_is_not_let_near_it_again(tmp_path):
    old_record(tmp_path)
    with opened(tmp_path, POINTS):
        pass
    with duckdb.connect(tmp_path / "record.duckdb") as file:
        assert file.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == (2,)
        file.execute("UPDATE meta SET value = 3")
    with pytest.raises(HistoryError, match="written by a newer Leyden"), opened(tmp_path, POINTS):
        pass
