"""`leyden user` and `leyden token` on a site's own files, beside a site that runs and without one."""

import json
import os
import select
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

from leyden.cli import make_app
from leyden.history import Ledger
from leyden.history.ledger import passwords
from leyden.model.role import Role

PARK = Path(__file__).parents[2] / "sites/park.toml"
PASSWORD = "a long horse battery"
COMMANDS = (
    "user add", "user list", "user role", "user password", "user disable", "user enable", "user remove",
    "token add", "token list", "token remove",
)  # fmt: skip


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("LEYDEN_LANG", "en")
    monkeypatch.setenv("LOGNAME", "root-of-depot")
    light = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # its strength is tested where it is made
    monkeypatch.setattr(passwords, "_HASHER", light)
    shutil.copy(PARK, tmp_path)
    return tmp_path / "park.toml"


@pytest.fixture
def run(site):
    app, runner = make_app(("user", "token")), CliRunner()
    return lambda text, stdin=PASSWORD + "\n": runner.invoke(app, [*text.split("|"), "--site", str(site)], stdin)


@pytest.fixture
def ledger(site):
    """The running site's, open all the while."""
    with closing(Ledger(site.parent / "data/park-simulated")) as ledger:
        yield ledger


def add(run, name, role="operator"):
    return run(f"user|add|{name}|--role|{role}|--password-stdin")


def test_nobody_is_there_until_somebody_is_made(run, site):
    told = run("user|list")
    assert told.exit_code == 0
    assert "nobody yet" in told.stderr
    assert add(run, "li", "administrator").stdout.strip() == "li can log in as administrator"
    assert "li" in run("user|list").stdout
    with closing(Ledger(site.parent / "data/park-simulated")) as ledger:
        assert ledger.users.verify("li", PASSWORD)


def test_a_running_site_sees_the_change_at_its_next_look(run, ledger):
    now = datetime.now(UTC)
    add(run, "boss", "administrator")
    add(run, "li")
    session = ledger.sessions.open("li", now, 3600.0)
    assert ledger.sessions.check(session, now, 3600.0)
    assert "engineer" in run("user|role|li|--role|engineer").stdout
    assert ledger.sessions.check(session, now, 3600.0) is None
    assert [user.role for user in ledger.users.all()] == [Role.ADMINISTRATOR, Role.ENGINEER]
    assert ledger.users.verify("li", PASSWORD)
    assert run("user|password|li|--password-stdin", "quite another one\n").exit_code == 0
    assert ledger.users.verify("li", PASSWORD) is None
    assert ledger.users.verify("li", "quite another one")
    assert run("user|disable|li").exit_code == 0
    assert ledger.users.verify("li", "quite another one") is None
    assert run("user|enable|li").exit_code == 0
    assert ledger.users.verify("li", "quite another one")
    assert run("user|remove|li").exit_code == 0
    assert [user.name for user in ledger.users.all()] == ["boss"]


def test_what_was_done_here_is_in_the_log_with_the_login_that_did_it(run, ledger):
    add(run, "li", "administrator")
    run("token|add|dispatcher|--role|operator")
    run("token|remove|1")
    rows = ledger._file.read("SELECT by, what, target, after FROM actions ORDER BY id")
    assert [(row["what"], row["target"]) for row in rows] == [
        ("user-added", "li"),
        ("token-made", "1 dispatcher"),
        ("token-removed", "1"),
    ]
    assert {row["by"] for row in rows} == {"root-of-depot [leyden]"}
    assert PASSWORD not in "".join(row["after"] for row in rows)


