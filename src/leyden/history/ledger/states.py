"""What controllers remember over a restart."""

from datetime import datetime
from typing import TypeVar

from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.times import written
from leyden.history.ledger.typed_json import MisfitError, dump, load

S = TypeVar("S")


class States:
    """One state under each name, as the JSON of its frozen dataclass."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file
        self._kept: dict[str, str] = {}
        self._undone = 0

    def save(self, name: str, state: object, time: datetime) -> bool:
        """Keep a state; writes nothing and returns False where the same one is kept already."""
        body = dump(state)
        if self._undone != self._file.undone:
            self._undone = self._file.undone
            self._kept.clear()
        if self._kept.get(name) == body:
            return False
        with self._file.write() as connection:
            connection.execute(
                "INSERT INTO states (name, saved, body) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET saved = excluded.saved, body = excluded.body",
                (name, written(time), body),
            )
        self._kept[name] = body
        return True

    def load(self, name: str, kind: type[S]) -> S | None:
        """The state kept last, or None: there is none, or it is of another version and its owner starts anew."""
        rows = self._file.read("SELECT body FROM states WHERE name = ?", (name,))
        try:
            return load(rows[0]["body"], kind) if rows else None
        except MisfitError:
            return None  # not lost: it stays until its owner saves the next one
