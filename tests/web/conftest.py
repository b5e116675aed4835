"""A site in process behind its API: a twin as the plant, simulated time, no sockets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from leyden.runtime.clock import SimulatedClock
from leyden.runtime.config import load_config
from leyden.runtime.simulate import simulate
from leyden.runtime.station import Station
from leyden.runtime.wiring import demo_environment, first_token, make_station, open_stores
from leyden.twin import Twin
from leyden.web.app import create_app

PARK = Path(__file__).parents[2] / "sites/park.toml"


@dataclass
class Site:
    """A running site and two clients: one that may write, one that may only read."""

    station: Station
    twin: Twin
    clock: SimulatedClock
    writer: TestClient
    reader: TestClient

    def run(self, seconds: float) -> None:
        """Let time pass, and the record reach the disk."""
        simulate(self.station, self.twin, self.clock, self.clock.now() + timedelta(seconds=seconds), 1.0)
        assert self.station.record.flush()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    config = load_config(PARK)
    config = replace(config, history=replace(config.history, folder=str(tmp_path_factory.mktemp("data"))))
    assert config.twin is not None
    twin = Twin(config.site, config.twin, config.cells)
    clock = SimulatedClock(twin.time)
    with open_stores(config, simulated=True) as stores:
        station = make_station(config, demo_environment(1.0), clock, twin, None, stores)
        app = create_app(config, station)
        token = first_token(stores.ledger, clock.now())
        with TestClient(app) as reader, TestClient(app, headers={"Authorization": f"Bearer {token}"}) as writer:
            made = Site(station, twin, clock, writer, reader)
            made.run(120.0)
            yield made
