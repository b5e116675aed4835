"""A site beside its twin in this process, with real Modbus TCP between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leyden.devices import FieldPlant
from leyden.model.site import Site
from leyden.runtime.clock import TwinClock
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.station import Station
from leyden.runtime.twin_host import TwinHost
from leyden.runtime.wiring import Stores, demo_environment, make_station, open_stores
from leyden.twin import Twin
from tests.whole.park import free_ports


@dataclass
class Wired:
    """All that runs."""

    config: SiteConfig
    host: TwinHost
    station: Station
    field: FieldPlant
    stores: Stores

    @property
    def site(self) -> Site:
        return self.config.site


def elsewhere(config: SiteConfig) -> SiteConfig:
    """The site with its devices on free ports, so that any number may run side by side."""
    ports = free_ports(len(config.site.devices))
    devices = [replace(d, at=f"tcp://127.0.0.1:{port}/1") for d, port in zip(config.site.devices, ports, strict=True)]
    return replace(config, site=replace(config.site, devices=tuple(devices)))


@asynccontextmanager
async def hosted(config: SiteConfig, start: datetime | str, speed: float = 1.0) -> AsyncIterator[TwinHost]:
    """The twin's side: every device at its own address. `start` is the site's wall clock unless it has a zone."""
    begin = datetime.fromisoformat(start) if isinstance(start, str) else start
    assert config.twin is not None
    folder = data_folder(config, simulated=True)
    folder.mkdir(parents=True, exist_ok=True)
    host = TwinHost(config.site, Twin(config.site, config.twin, config.cells, begin), config.maps, folder, speed)
    serving = asyncio.create_task(host.run())
    try:
        yield host
    finally:
        await _ended(serving)


@asynccontextmanager
async def wired(
    config: SiteConfig, start: datetime | str, speed: float = 1.0, turn: bool = True
) -> AsyncIterator[Wired]:
    """Twin and site; with `turn` the station's own cycle runs. It has seen every device when this begins."""
    config = elsewhere(config)
    async with hosted(config, start, speed) as host:
        clock = TwinClock(host.clock.origin, host.clock.monotonic_s, speed)
        field = FieldPlant(config.site, config.maps, clock)
        await asyncio.wait_for(_connected(field, clock), 20.0)
        with open_stores(config, simulated=True) as stores:
            station = make_station(config, demo_environment(speed), clock, field, field, stores)
            running = asyncio.create_task(station.run()) if turn else None
            try:
                yield Wired(config, host, station, field, stores)
            finally:
                await _ended(running)
                await field.stop()


async def _connected(field: FieldPlant, clock: TwinClock) -> None:
    await field.start()
    while any(link.state != "online" for link in field.links().values()):
        await field.poll(0.2)
        await clock.sleep_until(clock.elapsed_s() + 0.2)


async def _ended(task: "asyncio.Task[Any] | None") -> None:
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
