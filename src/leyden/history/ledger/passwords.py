"""People's passwords: what makes one, and how it is kept.

A password is kept as argon2id (RFC 9106), which makes every guess at a stolen file cost memory and time. That is for
people only: a random secret of 256 bits (tokens.py, sessions.py) cannot be guessed at any speed, so its SHA-256 is as
safe and costs a request microseconds.
"""

import unicodedata
from functools import cache
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from leyden.history.ledger.user_errors import WeakPasswordError
from leyden.model.words import Words

SHORTEST, LONGEST = 10, 256
"""Characters of a password."""

# Above the least of OWASP's password storage cheat sheet (19 MiB, 2 passes), and still within what a household's
# gateway can spare for a moment. The parameters stand in each hash, so that they can be raised later.
_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_ONE_AT_A_TIME = Lock()
"""Forty logins at once must not take forty times the memory, nor the processor from the cycle."""


def check_password(name: str, password: str) -> None:
    """Raise WeakPasswordError unless this may be the password of this person."""
    plain = _plain(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise WeakPasswordError(
            Words(
                f"密码应有 {SHORTEST} 至 {LONGEST} 个字符",
                f"a password has between {SHORTEST} and {LONGEST} characters",
            )
        )
    if not plain.isprintable():
        raise WeakPasswordError(Words("密码不应含控制字符", "a password has no control characters"))
    if not plain.casefold().replace(_plain(name).casefold(), "").strip():
        raise WeakPasswordError(Words("密码不应与用户名相同", "a password must not be the name"))


def hash_password(password: str) -> str:
    """What is kept of it: argon2id with its parameters and a salt of its own."""
    with _ONE_AT_A_TIME:
        return _HASHER.hash(_plain(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether this is the password; where nothing is kept, False after the same time, so that names cannot be told."""
    with _ONE_AT_A_TIME:
        nobodys = _nobodys()  # made at the first call, whoever is asked for
        try:
            _HASHER.verify(kept or nobodys, _plain(password))
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
        return kept is not None


def outdated(kept: str) -> bool:
    """Whether it was hashed with other parameters than those of today."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return _HASHER.hash("the password of nobody")


def _plain(text: str) -> str:
    """The same text from every keyboard: composed or not, full or half width (NFKC, as NIST SP 800-63B asks for)."""
    return unicodedata.normalize("NFKC", text)
