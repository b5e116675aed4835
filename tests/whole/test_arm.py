"""`leyden up` on real addresses: shadow at first, armed by a typed name, and so again after kill -9."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leyden.cli import make_app
from leyden.runtime.http import AnswerError, request_json
from tests.whole.park import SITES, moved, wait_for, with_key

pytestmark = [pytest.mark.kill, pytest.mark.timeout(300)]


@contextmanager
def process(log: Path, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("ab") as stream:
        found = subprocess.Popen([sys.executable, "-m", "leyden", *command], stdout=stream, stderr=stream)
    try:
        yield found
    finally:
        if found.poll() is None:
            found.terminate()
            found.wait(30)


def without_twin(text: str) -> str:
    """A site file with everything from [twin] on taken out, but for [web] and [history]."""
    head, *tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    return head + "".join(table for table in tables if not table.startswith("[twin"))


def snapshot(url: str):
    try:
        return request_json("GET", f"{url}/api/snapshot")
    except AnswerError:
        return None


def live(url: str, true, why: str):
    return wait_for(lambda: (found := snapshot(url)) and true(found) and found, why, 90.0)


def test_shadow_then_armed_then_killed_then_live_then_disarmed(tmp_path, monkeypatch):
    monkeypatch.setenv("LEYDEN_LANG", "en")
    text, ports = moved((SITES / "park.toml").read_text())
    text = with_key(text, "history", f'folder = "{tmp_path}/var"')
    twin, site, log = tmp_path / "twin.toml", tmp_path / "site.toml", tmp_path / "log.txt"
    twin.write_text(text)
    site.write_text(with_key(without_twin(text), "web", 'read = "open"'))
    url, cli = f"http://127.0.0.1:{ports['web']}", CliRunner()

    def leyden(*words: str):
        return cli.invoke(make_app(), list(words))

    with process(log, "twin", str(twin), "--start", "2026-09-20T11:30"):
        with process(log, "up", str(site)) as up:
            first = live(url, lambda found: not found["bad"].get("b1.soc"), f"the site did not start: {log}")
            assert first["mode"]["mark"] == "SHADOW"
            assert "nothing is sent to the devices until" in log.read_text()
            token = re.search(r"#token=(\S+)", log.read_text())
            assert token is not None
            monkeypatch.setenv("LEYDEN_TOKEN", token.group(1))
            wrong = leyden("arm", str(site), "--confirm", "another")
            assert (wrong.exit_code, "nothing was armed" in wrong.output) == (2, True)
            assert leyden("arm", str(twin), "--confirm", "park").exit_code == 2
            armed = cli.invoke(make_app(), ["arm", str(site), "--reason", "commissioned"], input="park\n")
            assert (armed.exit_code, "park is LIVE" in armed.output) == (0, True)
            live(url, lambda found: found["mode"]["mark"] == "LIVE", "it was not armed")
            up.send_signal(signal.SIGKILL)
            up.wait(10)
        with process(log, "up", str(site)):
            again = live(url, lambda found: not found["bad"].get("b1.soc"), "the site did not start again")
            assert again["mode"]["mark"] == "LIVE"
            assert "LIVE" in leyden("status", "--url", url).output
            assert leyden("lock", "b1", "--by", "Li", "--reason", "fan replaced", "--url", url).exit_code == 0
            assert leyden("lock", "b9", "--by", "Li", "--reason", "x", "--url", url).exit_code == 1
            live(url, lambda found: not found["decision"]["setpoints"]["b1"]["run"], "the lock does not hold")
            assert "b1 is locked by Li" in leyden("why", "--url", url).output
            assert "nothing is locked" in leyden("unlock", "b1", "--reason", "done", "--url", url).output
            assert leyden("demand", "1.2 MW", "--url", url).exit_code == 0
            assert "park is SHADOW" in leyden("disarm", str(site), "--reason", "meter work").output
            told = leyden("log", "--url", url).output.splitlines()
            assert "commissioned" in told[0]
            assert "meter work" in told[-1]
            assert len(told) == 5