def test_the_password_is_asked_for_twice_and_never_shown(site):
    """On a terminal, as a person sits before it."""
    ours, theirs = os.openpty()
    command = ["-m", "leyden", "user", "add", "li", "--role", "viewer", "--site", str(site)]
    asked = subprocess.Popen(
        [sys.executable, *command], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    for times in (1, 2):
        while shown.count(b": ") < times:  # the blank comes when the echo is off
            shown += read(ours)
        os.write(ours, PASSWORD.encode() + b"\n")
    while piece := read(ours):
        shown += piece
    os.close(ours)
    assert asked.wait(60) == 0, shown
    assert b"li can log in as viewer" in shown
    assert PASSWORD.encode() not in shown
    with closing(Ledger(site.parent / "data/park-simulated")) as ledger:
        assert ledger.users.verify("li", PASSWORD)


def read(terminal):
    """What comes next; nothing once the other side has gone."""
    assert select.select([terminal], [], [], 60)[0], "nothing for a minute"
    try:
        return os.read(terminal, 4096)
    except OSError:  # on Linux the end of a terminal is an error
        return b""


def test_without_a_terminal_the_mend_is_told(run):
    told = run("user|add|li|--role|viewer")
    assert (told.exit_code, "--password-stdin" in told.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "stdin", "code", "why"),
    [
        ("user|add|li|--role|viewer|--password-stdin", "short\n", 1, "between 10 and 256"),
        ("user|add|li-li-li-li|--role|viewer|--password-stdin", "LI-li-LI-li\n", 1, "must not be the name"),
        ("user|add|a b|--role|viewer|--password-stdin", PASSWORD, 1, "letters, digits"),
        ("user|add|boss|--role|viewer|--password-stdin", PASSWORD, 1, "already"),
        ("user|add|li|--role|owner|--password-stdin", PASSWORD, 2, "owner"),
        ("user|remove|boss", "", 1, "last administrator"),
        ("user|role|boss|--role|viewer", "", 1, "last administrator"),
        ("user|disable|nobody", "", 1, "nobody called"),
        ("user|password|boss|--password-stdin", "\n", 1, "between 10 and 256"),
        ("token|add|x|--role|viewer|--expires|soon", "", 2, "expected"),
        ("token|add|x|--role|viewer|--expires|0 s", "", 2, "opens nothing"),
        ("token|add| |--role|viewer", "", 1, "printable"),
        ("token|remove|9", "", 1, "no token 9"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_kept(run, site, text, stdin, code, why):
    add(run, "boss", "administrator")
    before = dump(site)
    told = run(text, stdin)
    assert told.exit_code == code
    assert why in " ".join(told.stderr.split())
    assert dump(site) == before


def dump(site):
    with closing(sqlite3.connect(site.parent / "data/park-simulated/ledger.sqlite")) as connection:
        return list(connection.iterdump())


def test_a_token_is_on_standard_output_alone_and_opens(run, ledger):
    told = run("token|add|dispatcher|--role|operator|--expires|30 d")
    token = ledger.tokens.check(told.stdout.strip(), datetime.now(UTC))
    assert (token.label, token.role) == ("dispatcher", Role.OPERATOR)
    assert token.expires - token.made == timedelta(days=30)
    listed = json.loads(run("token|list|--json").stdout)
    assert [(one["id"], one["label"], one["role"], one["revoked"]) for one in listed] == [
        (1, "dispatcher", "operator", None)
    ]
    assert told.stdout.strip() not in run("token|list").output
    assert run("token|remove|1").exit_code == 0
    assert ledger.tokens.check(told.stdout.strip(), datetime.now(UTC)) is None
    assert "taken back" in run("token|list").stdout


def test_it_speaks_chinese(run, monkeypatch):
    monkeypatch.setenv("LEYDEN_LANG", "zh")
    assert "可以登录" in add(run, "张伟").stdout
    assert "值班员" in run("user|list").stdout
    assert "最后一位管理员" in (add(run, "boss", "administrator").stdout + run("user|remove|boss").stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    told = CliRunner().invoke(make_app(("user", "token")), [*command.split(), "--help"])
    assert told.exit_code == 0
    assert f"Example: leyden {command}" in " ".join(told.output.split())
