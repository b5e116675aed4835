"""Sessions: somebody has logged in, for a shift at most, and for as long as a page of theirs is open."""

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.times import read_time, written
from leyden.history.ledger.tokens import digest
from leyden.model.role import Role

SEEN_SHARE = 0.1
"""A session's last use is written down no oftener than this share of its idle time: each is a write to the disk."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has logged in."""

    user: str
    role: Role
    """As it is now, not as it was at the login."""
    made: datetime
    seen: datetime
    """Last use, a little behind."""
    expires: datetime


class Sessions:
    """The secret is 256 random bits and kept as its SHA-256 (tokens.py says why); every check reads the file."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def open(self, user: str, time: datetime, lasts_s: float) -> str:
        """A new session; returns its secret, which nothing can tell again. What has expired is cleared away."""
        secret = secrets.token_urlsafe(32)
        expires = time + timedelta(seconds=lasts_s)
        with self._file.write() as connection:
            connection.execute("DELETE FROM sessions WHERE expires <= ?", (written(time),))
            connection.execute(
                "INSERT INTO sessions (hash, user, made, seen, expires) VALUES (?, ?, ?, ?, ?)",
                (digest(secret), user, written(time), written(time), written(expires)),
            )
        return secret

    def check(self, secret: str, time: datetime, idle_s: float) -> Session | None:
        """Whose session this is, or None: unknown, closed, expired, idle too long, or the person is disabled."""
        rows = self._file.read(
            "SELECT s.hash, u.name, u.role, s.made, s.seen, s.expires FROM sessions s JOIN users u ON u.name = s.user"
            " WHERE s.hash = ? AND u.enabled",
            (digest(secret),),
        )
        if not rows:
            return None
        session = _session(rows[0])
        idle = (time - session.seen).total_seconds()
        if time >= session.expires or idle >= idle_s:
            return None
        if idle >= SEEN_SHARE * idle_s:
            self._touch(rows[0]["hash"], time)
        return session

    def close(self, secret: str) -> bool:
        """It opens nothing any more; False if it did not."""
        with self._file.write() as connection:
            return connection.execute("DELETE FROM sessions WHERE hash = ?", (digest(secret),)).rowcount == 1

    def _touch(self, hashed: str, time: datetime) -> None:
        try:
            with self._file.write() as connection:
                connection.execute("UPDATE sessions SET seen = ? WHERE hash = ?", (written(time), hashed))
        except OSError:
            pass  # the session is right all the same, and the next use tries again


def _session(row: sqlite3.Row) -> Session:
    made, seen, expires = (read_time(row[key]) for key in ("made", "seen", "expires"))
    return Session(row["name"], Role(row["role"]), made, seen, expires)
