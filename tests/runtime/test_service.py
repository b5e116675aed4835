"""Being kept running: signs of life, a unit that systemd takes, a log of one's own, a changed site file."""

import asyncio
import configparser
import logging
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leyden.cli import make_app
from leyden.model.condition import Condition
from leyden.runtime import service_manager, site_log
from leyden.runtime.config import load_config
from leyden.runtime.reload import Reload
from leyden.runtime.service_manager import ServiceManager
from leyden.runtime.unit_file import WATCHDOG_S, unit_text
from tests.runtime.ears import hook
from tests.whole.inside import configured
from tests.whole.park import SITES, free_ports

EXAMPLE = Path(__file__).parents[2] / "packaging/systemd/leyden-park.service"


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("LEYDEN_LANG", "en")
    app, runner = make_app(), CliRunner()
    return lambda *words: runner.invoke(app, [*map(str, words)])


# Signs of life.


@pytest.fixture
def listening(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(tmp_path / "notify"))
        door.settimeout(20.0)
        yield door, str(tmp_path / "notify")


def test_the_first_cycle_is_ready_and_every_one_after_it_alive(listening, monkeypatch):
    door, address = listening
    now_s = [0.0]
    monkeypatch.setattr(service_manager, "monotonic", lambda: now_s[0])
    manager = ServiceManager({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())})
    for second in range(25):
        now_s[0] = float(second)
        manager.turned("discharging 812 kW")
    manager.stopping()
    told = [door.recv(4096).decode().splitlines() for _ in range(4)]
    # Three times within the interval that was set: at 0, 10 and 20 s.
    assert told[0] == ["READY=1", "WATCHDOG=1", "STATUS=discharging 812 kW"]
    assert told[1] == told[2] == ["WATCHDOG=1", "STATUS=discharging 812 kW"]
    assert told[3] == ["STOPPING=1"]


def test_beginning_anew_is_no_stop(listening):
    door, address = listening
    ServiceManager({"NOTIFY_SOCKET": address}).stopping(again=True)
    assert door.recv(4096).decode().startswith("RELOADING=1\nMONOTONIC_USEC=")


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"WATCHDOG_USEC": "soon"}])
def test_without_anybody_who_listens_nothing_happens(environment):
    manager = ServiceManager(environment)
    manager.turned("resting")
    manager.stopping()


# The unit.


def test_the_unit_in_the_repository_is_the_one_that_is_made(monkeypatch):
    park = load_config(SITES / "park.toml")
    moved = replace(park, path=Path("/etc/leyden/park.toml"))
    text = unit_text(moved, ["/opt/leyden/.venv/bin/python", "-m", "leyden"], "leyden")
    assert EXAMPLE.read_text("utf-8") == text


def test_a_unit_checks_the_site_first_and_may_write_its_data_alone(run, tmp_path):
    folder = tmp_path / "my site 100 %"
    folder.mkdir()
    config = configured(folder)
    told = run("service", "install", config.path, "--user", "leyden", "--into", tmp_path)
    assert told.exit_code == 0, told.output
    for words in ("daemon-reload", "enable --now leyden-park.service", "install -d -o leyden"):
        assert words in told.output
    unit = tmp_path / "leyden-park.service"
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(unit)
    service = parsed["Service"]
    file = f'"{folder}/park.toml"'.replace("%", "%%")
    assert service["ExecStartPre"].endswith(f" -m leyden check {file}")
    assert service["ExecStart"].endswith(f" -m leyden up {file}")
    assert service["ReadWritePaths"] == f'"{folder}/data/park-simulated"'.replace("%", "%%")
    wanted = {"Type": "notify", "User": "leyden", "Restart": "always", "RestartPreventExitStatus": "2"}
    wanted |= {"ProtectSystem": "strict", "NoNewPrivileges": "yes", "WatchdogSec": str(WATCHDOG_S)}
    assert {key: service[key] for key in wanted} == wanted
    if shutil.which("systemd-analyze"):
        checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
        assert checked.stderr == ""
    # A second time, for another person: what was there is kept aside.
    assert run("service", "install", config.path, "--user", "other", "--into", tmp_path).exit_code == 0
    assert "User=leyden\n" in (tmp_path / "leyden-park.service.old").read_text()
    assert run("service", "print", config.path, "--user", "other").stdout == unit.read_text()


