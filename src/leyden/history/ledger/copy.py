"""A copy of a ledger that is whole, also while the site runs: SQLite's own backup, page by page, in one transaction."""

import sqlite3
from contextlib import closing
from pathlib import Path

from leyden.history.errors import LedgerError


def copy_ledger(source: Path, target: Path) -> None:
    """Write every committed row of `source` into a new file. Raises LedgerError; the source is only read."""
    try:
        with closing(_reading(source)) as found, closing(sqlite3.connect(target)) as made:
            found.backup(made)
            # One file, so that nobody forgets the other two when it is carried away.
            made.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise LedgerError(f"{source} cannot be copied: {error}") from error


def what_is_wrong(path: Path) -> str | None:
    """What SQLite's own check finds wrong in a ledger, None if nothing. Raises LedgerError where it cannot be read."""
    try:
        with closing(_reading(path)) as found:
            told = [str(row[0]) for row in found.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        raise LedgerError(f"{path} cannot be read: {error}") from error
    return None if told == ["ok"] else "; ".join(told)


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)
