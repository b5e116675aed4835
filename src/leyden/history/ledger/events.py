"""Events: what happened and needs no answer, for those who look back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.times import read_time, written
from leyden.history.ledger.typed_json import dump, load
from leyden.model.words import Words


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    id: int
    time: datetime
    kind: str
    """A stable code: `clock-jumped`."""
    source: str
    """The thing, device, controller or person it is about."""
    text: Words
    detail: Mapping[str, object] = field(default_factory=dict)
    """Its numbers."""


class Events:
    """Written once, never changed."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def add(
        self, time: datetime, kind: str, source: str, text: Words, detail: Mapping[str, object] | None = None
    ) -> int:
        """Keep one; returns its number."""
        values = (written(time), kind, source, text.zh, text.en, dump(detail or {}))
        with self._file.write() as connection:
            cursor = connection.execute(
                "INSERT INTO events (time, kind, source, zh, en, detail) VALUES (?, ?, ?, ?, ?, ?)", values
            )
            return int(cursor.lastrowid or 0)

    def between(self, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Event]:
        """Those in [start, end), newest first."""
        rows = self._file.read(
            "SELECT * FROM events WHERE time >= ? AND time < ? ORDER BY time DESC, id DESC LIMIT ?",
            (written(start), written(end), limit),
        )
        return [
            Event(
                row["id"], read_time(row["time"]), row["kind"], row["source"], Words(row["zh"], row["en"]),
                load(row["detail"], dict[str, object]),
            )
            for row in rows
        ]  # fmt: skip
