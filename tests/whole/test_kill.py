"""kill -9 at any moment: what was acknowledged holds, the record goes on, and the park comes back by itself."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from leyden.devices import FieldPlant
from leyden.runtime.config import load_config
from leyden.runtime.http import request_json
from leyden.runtime.wiring import twin_clock
from tests.whole.park import SITES, Park, moved, pid_of, running, wait_for, with_key
from tests.whole.witnesses import Operator, Witness, nothing_was_lost

SPEED = 10.0
START = "2026-01-21T00:05"
"""Soon after midnight: there is little of the day to simulate first."""
WATCHDOG_S = 30.0
"""Of the converter, as its map arms it; site time."""


def alarm_of(live: Any, source: str) -> Any:
    return next((alarm for alarm in live["alarms"] if alarm["source"] == source), None)


def silenced(park: Park, device: str) -> Any:
    """A device that does not answer, and its alarm, acknowledged."""
    park.post("/api/twin/faults", {"kind": "silent", "target": device, "params": {}})
    alarm = alarm_of(park.wait_live(lambda live: alarm_of(live, device), f"no alarm of {device}"), device)
    answered = park.post(f"/api/alarms/{alarm['id']}/ack", {"by": "operator"})
    assert answered["acknowledged"] is not None
    return answered


def kill_site_again_and_again(park: Park, kills: int, rng: np.random.Generator) -> None:
    """While commands are given and alarms stand; everything acknowledged is looked for after each restart."""
    operator, witness = Operator(park, rng.spawn(1)[0]), Witness(park, SPEED)
    clock = clock_of(park)
    alarms = [silenced(park, "line")]
    for kill in range(kills):
        stop = threading.Event()
        at_work = threading.Thread(target=operator.work, args=(stop,))
        at_work.start()
        witness.look(float(rng.uniform(0.3, 4.0)) if kill else 4.0)
        pid = park.site_pid()
        os.kill(pid, signal.SIGKILL)
        at_work.join(20.0)
        assert not at_work.is_alive()
        witness.killed()
        wait_for(lambda: park.site_pid() != pid, "the site was not started again", 120.0)  # noqa: B023 this turn's
        live = park.wait_live(lambda live: live["t"] > witness.seen[-1], "the site did not come back", 120.0)
        operator.check(live, witness.seen[-1])
        for alarm in alarms:
            now = alarm_of(live, alarm["source"])
            assert (now["id"], now["state"], now["acknowledged_by"]) == (alarm["id"], "ack", alarm["acknowledged_by"])
        if kill == 0:
            alarms.append(silenced(park, "inv2"))
    assert clock_of(park) == clock
    assert len(operator.granted) > kills
    end(park)
    nothing_was_lost(park, operator, witness)


def clock_of(park: Park) -> Any:
    """The twin's clock, as its control port tells it."""
    twin = load_config(park.site_file).twin
    assert twin is not None
    return request_json("GET", f"http://127.0.0.1:{twin.port}/clock")


def end(park: Park) -> None:
    park.process.terminate()
    assert park.process.wait(30) == 0


@pytest.mark.timeout(180)
def test_killed_twice_and_nothing_is_lost(tmp_path):
    with running(tmp_path, "park.toml", "--speed", str(SPEED), "--start", START) as park:
        kill_site_again_and_again(park, 2, np.random.default_rng(1))


@pytest.mark.kill
@pytest.mark.timeout(1800)
def test_killed_twenty_times_and_nothing_is_lost(tmp_path):
    with running(tmp_path, "park.toml", "--speed", str(SPEED), "--start", START) as park:
        kill_site_again_and_again(park, 20, np.random.default_rng(20))


@pytest.mark.kill
@pytest.mark.timeout(600)
def test_a_twin_that_is_killed_goes_on_in_the_same_time(tmp_path):
    with running(tmp_path, "park.toml", "--speed", str(SPEED), "--start", START) as park:
        park.post("/api/manual", {"target": "b1", "power_w": -4e5, "duration_s": 3000.0, "by": "test"})
        for _ in range(2):
            charging = park.wait_live(lambda live: (live["points"]["b1.power_w"] or 0.0) < -3e5, "it did not charge")
            time.sleep(2.5)  # its state is saved every two seconds
            clock, soc, before = clock_of(park), charging["points"]["b1.soc"], park.live()
            pid = pid_of("leyden", "twin", str(park.site_file))
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            park.wait_live(lambda live: live["bad"].get("b1.soc"), "a dead twin still looked live", 120.0)
            live = park.wait_live(
                lambda live: not any(live["bad"].get(f"{t}.power_w") for t in THINGS), "no twin", 120.0
            )
            assert clock_of(park) == clock
            assert live["t"] > before["t"]
            # Charging at 400 kW for the five minutes that it may have been away is 1 % of the battery.
            assert abs(live["points"]["b1.soc"] - soc) < 0.02
        end(park)


THINGS = ("grid", "b1", "pv1", "w1", "line1")


@contextmanager
def process(*command: str, stderr: Any = subprocess.DEVNULL) -> Iterator["subprocess.Popen[bytes]"]:
    """One of Leyden's own, without anybody who starts it again."""
    running = subprocess.Popen([sys.executable, "-m", "leyden", *command], stderr=stderr)
    try:
        yield running
    finally:
        running.kill()
        running.wait(10)


@pytest.mark.timeout(180)
def test_a_dead_site_means_a_resting_battery(tmp_path):
    """Nobody starts it again: the converter's own watchdog brings it to rest, and what was commanded stays over."""
    text, ports = moved((SITES / "park.toml").read_text())
    site = tmp_path / "park.toml"
    site.write_text(with_key(text, "history", 'folder = "var"'))
    config, url = load_config(site), f"http://127.0.0.1:{ports['web']}"
    park = Park(site, tmp_path, url, None, tmp_path / "log.txt")  # type: ignore[arg-type]
    with process("twin", str(site), "--speed", str(SPEED), "--start", "2026-01-21T12:00"):
        with park.log.open("wb") as log, process("up", str(site), stderr=log) as up:
            park.wait_live(lambda live: not live["bad"].get("b1.soc"), "the site did not start")
            park.post("/api/manual", {"target": "b1", "power_w": 8e5, "duration_s": 120.0, "by": "test"})
            park.wait_live(lambda live: (live["points"]["b1.power_w"] or 0.0) > 7.5e5, "it did not discharge")
            up.kill()
        asyncio.run(rests(config, ports["twin"]))
        # The command has run out meanwhile; after the restart it is not there, and nobody asks for it.
        with process("up", str(site)):
            live = park.wait_live(lambda live: not live["bad"].get("b1.power_w"), "the site did not start again")
            assert live["commands"] == []
            assert all(step["controller"] != "manual" for step in live["decision"]["steps"])


async def rests(config, twin_port):
    """Look at the converter alone, and write nothing."""
    clock = twin_clock(twin_port, config.site.id)
    dead_s, seen = clock.elapsed_s(), []
    field_plant = FieldPlant(config.site, config.maps, clock, armed=False)
    await field_plant.start()
    try:
        while clock.elapsed_s() < dead_s + 130.0:
            await field_plant.poll(0.5)
            seen.append((clock.elapsed_s() - dead_s, field_plant.read().converter["b1"].good("power_w")))
            await clock.sleep_until(clock.elapsed_s() + 1.0)
    finally:
        await field_plant.stop()
    assert seen[0][1] > 7.5e5
    assert all(abs(power_w) < 1e3 for after_s, power_w in seen if after_s > WATCHDOG_S + 5.0)
