"""The night of a running park: who is told, what is left to look into, and the whole of it put back elsewhere."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leyden.history import Record
from leyden.runtime.bundle import opened
from leyden.runtime.config import data_folder, load_config
from leyden.runtime.points import named_points
from tests.runtime.ears import Hook, broker, hook, listening
from tests.whole.park import running, wait_for

START = "2026-01-21T00:05"
TOLD_WITHIN_S = 10.0
"""After an urgent alarm has begun to stand."""
GATE = "device-silent:gate"


def about_gate(ops: Hook) -> list[str]:
    """What was told of the silent gate meter; a computer that stumbles may make other alarms."""
    return [kind for kind, cause in ops.told if cause == GATE]


def leyden(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leyden", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"LEYDEN_LANG": "en"}, timeout=120)


@pytest.mark.kill
def test_a_night(tmp_path):
    with hook() as ops, broker(tmp_path) as port, listening(port) as heard:
        # By name: the ports of 127.0.0.1 in a site file are those of its devices, which the test moves.
        url = ops.url.replace("127.0.0.1", "localhost")
        table = f"""
[notify]
link = "http://room.example"
webhook.ops = {{ url = "{url}" }}
mqtt.mq = {{ at = "mqtt://localhost:{port}", heartbeat = "5 s" }}
[blackbox]
flush = "1 s"
"""
        status = "leyden/park/status"
        with running(tmp_path, "park.toml", "--start", START, change=lambda text: text + table) as park:
            wait_for(lambda: heard.at(status) == [b"online"], "the broker was not told that the site is there")
            fault = park.post("/api/twin/faults", {"kind": "silent", "target": "gate", "params": {}})
            park.wait_live(lambda live: any(a["key"] == GATE for a in live["alarms"]), "no alarm of the gate")
            stood = time.monotonic()
            wait_for(lambda: about_gate(ops) == ["raised"], "nobody was told")
            assert time.monotonic() - stood <= TOLD_WITHIN_S
            (body,) = (body for body in ops.got if body["cause"] == GATE)
            assert (body["priority"], body["mode"], body["link"]) == (1, "SIMULATED", "http://room.example")
            wait_for(lambda: heard.at("leyden/park/alarms"), "the broker was not told")
            wait_for(lambda: heard.at("leyden/park/heartbeat"), "no heartbeat")

            park.kill_site()
            wait_for(lambda: heard.at(status)[-1] == b"offline", "nobody noticed the site's death")
            wait_for(lambda: heard.at(status)[-1] == b"online", "it did not come back")
            park.wait_live(lambda live: live["seq"] > 30, "it does not go on")
            # The alarm stands over the restart, and is not told again; its end is.
            park.delete(f"/api/twin/faults/{fault['id']}")
            wait_for(lambda: len(about_gate(ops)) > 1, "its end was not told")
            assert about_gate(ops) == ["raised", "recovered"]

            _look_into(park, tmp_path)
            _put_back(park, tmp_path)


def _look_into(park, folder: Path) -> None:
    """The last quarter of an hour, with the kill in it."""
    bundle = folder / "night.zip"
    told = leyden("doctor", park.site_file, "--around", "now", "-o", bundle, "--token", park.token)
    assert told.returncode == 0, told.stderr
    with opened(bundle, "doctor") as found:
        assert found.page["missing"] == []
        frames = found.read("frames.csv").decode().splitlines()
        assert len(frames) > 100
        assert {line.split(",")[1] for line in frames[1:]} >= {"gate", "bms1", "pcs1"}
        assert "begins: park" in found.read("log.txt").decode()
        keys = {alarm["key"] for alarm in json.loads(found.read("alarms.json"))}
        assert "device-silent:gate" in keys
    told = leyden("replay", bundle, "--json")
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr
    assert json.loads(told.stdout)["decisions"] > 60
    examined = leyden("doctor", park.site_file, "--token", park.token, "--json")
    verdicts = {finding["what"]["en"]: finding["verdict"] for finding in json.loads(examined.stdout)}
    assert verdicts["device gate"] == verdicts["ledger"] == verdicts["record"] == "ok"


def _put_back(park, folder: Path) -> None:
    """A backup while it runs, and the same past elsewhere."""
    backup, there = folder / "park.zip", folder / "there"
    told = leyden("backup", park.site_file, "-o", backup, "--token", park.token)
    assert told.returncode == 0, told.stderr
    # Its data folder is an absolute one, and in use: nothing is put over it.
    assert leyden("restore", backup, "--into", there).returncode == 2
    live = park.live()
    park.process.terminate()
    park.process.wait(30)
    (folder / "var").rename(folder / "gone")
    told = leyden("restore", backup, "--into", there)
    assert told.returncode == 0, told.stderr
    config = load_config(there / "park.toml")
    points = [point.name for point in named_points(config.site)]
    kept = Record(data_folder(config, True), points, config.history, simulated=True)
    last = kept.last_t()
    kept.close()
    assert last is not None
    assert live["t"] - 120.0 < last <= live["t"] + 1.0
