"""People: their names, roles and passwords. There is nobody until somebody is made: no default name or password."""

import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.passwords import check_password, hash_password, matches, outdated
from leyden.history.ledger.times import read_time, written
from leyden.history.ledger.user_errors import UnknownUserError, UserConflictError, UserError
from leyden.model.role import Role
from leyden.model.words import Words

_NAME = re.compile(r"[^\W_][\w.@-]{0,31}")
"""Letters of any script; no blanks and no brackets, so that no name reads like a machine's in the log."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can log in."""

    name: str
    role: Role
    enabled: bool
    made: datetime
    changed: datetime


class Users:
    """Names differ in more than small and capital letters. What changes a person ends all sessions of that person."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def add(self, name: str, role: Role, password: str, time: datetime) -> User:
        """Somebody new. Raises UserError: of the name, of the password, or because the name is taken."""
        plain = unicodedata.normalize("NFC", name)
        if not _NAME.fullmatch(plain):
            raise UserError(
                Words(
                    "用户名应为 1 至 32 个字母、数字或 . - _ @,以字母或数字开头",
                    "a name has 1 to 32 letters, digits or . - _ @, the first one a letter or digit",
                )
            )
        check_password(plain, password)
        user = User(plain, role, True, time, time)
        values = (plain, role, hash_password(password), 1, written(time), written(time))
        with self._file.write() as connection:
            if _rows(connection, plain):
                raise UserConflictError(Words(f"用户 {plain} 已存在", f"there is somebody called {plain} already"))
            connection.execute(
                "INSERT INTO users (name, role, hash, enabled, made, changed) VALUES (?, ?, ?, ?, ?, ?)", values
            )
        return user

    def change(
        self,
        name: str,
        time: datetime,
        role: Role | None = None,
        password: str | None = None,
        enabled: bool | None = None,
    ) -> tuple[User, User]:
        """What is given becomes so, and the person's sessions end; before and after.

        Raises UnknownUserError, WeakPasswordError, and UserConflictError where no administrator would be left.
        """
        if password is not None:
            check_password(name, password)
        hashed = None if password is None else hash_password(password)  # before the ledger is held: it takes a while
        with self._file.write() as connection:
            row = _row(connection, name)
            before = _user(row)
            after = User(
                before.name,
                before.role if role is None else role,
                before.enabled if enabled is None else enabled,
                before.made,
                time,
            )
            _leave_an_administrator(connection, before, after)
            connection.execute(
                "UPDATE users SET role = ?, enabled = ?, hash = ?, changed = ? WHERE name = ?",
                (after.role, int(after.enabled), hashed or row["hash"], written(time), before.name),
            )
            connection.execute("DELETE FROM sessions WHERE user = ?", (before.name,))
        return before, after

    def remove(self, name: str) -> User:
        """Nobody of this name any more. Raises UnknownUserError, and UserConflictError for the last administrator."""
        with self._file.write() as connection:
            before = _user(_row(connection, name))
            _leave_an_administrator(connection, before, None)
            connection.execute("DELETE FROM users WHERE name = ?", (before.name,))
        return before

    def verify(self, name: str, password: str) -> User | None:
        """Who this is, or None: unknown, disabled or the wrong password, all after the same time."""
        rows = self._file.read("SELECT * FROM users WHERE name = ?", (unicodedata.normalize("NFC", name),))
        kept: str | None = rows[0]["hash"] if rows else None
        if not matches(kept, password) or kept is None or not rows[0]["enabled"]:
            return None
        if outdated(kept):
            hashed = hash_password(password)
            with self._file.write() as connection:
                connection.execute("UPDATE users SET hash = ? WHERE hash = ?", (hashed, kept))
        return _user(rows[0])

    def all(self) -> Sequence[User]:
        """Everybody, in the order of their names."""
        return [_user(row) for row in self._file.read("SELECT * FROM users ORDER BY name")]

    def any(self) -> bool:
        """Whether anybody can log in by name."""
        return bool(self._file.read("SELECT 1 FROM users WHERE enabled LIMIT 1"))


def _rows(connection: sqlite3.Connection, name: str) -> list[sqlite3.Row]:
    return connection.execute("SELECT * FROM users WHERE name = ?", (unicodedata.normalize("NFC", name),)).fetchall()


def _row(connection: sqlite3.Connection, name: str) -> sqlite3.Row:
    rows = _rows(connection, name)
    if not rows:
        raise UnknownUserError(Words(f"没有用户 {name}", f"there is nobody called {name}"))
    return rows[0]


def _leave_an_administrator(connection: sqlite3.Connection, before: User, after: User | None) -> None:
    """Raise UserConflictError if this person is the last administrator and would not be one afterwards."""

    def rules(user: User | None) -> bool:
        return user is not None and user.enabled and user.role is Role.ADMINISTRATOR

    if not rules(before) or rules(after):
        return
    query = "SELECT count(*) FROM users WHERE role = ? AND enabled AND name <> ?"
    if connection.execute(query, (Role.ADMINISTRATOR, before.name)).fetchone()[0] == 0:
        raise UserConflictError(
            Words(
                f"{before.name} 是最后一位管理员:请先设置另一位管理员",
                f"{before.name} is the last administrator: make another one first",
            )
        )


def _user(row: sqlite3.Row) -> User:
    return User(row["name"], Role(row["role"]), bool(row["enabled"]), read_time(row["made"]), read_time(row["changed"]))
