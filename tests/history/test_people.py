"""Who may what: people, sessions and tokens in the ledger, and a ledger of the first schema brought up to date."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from hypothesis import given
from hypothesis import strategies as st

from leyden.history import HistoryError, Ledger, LedgerError
from leyden.history.ledger import UnknownUserError, UserConflictError, UserError, passwords
from leyden.history.ledger.passwords import check_password, hash_password, matches, outdated
from leyden.history.ledger.schema import SCHEMA
from leyden.history.ledger.user_errors import WeakPasswordError
from leyden.model.role import Role

START = datetime(2026, 7, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
PASSWORD = "a long horse battery"
SHIFT_S = 12 * 3600.0

FIRST_SCHEMA = """
CREATE TABLE events (id INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL,
    zh TEXT NOT NULL, en TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE INDEX events_by_time ON events (time);
CREATE TABLE alarms (id INTEGER PRIMARY KEY, key TEXT NOT NULL, state TEXT NOT NULL, raised TEXT NOT NULL,
    set_time TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX alarms_by_state ON alarms (state) WHERE state <> 'normal';
CREATE INDEX alarms_by_time ON alarms (set_time);
CREATE TABLE leases (id INTEGER PRIMARY KEY, target TEXT NOT NULL, power_w REAL NOT NULL, by TEXT NOT NULL,
    saved TEXT NOT NULL, remaining_s REAL NOT NULL, ended TEXT, why TEXT) STRICT;
CREATE INDEX leases_in_force ON leases (id) WHERE ended IS NULL;
CREATE TABLE states (name TEXT PRIMARY KEY, saved TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE tokens (id INTEGER PRIMARY KEY, label TEXT NOT NULL, scope TEXT NOT NULL, hash TEXT NOT NULL,
    made TEXT NOT NULL, revoked TEXT) STRICT;
CREATE TABLE actions (id INTEGER PRIMARY KEY, time TEXT NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL,
    target TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, why TEXT NOT NULL) STRICT;
CREATE INDEX actions_by_time ON actions (time);
CREATE TRIGGER actions_stay BEFORE UPDATE ON actions BEGIN SELECT RAISE(ABORT, 'actions are never changed'); END;
CREATE TRIGGER actions_remain BEFORE DELETE ON actions BEGIN SELECT RAISE(ABORT, 'actions are never deleted'); END;
PRAGMA user_version = 1;
"""
"""Word for word what the first Leyden wrote; never to be changed."""


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path)
    yield ledger
    ledger.close()


@pytest.fixture
def first_ledger(tmp_path):
    """A file as the first Leyden left it: a command, an action, and two tokens, whose secrets are returned."""
    old = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    rows = [(1, "first start", "write", old.hash("one")), (2, "dispatcher", "write", old.hash("two"))]
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as connection:
        connection.executescript(FIRST_SCHEMA)
        made = "2026-07-15T08:00:00.000000+00:00"
        connection.executemany(f"INSERT INTO tokens VALUES (?, ?, ?, ?, '{made}', NULL)", rows)
        connection.execute(f"INSERT INTO actions VALUES (1, '{made}', 'li', 'lease-granted', 'b1', 'null', '5.0', '')")
        connection.execute(f"INSERT INTO leases VALUES (1, 'b1', 5e5, 'li', '{made}', 900.0, NULL, NULL)")
    return "leyden.1.one", "leyden.2.two"


def tables(folder):
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        return version, connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def test_a_first_ledger_becomes_what_a_new_one_is_and_keeps_what_it_holds(first_ledger, tmp_path):
    with closing(Ledger(tmp_path)) as ledger:
        assert [command.power_w for command in ledger.leases.in_force(START)] == [5e5]
        assert [action.by for action in ledger.actions.between(START, START + HOUR)] == ["li"]
        assert [(token.label, token.role) for token in ledger.tokens.all()] == [
            ("first start", Role.ADMINISTRATOR),
            ("dispatcher", Role.ENGINEER),
        ]
        assert not ledger.users.any()
    Ledger(tmp_path / "new").close()
    assert tables(tmp_path) == tables(tmp_path / "new")
    assert tables(tmp_path)[0] == SCHEMA


def test_tokens_of_the_first_ledger_open_and_are_hashed_anew_at_their_first_use(first_ledger, tmp_path):
    with closing(Ledger(tmp_path)) as ledger:
        assert ledger.tokens.check("leyden.1.wrong", START) is None
        assert ledger.tokens.check(first_ledger[0], START, old_too=False) is None, "nobody may make us hash for long"
        token = ledger.tokens.check(first_ledger[0], START)
        assert token is not None
        assert token.role is Role.ADMINISTRATOR
        assert ledger.tokens.check(first_ledger[0], START, old_too=False) is not None
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        hashes = [row[0] for row in connection.execute("SELECT hash FROM tokens ORDER BY id")]
    assert [kept.startswith("$argon2") for kept in hashes] == [False, True]


def test_a_first_ledger_that_cannot_be_brought_up_to_date_stays_what_it_was(first_ledger, tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute("CREATE TABLE sessions (in_the_way TEXT)")
        connection.commit()
    before = tables(tmp_path)
    with pytest.raises(LedgerError, match="sessions already exists"):
        Ledger(tmp_path)
    assert tables(tmp_path) == before


def test_a_ledger_is_for_its_owner_alone(ledger, tmp_path):
    assert (tmp_path / "ledger.sqlite").stat().st_mode & 0o077 == 0


def test_an_upgraded_ledger_is_for_its_owner_alone(first_ledger, tmp_path):
    (tmp_path / "ledger.sqlite").chmod(0o644)
    Ledger(tmp_path).close()
    assert (tmp_path / "ledger.sqlite").stat().st_mode & 0o077 == 0


# People.


def test_there_is_nobody_at_first(ledger):
    assert not ledger.users.any()
    assert not ledger.users.all()
    for name in ("admin", "root"):
        assert ledger.users.verify(name, name or "admin") is None


def test_somebody_is_known_by_the_password_in_every_spelling_of_the_name(ledger):
    made = ledger.users.add("Ann", Role.OPERATOR, PASSWORD, START)
    assert ledger.users.verify("ann", PASSWORD) == made
    assert ledger.users.verify("Ann", PASSWORD + " ") is None
    assert ledger.users.verify("Bob", PASSWORD) is None
    with pytest.raises(UserConflictError, match="already"):
        ledger.users.add("ANN", Role.VIEWER, PASSWORD, START)


def test_one_word_from_two_keyboards_is_one_password(ledger):
    ledger.users.add("zoë", Role.VIEWER, "caf\u00e9 caf\u00e9 caf\u00e9", START)
    assert ledger.users.verify("zoe\u0308", "cafe\u0301 cafe\u0301 cafe\u0301")


def test_a_password_is_argon2id_at_more_than_the_least_that_is_advised(ledger, tmp_path):
    ledger.users.add("ann", Role.OPERATOR, PASSWORD, START)
    kept = extract_parameters(ledger._file.read("SELECT hash FROM users")[0]["hash"])
    assert kept.type is Type.ID
    assert (kept.memory_cost, kept.time_cost, kept.parallelism) == (32 * 1024, 3, 1)
    ledger.close()
    assert all(PASSWORD.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_password_hashed_as_it_was_done_before_is_hashed_anew_at_the_next_login(ledger):
    ledger.users.add("ann", Role.OPERATOR, PASSWORD, START)
    with ledger._file.write() as connection:
        weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
        connection.execute("UPDATE users SET hash = ?", (weak,))
    assert ledger.users.verify("ann", PASSWORD)
    assert not outdated(ledger._file.read("SELECT hash FROM users")[0]["hash"])
    assert ledger.users.verify("ann", PASSWORD)


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("ann", "nine char", "between 10 and 256"),
        ("ann", "x" * 257, "between 10 and 256"),
        ("annabelle-li", "AnnaBelle-Li", "must not be the name"),
        ("annann", "annannannann", "must not be the name"),
        ("ann", "a\x00b\x00c\x00d\x00e\x00f", "control characters"),
        ("ann", "\ud800" * 12, "control characters"),
    ],
)
def test_a_weak_password_is_refused_in_both_languages(ledger, name, password, why):
    with pytest.raises(WeakPasswordError, match=why) as refused:
        ledger.users.add(name, Role.VIEWER, password, START)
    assert refused.value.words.zh != refused.value.words.en
    assert not ledger.users.all()


@pytest.mark.parametrize("name", ["", " ann", "ann ", "a b", "ann [room]", "_ann", "a" * 33, "a\n", "a/b", "甲 乙"])
def test_a_name_that_could_be_misread_is_refused(ledger, name):
    with pytest.raises(UserError, match="letters, digits"):
        ledger.users.add(name, Role.VIEWER, PASSWORD, START)


@pytest.mark.parametrize("name", ["ann", "张伟", "ann.li@park", "7", "É"])
def test_names_of_every_script_are_names(ledger, name):
    assert ledger.users.add(name, Role.VIEWER, PASSWORD, START).name == name


@pytest.mark.parametrize("text", ["", "the password of nobody", "\ud800", PASSWORD])
def test_no_text_is_the_password_of_nobody(text):
    assert not matches(None, text)


def test_any_password_that_is_taken_opens_and_its_neighbour_does_not():
    for password in ("0123456789", "二〇二六年的夏天很热啊", "ﬁfty ﬁshes"):
        check_password("ann", password)
        kept = hash_password(password)
        assert matches(kept, password)
        assert not matches(kept, password + "x")


def test_a_name_that_is_known_costs_what_an_unknown_or_disabled_one_does(ledger, monkeypatch):
    ledger.users.add("ann", Role.OPERATOR, PASSWORD, START)
    ledger.users.add("bob", Role.OPERATOR, PASSWORD, START)
    ledger.users.change("bob", START, enabled=False)
    passwords._nobodys.cache_clear()  # another test may have made it cheaply
    matches(None, "")  # what is compared with for nobody has been made
    spied = Spy(passwords._HASHER)
    monkeypatch.setattr(passwords, "_HASHER", spied)
    for name, password in (("ann", "wrong"), ("nobody", "wrong"), ("bob", PASSWORD), ("a b", "")):
        assert ledger.users.verify(name, password) is None
    assert spied.costs.count(spied.costs[0]) == 4


class Spy:
    """Notes what each comparison costs, by the parameters in the hash."""

    def __init__(self, hasher):
        self.hasher, self.costs = hasher, []

    def verify(self, kept, password):
        self.costs.append(extract_parameters(kept))
        return self.hasher.verify(kept, password)


def test_the_last_administrator_stays(ledger):
    ledger.users.add("ann", Role.ADMINISTRATOR, PASSWORD, START)
    ledger.users.add("bob", Role.OPERATOR, PASSWORD, START)
    for attempt in (
        lambda: ledger.users.remove("Ann"),
        lambda: ledger.users.change("ann", START, role=Role.ENGINEER),
        lambda: ledger.users.change("ann", START, enabled=False),
    ):
        with pytest.raises(UserConflictError, match="last administrator") as refused:
            attempt()
        assert "最后一位管理员" in refused.value.words.zh
    assert [(user.name, user.role, user.enabled) for user in ledger.users.all()] == [
        ("ann", Role.ADMINISTRATOR, True),
        ("bob", Role.OPERATOR, True),
    ]
    ledger.users.change("bob", START, role=Role.ADMINISTRATOR)
    assert ledger.users.remove("ann").name == "ann"
    with pytest.raises(UserConflictError, match="last administrator"):
        ledger.users.remove("bob")


def test_a_disabled_administrator_is_none(ledger):
    ledger.users.add("ann", Role.ADMINISTRATOR, PASSWORD, START)
    ledger.users.add("bob", Role.ADMINISTRATOR, PASSWORD, START)
    ledger.users.change("bob", START, enabled=False)
    assert ledger.users.verify("bob", PASSWORD) is None
    with pytest.raises(UserConflictError, match="last administrator"):
        ledger.users.change("ann", START, role=Role.VIEWER)


def test_nobody_cannot_be_changed_or_removed(ledger):
    for attempt in (lambda: ledger.users.remove("bob"), lambda: ledger.users.change("bob", START, enabled=True)):
        with pytest.raises(UnknownUserError, match="nobody called bob"):
            attempt()


# Sessions.


@pytest.fixture
def ann(ledger):
    ledger.users.add("boss", Role.ADMINISTRATOR, PASSWORD, START)
    return ledger.users.add("ann", Role.OPERATOR, PASSWORD, START)


def test_a_session_lives_over_a_restart_and_its_secret_is_nowhere(ledger, ann, tmp_path):
    secret = ledger.sessions.open("ann", START, SHIFT_S)
    ledger.close()
    with closing(Ledger(tmp_path)) as again:
        session = again.sessions.check(secret, START, 3600.0)
        assert session is not None
        assert (session.user, session.role) == ("ann", Role.OPERATOR)
        assert again.sessions.check(secret + "x", START, 3600.0) is None
    assert all(secret.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_session_ends_after_its_shift_even_in_constant_use(ledger, ann):
    secret = ledger.sessions.open("ann", START, SHIFT_S)
    for minutes in range(0, 12 * 60, 30):
        assert ledger.sessions.check(secret, START + timedelta(minutes=minutes), 3600.0), minutes
    assert ledger.sessions.check(secret, START + 12 * HOUR, 3600.0) is None


@given(waits_s=st.lists(st.floats(0.0, 4000.0), max_size=20))
def test_a_session_ends_when_nobody_used_it_for_so_long(tmp_path_factory, waits_s):
    """It ends within a tenth of the idle time: its last use is written down no oftener."""
    with closing(Ledger(tmp_path_factory.mktemp("ledger"))) as ledger:
        with ledger._file.write() as connection:  # no password is needed here, and hashing one takes long
            connection.execute("INSERT INTO users VALUES ('ann', 'operator', '', 1, '', '')")
            connection.execute("UPDATE users SET made = '2026-07-15T08:00:00+00:00', changed = made")
        secret, now = ledger.sessions.open("ann", START, 1e9), START
        for wait_s in waits_s:
            now += timedelta(seconds=wait_s)
            found = ledger.sessions.check(secret, now, 3600.0)
            assert found is None or wait_s < 3600.0
            assert found is not None or wait_s >= 3600.0 - 360.0
            if found is None:
                break


@pytest.mark.parametrize("change", [{"role": Role.VIEWER}, {"password": PASSWORD + "!"}, {"enabled": False}])
def test_a_change_of_a_person_ends_the_sessions_of_that_person_and_of_no_other(ledger, ann, change):
    mine, other, boss = (ledger.sessions.open(name, START, SHIFT_S) for name in ("ann", "ann", "boss"))
    ledger.users.change("ann", START, **change)
    assert [ledger.sessions.check(secret, START, 3600.0) is None for secret in (mine, other, boss)] == [
        True,
        True,
        False,
    ]


def test_who_was_removed_has_no_session_and_a_namesake_gets_none(ledger, ann):
    secret = ledger.sessions.open("ann", START, SHIFT_S)
    ledger.users.remove("ann")
    ledger.users.add("ann", Role.ADMINISTRATOR, PASSWORD, START)
    assert ledger.sessions.check(secret, START, 3600.0) is None


def test_who_logs_out_is_out(ledger, ann):
    secret = ledger.sessions.open("ann", START, SHIFT_S)
    assert ledger.sessions.close(secret)
    assert not ledger.sessions.close(secret)
    assert ledger.sessions.check(secret, START, 3600.0) is None


def test_nobody_else_has_a_session(ledger):
    with pytest.raises(LedgerError, match="FOREIGN KEY"):
        ledger.sessions.open("nobody", START, SHIFT_S)


def test_expired_sessions_are_cleared_away(ledger, ann):
    for day in range(5):
        ledger.sessions.open("ann", START + day * 24 * HOUR, SHIFT_S)
    assert ledger._file.read("SELECT count(*) FROM sessions")[0][0] == 1


# Tokens.


def test_a_token_opens_until_it_is_revoked_and_its_secret_is_nowhere(ledger, tmp_path):
    secret = ledger.tokens.create("dispatcher", Role.OPERATOR, START)
    ledger.close()
    with closing(Ledger(tmp_path)) as again:
        token = again.tokens.check(secret, START)
        assert token is not None
        assert (token.label, token.role, token.made, token.expires) == ("dispatcher", Role.OPERATOR, START, None)
        assert again.tokens.revoke(token.id, START)
        assert again.tokens.check(secret, START) is None
        assert not again.tokens.revoke(token.id, START)
        assert [token.revoked for token in again.tokens.all()] == [START]
    assert all(secret.split(".")[2].encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_token_ends_by_itself(ledger):
    secret = ledger.tokens.create("visitor", Role.VIEWER, START, START + HOUR)
    assert ledger.tokens.check(secret, START + HOUR - timedelta(seconds=1)).expires == START + HOUR
    assert ledger.tokens.check(secret, START + HOUR) is None


def test_what_another_process_revoked_opens_nothing_here(ledger, tmp_path):
    secret = ledger.tokens.create("dispatcher", Role.OPERATOR, START)
    assert ledger.tokens.check(secret, START)
    with closing(Ledger(tmp_path)) as other:
        assert other.tokens.revoke(1, START)
    assert ledger.tokens.check(secret, START) is None


def test_no_other_secret_opens(ledger):
    secret = ledger.tokens.create("a", Role.OPERATOR, START)
    other = ledger.tokens.create("b", Role.OPERATOR, START)
    prefix, number, random = secret.split(".")
    swapped = f"{prefix}.{number}.{other.split('.')[2]}"
    for wrong in (
        "",
        "x",
        random,
        secret + "x",
        secret[:-1],
        swapped,
        f"{prefix}.99.{random}",
        f"{prefix}.{10**30}.{random}",
        f"{prefix}.²." + random,
        f"{prefix}.1.\ud800",
    ):
        assert ledger.tokens.check(wrong, START) is None, wrong
    assert ledger.tokens.check(secret, START)


# Roles.


def test_roles_are_ordered_by_what_they_may_and_not_by_their_letters():
    assert sorted(Role, reverse=True) == list(reversed(Role))
    assert Role.VIEWER < Role.OPERATOR < Role.ENGINEER < Role.ADMINISTRATOR
    assert Role.ADMINISTRATOR >= Role.VIEWER
    assert Role.VIEWER <= Role.VIEWER
    assert not Role.ENGINEER > Role.ADMINISTRATOR
    assert [role.reaches(Role.ENGINEER) for role in Role] == [False, False, True, True]
    assert all(role.label.zh for role in Role)


def test_a_ledger_of_a_newer_version_is_still_refused(ledger, tmp_path):
    ledger.close()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(HistoryError, match="newer Leyden"):
        Ledger(tmp_path)
