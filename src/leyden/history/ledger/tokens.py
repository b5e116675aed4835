"""Tokens: what machines may do over the API. Only a hash is kept; the secret is told once.

A secret is 256 random bits, so its SHA-256 tells nobody anything and is checked in microseconds, on every request.
argon2 is for what people choose (passwords.py): it slows guessing, and these cannot be guessed.
"""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.times import read_time, written
from leyden.model.role import Role

_PREFIX = "leyden"
_OLD = "$argon2"
"""How hashes of schema 1 begin; the first right use replaces them."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret."""

    id: int
    label: str
    """Whose it is: `control room`, `dispatcher`."""
    role: Role
    made: datetime
    expires: datetime | None = None
    """From then on it opens nothing; None: it does not end by itself."""
    revoked: datetime | None = None


class Tokens:
    """Every check reads the file: what another process revoked opens nothing here either."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def create(self, label: str, role: Role, time: datetime, expires: datetime | None = None) -> str:
        """A new token; returns its secret, which nothing can tell again."""
        random = secrets.token_urlsafe(32)
        values = (label, role, digest(random), written(time), None if expires is None else written(expires))
        with self._file.write() as connection:
            cursor = connection.execute(
                "INSERT INTO tokens (label, role, hash, made, expires) VALUES (?, ?, ?, ?, ?)", values
            )
            return f"{_PREFIX}.{cursor.lastrowid}.{random}"

    def check(self, secret: str, time: datetime, old_too: bool = True) -> Token | None:
        """Whose secret this is, or None: unknown, revoked, expired or not a secret of ours.

        `old_too` False spares the costly look at hashes of schema 1, for those who have tried too often.
        """
        prefix, _, rest = secret.partition(".")
        number, _, random = rest.partition(".")
        if prefix != _PREFIX or not (number.isascii() and number.isdigit() and len(number) < 19) or not random:
            return None
        rows = self._file.read("SELECT * FROM tokens WHERE id = ? AND revoked IS NULL", (int(number),))
        if not rows:
            return None
        token = _token(rows[0])
        if token.expires is not None and time >= token.expires:
            return None
        return token if self._matches(rows[0], random, old_too) else None

    def _matches(self, row: sqlite3.Row, random: str, old_too: bool) -> bool:
        kept: str = row["hash"]
        if not kept.startswith(_OLD):
            return hmac.compare_digest(kept, digest(random))
        if not old_too or not _matches_old(kept, random):
            return False
        with self._file.write() as connection:
            connection.execute("UPDATE tokens SET hash = ? WHERE id = ?", (digest(random), row["id"]))
        return True

    def revoke(self, id: int, time: datetime) -> bool:  # noqa: A002 the token's own word
        """From now on it opens nothing; False if there was none to revoke."""
        with self._file.write() as connection:
            query = "UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL"
            return connection.execute(query, (written(time), id)).rowcount == 1

    def all(self) -> Sequence[Token]:
        """Every token, revoked ones too, oldest first."""
        return [_token(row) for row in self._file.read("SELECT * FROM tokens ORDER BY id")]


def digest(secret: str) -> str:
    """What is kept of a random secret: its SHA-256, in hexadecimal digits."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _matches_old(kept: str, random: str) -> bool:
    try:
        return PasswordHasher().verify(kept, random)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def _token(row: sqlite3.Row) -> Token:
    expires, revoked = (None if row[key] is None else read_time(row[key]) for key in ("expires", "revoked"))
    return Token(row["id"], row["label"], Role(row["role"]), read_time(row["made"]), expires, revoked)
