"""The ledger: what must still be true after a restart. SQLite, and every write is on the disk before it returns.

    ledger.events    what happened and needs no answer
    ledger.alarms    the store of the alarm book
    ledger.leases    commands from outside, with what remains of them
    ledger.states    what controllers remember
    ledger.users     people, their roles, and their passwords as argon2id
    ledger.sessions  who has logged in, as hashes
    ledger.tokens    what machines may do over the API, as hashes
    ledger.actions   what people did, never changed

It is written on change only, a few times an hour; all parts share one file and may be used from any thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leyden.history.ledger.actions import Action, Actions
from leyden.history.ledger.alarms import AlarmRows
from leyden.history.ledger.events import Event, Events
from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.leases import Leases
from leyden.history.ledger.sessions import Session, Sessions
from leyden.history.ledger.states import States
from leyden.history.ledger.tokens import Token, Tokens
from leyden.history.ledger.user_errors import UnknownUserError, UserConflictError, UserError
from leyden.history.ledger.users import User, Users

__all__ = [
    "Action",
    "Event",
    "Ledger",
    "Session",
    "Token",
    "UnknownUserError",
    "User",
    "UserConflictError",
    "UserError",
]


class Ledger:
    """`ledger.sqlite` in this folder, made if it is not there.

    Raises LedgerError where it cannot be opened, HistoryError where a newer Leyden wrote it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = LedgerFile(folder / "ledger.sqlite")
        self.events = Events(self._file)
        self.alarms = AlarmRows(self._file)
        self.leases = Leases(self._file)
        self.states = States(self._file)
        self.users = Users(self._file)
        self.sessions = Sessions(self._file)
        self.tokens = Tokens(self._file)
        self.actions = Actions(self._file)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written to any part within the block is on the disk when it ends, all of it or nothing: what a person
        did and the log of it, so that no kill leaves one without the other. Raises LedgerError.
        """
        with self._file.write():
            yield

    def close(self) -> None:
        """Let go of the file. Nothing waits to be written, ever."""
        self._file.close()
