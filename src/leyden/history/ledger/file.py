"""The ledger's file: one SQLite database, one lock, every write committed to the disk before it returns."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import RLock

from leyden.history.errors import HistoryError, LedgerError
from leyden.history.ledger.schema import SCHEMA, STEPS

_OWNER_ONLY = 0o600
"""Hashes of passwords are nothing for other accounts of the computer to try at home."""
_WAIT_S = 1.0
"""How long a write waits for another process's lock: the cycle may be the one that waits."""


class LedgerFile:
    """The connection that all parts of the ledger share; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RLock()
        self.undone = 0
        """How often a transaction was rolled back: whoever remembers what it wrote in one no longer knows."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.touch(_OWNER_ONLY)  # before a database makes it with more
            self._connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"{path} cannot be opened: {error}; {_mend(error)}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise LedgerError(f"{path} cannot be opened: {error}; {_mend(error)}") from error
        except HistoryError:
            self.close()
            raise

    def _prepare(self) -> None:
        """Pragmas, and the tables brought up to date. FULL: a commit is on the disk, not only in its cache."""
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self.write() as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > SCHEMA:
                raise HistoryError(
                    f"{self.path} was written by a newer Leyden (schema {version}, this one knows {SCHEMA}): "
                    "update Leyden, or name another folder"
                )
            for step in STEPS[version:]:
                for statement in _statements(step):
                    connection.execute(statement)
            if version < SCHEMA:
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
                with suppress(OSError):  # somebody else's file, which we may write: its owner's choice stands
                    self.path.chmod(_OWNER_ONLY)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on the disk when the block ends, or none of it and LedgerError.

        Inside another block of the same thread it is a part of that one, and on the disk when that one ends.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise LedgerError(f"{self.path} was not written: {error}; {_mend(error)}") from error
            except BaseException:
                self._roll_back()
                raise

    def read(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """The rows of a query, with every committed write in them."""
        with self._lock:
            try:
                with closing(self._connection.execute(query, tuple(values))) as cursor:
                    return cursor.fetchall()
            except sqlite3.Error as error:
                raise LedgerError(f"{self.path} was not read: {error}; {_mend(error)}") from error

    def close(self) -> None:
        """Let go of the file; calling it again does nothing."""
        with self._lock:
            self._connection.close()

    def _roll_back(self) -> None:
        self.undone += 1
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # the error that brought us here is the one to tell


def _statements(script: str) -> Iterator[str]:
    """One at a time: executescript would commit what came before."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _mend(error: Exception) -> str:
    text = str(error)
    if "full" in text:
        return "free some space on its disk"
    if "locked" in text:
        return "close the other program that holds it"
    if "not a database" in text or "malformed" in text:
        return "move the file away and start again, or restore a copy"
    if "readonly" in text or "unable to open" in text:
        return "check that its folder may be written by this user"
    return "see the log"
