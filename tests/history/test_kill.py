"""kill -9 at any moment: nothing that was said to be safe is lost, and nothing opens corrupt."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from leyden.history import Ledger
from tests.history.conftest import DAY0, opened
from tests.history.writing import POINTS, TIME, YEAR_S

ROOT = Path(__file__).resolve().parents[2]
MINUTE_STEP_S = 60.0
"""A day is then 1440 rows, and days close while the process is killed."""


def killed_after(seconds, *arguments, word="start"):
    """Start the writing process, kill it so long after it first said `word`; the last number it said was safe."""
    command = [sys.executable, "-m", "tests.history.writing", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("start "), "the process did not come up"
        said = "" if word == "start" else process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read()
    numbers = re.findall(r"^safe (\d+)\n", said, re.MULTILINE)  # the last line may be cut in two
    return int(numbers[-1]) if numbers else int(first.split()[1]) - 1


def check_record(folder, safe):
    """Rows 0..n without a hole and n >= safe; decisions, frames and minutes agree with them."""
    with opened(folder, points=POINTS, keep_raw_s=YEAR_S) as record, record._viewing() as view:
        t_us, values, _ = view.samples(POINTS, 0, 2**60)[1]
        count = len(t_us)
        assert count > safe
        if not count:
            return  # killed before the first row
        assert np.array_equal(t_us / 1e6, DAY0 + MINUTE_STEP_S * np.arange(count))
        assert np.array_equal(values, np.arange(count) / 2)
        end = DAY0 + MINUTE_STEP_S * count
        numbers = [decision.number for decision in record.decisions(DAY0, end, limit=count + 1)]
        assert numbers == list(range(count))[::-1]
        frame = record.cells_at("b1", end)
        assert frame is not None
        assert frame.voltage_mv[0, 1, 3] == (count - 1) % 30_000
        minutes = record.query(POINTS, DAY0, end, count).series["a.power_w"]
        assert np.array_equal(minutes.mean, np.arange(count))
        assert record.state().failing is None


def check_ledger(folder, safe):
    ledger = Ledger(folder)
    events = ledger.events.between(TIME, TIME.replace(year=2027), limit=10**6)
    actions = ledger.actions.between(TIME, TIME.replace(year=2027), limit=10**6)
    assert [event.id for event in events] == list(range(len(events), 0, -1))
    assert len(events) >= safe
    assert len(actions) >= safe
    assert len(ledger.leases.in_force(TIME)) >= safe
    assert ledger.alarms.last_alarm_id() >= safe
    assert (ledger.states.load("counter", int) or 0) >= safe
    ledger.close()
    with sqlite3.connect(folder / "ledger.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def kill_record(folder, times, longest_s):
    safe = 0
    for turn in range(times):
        word = "start" if turn < times - 1 else "safe"  # at least once something was said to be safe
        safe = killed_after(0.1 + 0.37 * turn % longest_s, "record", folder, MINUTE_STEP_S, word=word)
        check_record(folder, safe)
    assert safe > 0


def kill_ledger(folder, times):
    safe = 0
    for turn in range(times):
        safe = killed_after(0.2 + 0.13 * turn % 0.3, "ledger", folder, word="safe")
        check_ledger(folder, safe)
    assert safe > 0


def test_the_record_survives_two_kills(tmp_path):
    kill_record(tmp_path, 2, longest_s=0.6)


def test_the_ledger_survives_a_kill(tmp_path):
    kill_ledger(tmp_path, 1)


@pytest.mark.kill
@pytest.mark.timeout(600)
def test_the_record_survives_twenty_kills(tmp_path):
    kill_record(tmp_path, 20, longest_s=3.0)
    assert list(tmp_path.glob("readings/*.parquet")), "days were closed meanwhile"


@pytest.mark.kill
@pytest.mark.timeout(600)
def test_the_ledger_survives_twenty_kills(tmp_path):
    kill_ledger(tmp_path, 20)
