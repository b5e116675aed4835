"""What people did: who, what, before, after, why, when. Only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.times import read_time, written
from leyden.history.ledger.typed_json import dump, load


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person or an outside system did."""

    id: int
    time: datetime
    by: str
    what: str
    """A stable code: `lease-granted`, `alarm-acknowledged`."""
    target: str
    before: object
    """Plain values, or None."""
    after: object
    why: str


class Actions:
    """The table itself refuses changes and deletions."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def add(
        self,
        time: datetime,
        by: str,
        what: str,
        target: str,
        before: object = None,
        after: object = None,
        why: str = "",
    ) -> int:
        """Keep one; returns its number. `before` and `after` are plain values or frozen dataclasses of them."""
        values = (written(time), by, what, target, dump(before), dump(after), why)
        with self._file.write() as connection:
            cursor = connection.execute(
                "INSERT INTO actions (time, by, what, target, before, after, why) VALUES (?, ?, ?, ?, ?, ?, ?)", values
            )
            return int(cursor.lastrowid or 0)

    def between(self, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Action]:
        """Those in [start, end), newest first."""
        rows = self._file.read(
            "SELECT * FROM actions WHERE time >= ? AND time < ? ORDER BY time DESC, id DESC LIMIT ?",
            (written(start), written(end), limit),
        )
        return [
            Action(
                row["id"], read_time(row["time"]), row["by"], row["what"], row["target"],
                load(row["before"], object), load(row["after"], object), row["why"],
            )
            for row in rows
        ]  # fmt: skip