def test_a_place_where_one_may_not_write_is_told_with_the_mend(run, tmp_path):
    config = configured(tmp_path)
    told = run("service", "install", config.path, "--into", tmp_path / "not there")
    assert (told.exit_code, "as root" in told.output) == (1, True)


# A changed site file.


async def test_a_wrong_file_changes_nothing_and_a_right_one_is_taken(tmp_path):
    config = configured(tmp_path)
    text = config.path.read_text()
    reload = Reload(config.path)
    waiting = asyncio.create_task(reload.until_right())
    try:
        await asyncio.sleep(0)
        config.path.write_text(text.replace('power = "1.5 MW"', 'power = "1.5 MWh"'))
        os.kill(os.getpid(), signal.SIGHUP)
        found: list[Condition] = []
        for _ in range(3000):
            await asyncio.sleep(0.01)
            found = list(reload.conditions())
            if found:
                break
        (refused,) = found
        assert (refused.key, refused.priority) == ("config-refused", 3)
        assert "1.5 MWh" in refused.text.en
        assert not waiting.done()
        config.path.write_text(text)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(waiting, 30.0)
        assert reload.wanted
    finally:
        waiting.cancel()
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


# The log.


def test_what_leyden_logs_is_in_its_folder_without_secrets(tmp_path):
    begun = datetime.now(UTC)
    with site_log.site_log(tmp_path, lambda text: text.replace("s3cret", "***")) as path:
        logging.getLogger("leyden.somewhere").info("told %s", "s3cret")
        try:
            raise ValueError("s3cret too")
        except ValueError:
            logging.getLogger("leyden.elsewhere").exception("it failed")
        logging.getLogger("uvicorn.error").info("not worth a line")
    text = path.read_text()
    assert "INFO    leyden.somewhere: told ***" in text
    assert "ValueError: *** too" in text
    assert "s3cret" not in text
    assert "not worth" not in text
    lines = list(site_log.lines_between(tmp_path, begun - timedelta(seconds=1), datetime.now(UTC)))
    assert lines == text.splitlines()
    assert list(site_log.lines_between(tmp_path, begun - timedelta(hours=2), begun - timedelta(hours=1))) == []


def test_the_log_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(site_log, "_BYTES", 2000)
    with site_log.site_log(tmp_path, str):
        for number in range(500):
            logging.getLogger("leyden.somewhere").info("line %d", number)
    files = site_log.files_of(tmp_path)
    assert len(files) == 5
    assert sum(path.stat().st_size for path in files) < 5 * 2200
    assert files[-1].read_text().endswith("line 499\n")


# Telling whoever is to be told.


def test_a_test_message_says_what_became_of_it(run, tmp_path):
    (closed,) = free_ports(1)
    with hook() as ops:
        table = f"""
[notify]
webhook.ops = {{ url = "{ops.url}" }}
webhook.gone = {{ url = "http://127.0.0.1:{closed}/" }}
webhook.unset = {{ url = {{ env = "NOT_SET_ANYWHERE" }} }}
mqtt.mq = {{ at = "mqtt://127.0.0.1:{closed}" }}
"""
        config = configured(tmp_path, text=lambda text: text + table)
        told = run("notify", "test", config.path)
    assert told.exit_code == 1
    assert [body["kind"] for body in ops.got] == ["test"]
    assert ops.got[0]["mode"] == "SIMULATED"
    lines = dict(line.split(": ", 1) for line in told.output.splitlines())
    assert lines["ops"].startswith("taken")
    assert "no connection" in lines["gone"]
    assert "NOT_SET_ANYWHERE" in lines["unset"]
    assert "MQTT" in lines["mq"]


def test_a_site_that_names_nobody_is_told_where_to_look(run, tmp_path):
    told = run("notify", "test", configured(tmp_path).path)
    assert (told.exit_code, "[notify]" in told.output) == (2, True)
