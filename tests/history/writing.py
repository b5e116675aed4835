"""A process that writes a record until it is killed, and says what it knows to be on the disk.

    python -m tests.history.writing record FOLDER STEP_S
    python -m tests.history.writing ledger FOLDER

Row number n of the record stands at DAY0 + n * STEP_S and holds (n, n / 2); decision and frame n carry n too.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from leyden.history import HistoryOptions, Ledger, Record
from leyden.model.words import Words

DAY0 = 1_784_073_600.0
YEAR_S = 365 * 86_400.0
"""A long test writes months; nothing may be forgotten meanwhile."""
POINTS = ("a.power_w", "b.power_w")
TIME = datetime(2026, 7, 15, tzinfo=UTC)


def write_record(folder: Path, step_s: float) -> None:
    record = Record(folder, POINTS, HistoryOptions(flush_s=0.05, cells_every_s=0.0, keep_raw_s=YEAR_S), simulated=True)
    last = record.last_t()
    number = 0 if last is None else round((last - DAY0) / step_s) + 1
    say("start", number)
    while True:
        for _ in range(200):
            t = DAY0 + number * step_s
            frame = np.full((1, 2, 4), number % 30_000, np.int16)
            record.append(t, np.array([number, number / 2]), np.zeros(2, np.uint8))
            record.append_decision(number, t, b'{"number":%d}' % number)
            record.append_cells("b1", t, frame, frame)
            number += 1
        record.flush()
        newest = record.state().newest
        assert newest is not None
        say("safe", round((newest - DAY0) / step_s))


def write_ledger(folder: Path) -> None:
    ledger = Ledger(folder)
    say("start", 0)
    while True:
        event = ledger.events.add(TIME, "tick", "test", Words("滴答", "tick"))
        lease = ledger.leases.grant("b1", 1e5, "li", 900.0, TIME).id
        row = {
            "id": event,
            "key": f"k{event}",
            "state": "unack",
            "raised": TIME.isoformat(),
            "set_time": TIME.isoformat(),
        }
        ledger.alarms.save_alarms([row])
        ledger.states.save("counter", event, TIME)
        action = ledger.actions.add(TIME, "li", "tick", "b1", before=event - 1, after=event, why="test")
        say("safe", min(event, lease, action))


def say(word: str, number: int) -> None:
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "record":
        write_record(Path(sys.argv[2]), float(sys.argv[3]))
    else:
        write_ledger(Path(sys.argv[2]))
