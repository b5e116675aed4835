"""`leyden commission` as a person meets it."""

import asyncio
import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leyden.cli import make_app
from leyden.cli.commission import _asked, _Keeping
from leyden.commission import Step
from leyden.commission.report import Lang
from leyden.history import Ledger
from leyden.model.words import Words
from leyden.runtime.config import data_folder
from leyden.runtime.http import AnswerError, request_json
from tests.commission.parks import opened, yard
from tests.commission.test_connect import answering, nobody
from tests.whole.park import SITES, free_ports, moved, wait_for, with_key

RUNNER = CliRunner()


def called(*words):
    return RUNNER.invoke(make_app(("commission",)), ["commission", *map(str, words)])


@pytest.fixture
def site(tmp_path):
    yard(tmp_path, twin=f"port = {free_ports(1)[0]}")
    path = tmp_path / "yard.toml"
    path.write_text(with_key(path.read_text(), "web", f"port = {free_ports(1)[0]}"))
    return path


def test_a_battery_that_is_not_there_is_wrong_use(site):
    done = called(site, "--battery", "b9")
    assert done.exit_code == 2
    assert "there are: b1" in done.output


def test_a_running_site_is_refused_with_what_to_do(site):
    with answering(200, {"id": "yard", "mark": "SIMULATED"}) as url:
        done = called(site, "--yes", "--url", url)
    assert done.exit_code == 1
    assert "keep only `leyden twin`" in " ".join(done.output.split())


def test_without_its_twin_it_says_how_to_start_it(site):
    done = called(site, "--yes", "--url", nobody())
    assert done.exit_code == 3
    assert "leyden twin" in done.output


def test_a_pulse_is_never_large(site):
    assert called(site, "--pulse", "0.5").exit_code == 2


@pytest.mark.parametrize(
    ("typed", "meant"), [("y\n", True), ("YES\n", True), ("是\n", True), ("\n", False), ("no\n", False), ("", False)]
)
async def test_only_a_plain_yes_is_one(monkeypatch, typed, meant):
    monkeypatch.setattr("leyden.cli.commission._read_line", lambda: typed)
    assert await asyncio.wait_for(_asked(Words("?", "?")), 20.0) is meant


async def test_the_report_is_kept_beside_others_and_in_the_ledger(tmp_path):
    config = yard(tmp_path)
    keeping = _Keeping(config, tmp_path / "reports", Lang.BOTH)
    async with opened(config) as there:
        report = await there.run(Step.LINKS)
    for _ in range(2):
        keeping(report)
    names = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert names == [f"{report.file_name}-2.html", f"{report.file_name}.html"]
    with closing(Ledger(data_folder(config, simulated=True))) as ledger:
        newest, _ = ledger.actions.between(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    assert (newest.what, newest.by, newest.target, newest.why) == ("commissioned", "Li Lei", "yard", "first start")
    assert isinstance(newest.after, dict)
    assert newest.after["mark"] == "passed"
    assert newest.after["file"] in names


@pytest.mark.soak
def test_a_person_commissions_the_park_beside_its_twin(tmp_path):
    """The whole of it as processes: a twin alone, every step, exit code 0, a report and its action."""
    text, ports = moved((SITES / "park.toml").read_text())
    site = tmp_path / "park.toml"
    site.write_text(with_key(text, "history", f"folder = {json.dumps(str(tmp_path / 'var'))}"))
    command = [sys.executable, "-m", "leyden"]
    twin = subprocess.Popen([*command, "twin", str(site), "--speed", "2"])
    try:
        wait_for(lambda: _answers(f"http://127.0.0.1:{ports['twin']}/clock"), "the twin did not start")
        done = subprocess.run(
            [*command, "commission", str(site), "--yes", "--by", "Li Lei", "--out", str(tmp_path), "--json"],
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
    finally:
        twin.terminate()
        twin.wait(20)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["mark"] in ("passed", "noted")
    assert told["complete"]
    assert [path.name for path in tmp_path.glob("*.html")] == [Path(told["file"]).name]


def _answers(url):
    try:
        return request_json("GET", url)
    except AnswerError:
        return None
