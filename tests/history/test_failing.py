"""What stands in the way is told, stops nothing but the record, and is over when its cause is."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from leyden.history import HistoryError, RecordUnavailableError
from leyden.history.record.session import Session
from tests.history.conftest import DAY0, closed, fill, opened, wait_for
from tests.history.filling import POINTS as FULL_POINTS

ROOT = Path(__file__).resolve().parents[2]
GOOD = np.zeros(2, np.uint8)


@pytest.mark.parametrize(("rows", "limit"), [(20, 250_000), (400, 900_000)], ids=["log", "file"])
def test_a_full_disk_is_told_and_survived(tmp_path, rows, limit):
    """What was written before, meanwhile and after it, is there even if the process is killed then."""
    command = [sys.executable, "-m", "tests.history.filling", str(tmp_path), str(rows), str(limit)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    said = json.loads(done.stdout)
    assert "the disk is full" in said["failing"]
    assert "free some space" in said["failing"]
    assert said["queued_bytes"] <= 2_000_000
    assert said["dropped"] > 0
    assert said["readable"] >= 600, "what was written before can still be read"
    assert said["recovered"]
    assert said["failing_after"] is None
    with opened(tmp_path, points=FULL_POINTS) as record, record._viewing() as view:
        t_us, _, _ = view.samples(FULL_POINTS, 0, 2**60)[-1]
    assert len(t_us) == len(np.unique(t_us)) == said["appended"] - said["dropped"]


@pytest.fixture
def other_process(tmp_path):
    """Another program that has the record's file open."""
    with opened(tmp_path) as record:
        fill(record, DAY0, 10)
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read(); c.close()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "record.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_file_that_another_program_holds_is_told_and_taken_when_it_is_free(tmp_path, other_process):
    with opened(tmp_path) as record:
        assert "another program holds the record" in str(record.state().failing)
        for second in range(20):  # ten of them are in the file already
            record.append(DAY0 + second, np.full(2, float(second)), GOOD)
        assert record.state().queued == 20
        with pytest.raises(RecordUnavailableError):
            record.energy("grid.power_w", DAY0, DAY0 + 1)
        assert not record.flush(0.1)
        other_process.stdin.close()
        wait_for(lambda: record.state().queued == 0)
        assert record.state().failing is None
        assert record.state().refused == 10
        t = record.query(["b1.soc"], DAY0, DAY0 + 100, 1000).series["b1.soc"].t
        assert np.array_equal(t, DAY0 + np.arange(20))


@pytest.mark.parametrize("damage", ["empty", "half"])
def test_a_damaged_file_is_set_aside_and_closed_days_live_on(tmp_path, damage):
    with opened(tmp_path) as record:
        fill(record, DAY0 - 100, 300)
        wait_for(lambda: closed(record, "readings"))
    path = tmp_path / "record.duckdb"
    whole = path.read_bytes()
    path.write_bytes(b"" if damage == "empty" else whole[: len(whole) // 2])
    with opened(tmp_path) as record:
        assert "was damaged: it was set aside as" in str(record.state().failing)
        assert (tmp_path / "record-damaged-1.duckdb").exists()
        assert record.last_t() == DAY0 - 1, "the newest reading that is left"
        fill(record, DAY0 + 200, 100)
        t = record.query(["b1.soc"], DAY0 - 100, DAY0 + 300, 1000).series["b1.soc"]
        assert np.isfinite(t.mean).sum() == 200
    with opened(tmp_path) as record:
        assert record.state().failing is None


def test_two_records_in_one_process_never_share_a_file(tmp_path):
    with opened(tmp_path) as first:
        with opened(tmp_path) as second:
            assert "another program holds the record" in str(second.state().failing)
        fill(first, DAY0, 10)
        assert first.state().failing is None


def test_a_database_that_fails_for_good_is_opened_again(tmp_path, monkeypatch):
    write = Session.write

    def fatal(self, batch, base):
        monkeypatch.setattr(Session, "write", write)
        raise duckdb.FatalException("database has been invalidated")

    with opened(tmp_path) as record:
        fill(record, DAY0, 10)
        monkeypatch.setattr(Session, "write", fatal)
        record.append(DAY0 + 10, np.zeros(2), GOOD)
        wait_for(lambda: record.state().queued == 0)
        assert record.state().failing is None
        assert len(record.query(["b1.soc"], DAY0, DAY0 + 100, 1000).series["b1.soc"].t) == 11


def test_a_commit_that_only_seemed_to_fail_is_not_written_twice(tmp_path, monkeypatch):
    write = Session.write

    def written_and_then_failed(self, batch, base):
        write(self, batch, base)
        monkeypatch.setattr(Session, "write", write)
        raise duckdb.IOException("after the commit")

    with opened(tmp_path) as record:
        fill(record, DAY0, 10)
        monkeypatch.setattr(Session, "write", written_and_then_failed)
        fill(record, DAY0 + 10, 10)
        fill(record, DAY0 + 20, 10)
        t = record.query(["b1.soc"], DAY0, DAY0 + 100, 1000).series["b1.soc"].t
        assert np.array_equal(t, DAY0 + np.arange(30))


def test_a_folder_that_may_not_be_made_is_an_error_at_once(tmp_path):
    (tmp_path / "data").write_text("a file where a folder must be")
    with pytest.raises(HistoryError, match="check its path and rights"), opened(tmp_path / "data"):
        pass


def test_a_day_that_cannot_be_closed_stays_where_it_is_and_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("leyden.history.record.writer._PATIENCE_S", 0.1)
    (tmp_path / "readings").write_text("in the way")
    with opened(tmp_path) as record:
        fill(record, DAY0 - 100, 300)
        wait_for(lambda: record.state().failing is not None)
        fill(record, DAY0 + 200, 10)
        assert len(record.query(["b1.soc"], DAY0 - 100, DAY0 + 210, 1000).series["b1.soc"].t) == 310
        (tmp_path / "readings").unlink()
        wait_for(lambda: record.state().failing is None)
        assert (tmp_path / "readings" / "2026-07-14.parquet").exists()
        assert len(record.query(["b1.soc"], DAY0 - 100, DAY0 + 210, 1000).series["b1.soc"].t) == 310
