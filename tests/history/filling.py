"""A process that meets a full disk: its files may not grow beyond a limit for a while. Then it is killed.

    python -m tests.history.filling FOLDER ROWS LIMIT

`ulimit -f` stands for the full disk: writes beyond it fail as they do without space, no rights are needed for it, and
nothing but this process meets it. ROWS at a time decides what fails: few go to DuckDB's log, many into its file.
"""

import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from leyden.history import HistoryOptions, Record, RecordUnavailableError

DAY0 = 1_784_073_600.0
POINTS = tuple(f"b{number}.power_w" for number in range(60))


def main(folder: Path, rows: int, limit: int) -> None:
    record = Record(folder, POINTS, HistoryOptions(flush_s=0.05, queue_mb=2), simulated=True)
    rng = np.random.default_rng(0)
    number = 0

    def append(count: int) -> None:
        nonlocal number
        for _ in range(count):
            record.append(DAY0 + number, rng.normal(0, 1e5, 60), np.zeros(60, np.uint8))
            number += 1

    append(600)
    assert record.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline and not record.state().failing:
        append(rows)
        time.sleep(0.06)
    while time.monotonic() < deadline and not record.state().dropped:
        append(200)
        time.sleep(0.02)
    full = record.state()
    readable = 0
    while time.monotonic() < deadline and not readable:  # while the file is being opened again it cannot be read
        with suppress(RecordUnavailableError):
            readable = len(record.query(POINTS[:1], DAY0, DAY0 + number, 10**7).series[POINTS[0]].t)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    recovered = record.flush(30.0)
    append(10)
    recovered = recovered and record.flush(30.0)
    after = record.state()
    said = {
        "failing": full.failing.en if full.failing else None,
        "queued_bytes": full.queued_bytes,
        "dropped": after.dropped,
        "readable": readable,
        "recovered": recovered,
        "failing_after": after.failing.en if after.failing else None,
        "appended": number,
    }
    sys.stdout.write(json.dumps(said))
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
