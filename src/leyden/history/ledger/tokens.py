"""Tokens: who may do what over the API. Only a hash is kept; the secret is told once."""

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

# Argon2id at the least that OWASP's password storage cheat sheet allows (19 MiB, 2 passes): a secret here has 256
# random bits, so that the hash only has to keep a stolen file from being a stolen key.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_PREFIX = "leyden"


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret."""

    id: int
    label: str
    """Whose it is: `control room`, `dispatcher`."""
    scope: str
    """What it may do; the API gives the words their meaning."""
    made: datetime
    revoked: datetime | None = None


class Tokens:
    """Checked ones are remembered by a keyed digest, so that a request costs no argon2 the second time."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file
        self._key = secrets.token_bytes(32)
        self._checked: dict[bytes, int] = {}

    def create(self, label: str, scope: str, time: datetime) -> str:
        """A new token; returns its secret, which nothing can tell again."""
        random = secrets.token_urlsafe(32)
        with self._file.write() as connection:
            cursor = connection.execute(
                "INSERT INTO tokens (label, scope, hash, made) VALUES (?, ?, ?, ?)",
                (label, scope, _HASHER.hash(random), written(time)),
            )
            return f"{_PREFIX}.{cursor.lastrowid}.{random}"

    def check(self, secret: str) -> Token | None:
        """Whose secret this is, or None: unknown, revoked or not a secret of ours."""
        digest = hmac.digest(self._key, secret.encode(), hashlib.sha256)
        known = self._checked.get(digest)
        prefix, _, rest = secret.partition(".")
        number, _, random = rest.partition(".")
        if prefix != _PREFIX or not (number.isascii() and number.isdigit() and len(number) < 19) or not random:
            return None
        rows = self._file.read("SELECT * FROM tokens WHERE id = ? AND revoked IS NULL", (int(number),))
        if not rows or (known is None and not _matches(rows[0]["hash"], random)):
            return None
        if len(self._checked) > 1000:  # a bound, not a policy: no site has so many tokens
            self._checked.clear()
        self._checked[digest] = int(number)
        return _token(rows[0])

    def revoke(self, id: int, time: datetime) -> bool:  # noqa: A002 the token's own word
        """From now on it opens nothing; False if there was none to revoke."""
        with self._file.write() as connection:
            query = "UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL"
            return connection.execute(query, (written(time), id)).rowcount == 1

    def all(self) -> Sequence[Token]:
        """Every token, revoked ones too, oldest first."""
        return [_token(row) for row in self._file.read("SELECT * FROM tokens ORDER BY id")]


def _matches(kept: str, random: str) -> bool:
    try:
        return _HASHER.verify(kept, random)
    except (VerificationError, InvalidHashError):
        return False


def _token(row: sqlite3.Row) -> Token:
    revoked = None if row["revoked"] is None else read_time(row["revoked"])
    return Token(row["id"], row["label"], row["scope"], read_time(row["made"]), revoked)
