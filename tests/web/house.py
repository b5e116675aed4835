"""A site in process for tests of who may what: nothing open, a token for each role, a clock of the people's own."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from leyden.history.ledger import Ledger
from leyden.model.role import Role
from leyden.runtime.clock import SimulatedClock, WallClock
from leyden.runtime.config import SiteConfig, data_folder, load_config
from leyden.runtime.night import Night, night
from leyden.runtime.simulate import simulate
from leyden.runtime.station import Station
from leyden.runtime.web_options import WebOptions
from leyden.runtime.wiring import demo_environment, make_station, open_stores
from leyden.twin import Twin
from leyden.web.app import create_app
from leyden.web.limits import Limits, Patience, Rate

PARK = Path(__file__).parents[2] / "sites/park.toml"
PASSWORD = "a long horse battery"
MUCH = Limits(Rate(burst=1e9, per_s=1e9), Patience(free=10**9), Patience(free=10**9))
"""For tests that are about something else."""
NOBODY_THERE = 9
"""A port on which no twin answers."""


@dataclass
class House:
    """A running site and those who ask."""

    folder: Path
    config: SiteConfig
    station: Station
    watching: Night
    twin: Twin
    app: FastAPI
    clock: SimulatedClock
    """The people's."""
    tokens: dict[Role, str]
    persons: dict[Role, str] = field(default_factory=dict)
    """Names; all with the same password."""

    def again(
        self, limits: Limits = MUCH, read: Literal["open", "token"] = "token", twin_port: int = NOBODY_THERE
    ) -> "House":
        """The same site behind another application, which has seen no mistakes yet."""
        config = replace(self.config, web=replace(self.config.web, read=read))
        app = create_app(config, self.station, twin_port, clock=self.clock, limits=limits, watching=self.watching)
        return replace(self, app=app)

    @property
    def ledger(self) -> Ledger:
        return self.station.ledger

    def client(self, **headers: str) -> TestClient:
        return TestClient(self.app, headers=headers)

    def machine(self, role: Role) -> TestClient:
        """With the token of a role."""
        return self.client(Authorization=f"Bearer {self.tokens[role]}")

    def person(self, role: Role) -> TestClient:
        """Somebody of this role, logged in; made at the first call."""
        if role not in self.persons:
            self.ledger.users.add(f"the-{role}", role, PASSWORD, self.clock.now())
            self.persons[role] = f"the-{role}"
        client = self.client(**{"X-Leyden": "1"})
        answer = client.post("/api/login", json={"user": self.persons[role], "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    def turn(self, seconds: float) -> None:
        """Let time pass on the site."""
        assert isinstance(self.station.clock, SimulatedClock)
        until = self.station.clock.now() + timedelta(seconds=seconds)
        simulate(self.station, self.twin, self.station.clock, until, 1.0)

    def did(self) -> list[tuple[str, str, str]]:
        """Who did what to what, oldest first."""
        rows = self.ledger._file.read("SELECT by, what, target FROM actions ORDER BY id")
        return [(row["by"], row["what"], row["target"]) for row in rows]

    def whole_ledger(self) -> list[str]:
        """Every row of every table."""
        with closing(sqlite3.connect(self.folder / "ledger.sqlite")) as connection:
            return list(connection.iterdump())


@contextmanager
def house(folder: Path, seconds: float = 10.0) -> Iterator[House]:
    """The park, some seconds old."""
    config = load_config(PARK)
    light = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # its strength is tested where it is made
    config = replace(config, history=replace(config.history, folder=str(folder)), web=WebOptions())
    assert config.twin is not None
    twin = Twin(config.site, config.twin, config.cells)
    clock, people = SimulatedClock(twin.time), SimulatedClock(WallClock().now())
    with open_stores(config, simulated=True) as stores, patch("leyden.history.ledger.passwords._HASHER", light):
        station = make_station(config, demo_environment(1.0), clock, twin, None, stores)
        with night(config, station) as watching:
            app = create_app(config, station, NOBODY_THERE, clock=people, limits=MUCH, watching=watching)
            tokens = {role: stores.ledger.tokens.create(f"{role} machine", role, people.now()) for role in Role}
            home = House(data_folder(config, simulated=True), config, station, watching, twin, app, people, tokens)
            home.turn(seconds)
            assert station.record.flush()
            yield home


def words(answer: Response) -> str:
    """What a refusal says, in English; it says it in Chinese too."""
    detail = answer.json()["detail"]
    assert set(detail) == {"zh", "en"}
    assert detail["zh"] != detail["en"]
    return str(detail["en"])
