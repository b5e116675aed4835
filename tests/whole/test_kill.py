"""kill -9 at any moment: what was acknowledged holds, the record goes on, and the park comes back by itself."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from leyden.devices import FieldPlant
from leyden.history import HistoryOptions, Ledger, Record
from leyden.runtime.config import data_folder, load_config
from leyden.runtime.http import AnswerError, request_json
from leyden.runtime.points import named_points
from leyden.runtime.wiring import twin_clock
from tests.whole.park import SITES, Park, moved, pid_of, running, wait_for, with_key

SPEED = 10.0
START = "2026-01-21T00:05"
"""Soon after midnight: there is little of the day to simulate first."""
UNFLUSHED_WALL_S = 1.0
WRITING_WALL_S = 1.0
"""What one write of the record may take on a busy computer, beside the second between two of them."""
WATCHDOG_S = 30.0
"""Of the converter, as its map arms it; site time."""
THAT_DAY = datetime(2026, 1, 20, 12, tzinfo=UTC), datetime(2026, 1, 22, tzinfo=UTC)


def site_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass
class Operator:
    """Somebody who commands without rest, and remembers what was acknowledged."""

    park: Park
    rng: np.random.Generator
    granted: list[dict[str, Any]] = field(default_factory=list)
    released: set[int] = field(default_factory=set)
    asked: tuple[str, float, float] | int | None = None
    """What was sent and not answered yet: a command (target, power, duration), or the number of one to end."""

    def work(self, stop: threading.Event) -> None:
        """Until told to stop, or nobody answers any more."""
        token = self.park.token
        while not stop.is_set():
            try:
                self.act(token)
            except AnswerError as error:
                if error.status:
                    raise
                return
            stop.wait(0.02)

    def act(self, token: str) -> None:
        mine = self.in_force("b1")
        if mine and self.rng.random() < 0.2:
            self.asked = int(mine["id"])
            request_json("DELETE", f"{self.park.url}/api/manual/{mine['id']}", token=token)
            self.released.add(int(mine["id"]))
        else:
            target = str(self.rng.choice(["b1", "batteries"]))
            power_w, duration_s = round(self.rng.uniform(-5e5, 5e5)), round(self.rng.uniform(100.0, 3000.0))
            self.asked = target, power_w, duration_s
            body = {"target": target, "power_w": power_w, "duration_s": duration_s, "by": "operator"}
            self.granted.append(request_json("POST", f"{self.park.url}/api/manual", body, token)["command"])
        self.asked = None

    def in_force(self, target: str) -> dict[str, Any] | None:
        """What was acknowledged last for a target and not ended since."""
        last = next((c for c in reversed(self.granted) if c["target"] == target), None)
        return None if last is None or last["id"] in self.released else last

    def check(self, live: Any, killed_t: float) -> None:
        """Every command stands as it was acknowledged, or is duly over; only one that was asked for last may differ."""
        listed, now = {c["target"]: c for c in live["commands"]}, site_time(live["time"])
        for target in ("b1", "batteries"):
            mine, there = self.in_force(target), listed.get(target)
            asked_w, asked_s = None, float("inf")
            if isinstance(self.asked, tuple) and self.asked[0] == target:
                _, asked_w, asked_s = self.asked
            if there is not None and there["power_w"] == asked_w:
                self.granted.append(there)
            elif mine is None or (there is None and self.asked == mine["id"]):
                assert there is None
            elif there is None and killed_t + asked_s <= live["t"]:
                pass  # it may have been replaced by what was asked for last, whose time is over too
            elif there is None:
                assert site_time(mine["expires"]) <= now
            else:
                assert (there["id"], there["power_w"]) == (mine["id"], mine["power_w"])
                assert abs(site_time(there["expires"]) - site_time(mine["expires"])) < timedelta(seconds=1.0)
        self.released |= {c["id"] for c in self.granted} - {c["id"] for c in live["commands"]}
        self.asked = None


@dataclass
class Witness:
    """What was seen of the site from outside, moment by moment."""

    park: Park
    seen: list[float] = field(default_factory=list)
    safe: list[float] = field(default_factory=list)
    """Moments that had been on the disk for long enough when the site was killed."""
    lives: int = 0
    """How many moments were seen before the last kill."""

    def look(self, seconds: float) -> None:
        """Watch for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                t = self.park.live()["t"]
            except AnswerError:
                return
            assert not self.seen or t >= self.seen[-1]
            self.seen.append(t)
            time.sleep(0.05)

    def killed(self) -> None:
        """Whatever is this old had to be on the disk."""
        this_life = self.seen[self.lives :]
        self.lives = len(self.seen)
        until = self.seen[-1] - (UNFLUSHED_WALL_S + WRITING_WALL_S) * SPEED
        self.safe += sorted({t for t in this_life if t <= until})


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
    operator, witness = Operator(park, rng.spawn(1)[0]), Witness(park)
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
            assert (now["id"], now["state"], now["acknowledged_by"]) == (alarm["id"], "ack", "operator")
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


def nothing_was_lost(park: Park, operator: Operator, witness: Witness) -> None:
    """What is on the disk: every command that was acknowledged, and every moment that was old enough."""
    config = load_config(park.site_file)
    folder = data_folder(config, simulated=True)
    ledger = Ledger(folder)
    kept = [a.after for a in ledger.actions.between(*THAT_DAY, limit=100_000) if a.what == "lease-granted"]
    ledger.close()
    powers = {after["power_w"] for after in kept if isinstance(after, dict)}
    assert {command["power_w"] for command in operator.granted} <= powers
    record = Record(folder, [point.name for point in named_points(config.site)], HistoryOptions(), simulated=True)
    try:
        file = io.BytesIO()
        record.export(file, ["grid.power_w"], *THAT_DAY, form="parquet")
        state = record.state()
    finally:
        record.close()
    times = np.asarray(pq.read_table(file)["time"].cast("int64").to_numpy()) / 1e6
    assert state.failing is None
    assert len(times) > len(witness.safe) > 0
    assert [t for t in witness.safe if np.min(np.abs(times - t)) > 2e-3] == []


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
