"""Who stands beside a site that is killed again and again: one commands, one takes down what was seen."""

import io
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from leyden.history import HistoryOptions, Ledger, Record
from leyden.runtime.config import data_folder, load_config
from leyden.runtime.http import AnswerError, request_json
from leyden.runtime.points import named_points
from tests.whole.park import Park

WRITING_WALL_S = 1.0
"""What one write of the record may take on a busy computer, beside the time between two of them."""
TOO_MANY = 429
"""Refused, because so much was commanded in the last minute: a quick computer gets there."""
THAT_DAY = datetime(2026, 1, 20, 12, tzinfo=UTC), datetime(2026, 1, 22, tzinfo=UTC)


def site_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass
class Operator:
    """Somebody who commands without rest, and remembers what was acknowledged."""

    park: Park
    rng: np.random.Generator
    most_w: float = 5e5
    least_w: float = -5e5
    lasting_s: tuple[float, float] = (100.0, 3000.0)
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
                if not error.status:
                    return
                if error.status == TOO_MANY:
                    stop.wait(1.0)
                elif isinstance(self.asked, int) and self.over(self.asked):
                    self.released.add(self.asked)
                else:
                    raise
                self.asked = None
            stop.wait(0.02)

    def act(self, token: str) -> None:
        mine = self.in_force("b1")
        if mine and self.rng.random() < 0.2:
            self.asked = int(mine["id"])
            request_json("DELETE", f"{self.park.url}/api/manual/{mine['id']}", token=token)
            self.released.add(int(mine["id"]))
        else:
            target = str(self.rng.choice(["b1", "batteries"]))
            power_w, duration_s = (
                round(self.rng.uniform(self.least_w, self.most_w)),
                round(self.rng.uniform(*self.lasting_s)),
            )
            self.asked = target, power_w, duration_s
            body = {"target": target, "power_w": power_w, "duration_s": duration_s, "by": "operator"}
            self.granted.append(request_json("POST", f"{self.park.url}/api/manual", body, token)["command"])
        self.asked = None

    def over(self, command: int) -> bool:
        """Whether a command's own time has come, so that there was nothing left to end."""
        expires = next(c["expires"] for c in self.granted if c["id"] == command)
        try:
            now = site_time(self.park.live()["time"])
        except AnswerError:  # killed since it answered
            return True
        return site_time(expires) <= now + timedelta(seconds=1.0)

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
    speed: float
    flush_wall_s: float = 1.0
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
        until = self.seen[-1] - (self.flush_wall_s + WRITING_WALL_S) * self.speed
        self.safe += sorted({t for t in this_life if t <= until})


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
