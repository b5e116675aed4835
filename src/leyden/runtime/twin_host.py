"""A twin behind real sockets: every device at its own address, in time with a clock that may run fast."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from leyden.devices import DeviceMap, DeviceServer
from leyden.model.readings import Reading, Readings
from leyden.model.site import GRID, Site
from leyden.runtime.clock import TwinClock
from leyden.twin import Twin

TICK_WALL_S = 0.02
"""How often the twin is brought up to date, in wall time: 50 Hz follows a 100 ms control cycle well."""
SAVE_EVERY_WALL_S = 2.0
LONGEST_ABSENCE_WALL_S = 60.0
"""A twin that died and comes back sooner goes on in the same time, as a plant would whose simulator stumbled."""

_STATE = "twin.npz"
_CLOCK = "twin-clock.json"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class TwinHost:
    """Runs one twin and the Modbus servers that pose as its devices; its state outlives it in a folder."""

    def __init__(self, site: Site, twin: Twin, maps: Mapping[str, DeviceMap], folder: Path, speed: float) -> None:
        """Goes on where the twin of this folder was; raises TwinStateError if that was another site's."""
        self.site = site
        self.twin = twin
        self._folder = folder
        if (folder / _STATE).exists():
            twin.restore(folder / _STATE)
        self.clock = _kept_clock(folder / _CLOCK, speed) or TwinClock.starting_at(twin.time, speed)
        self._servers = {d.name: DeviceServer.for_site(site, d.name, maps[d.name]) for d in site.devices}
        self._roles = list(site.roles())
        for device, server in self._servers.items():
            server.on_write = self._receiver(device)

    def _receiver(self, device: str) -> Callable[[str, Mapping[str, float]], None]:
        things = {role: thing for name, role, thing in self._roles if name == device}

        def receive(role: str, values: Mapping[str, float]) -> None:
            # First bring the plant to this moment, so that a command takes effect when it comes.
            self._catch_up()
            self.twin.command(things[role], values)

        return receive

    async def run(self) -> None:
        """Serve until cancelled, then leave the state for the next time."""
        # The age of the state tells how long a twin has been dead, so that of an earlier run must not stand.
        self.twin.save(self._folder / _STATE)
        _keep_clock(self._folder / _CLOCK, self.clock)
        self._publish()
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self._leave)
            for server in self._servers.values():
                await server.start()
                stack.push_async_callback(server.stop)
            await self._turn()

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        saved_s = loop.time()
        while True:
            self._catch_up()
            self._publish()
            if loop.time() - saved_s > SAVE_EVERY_WALL_S:
                saved_s = loop.time()
                self.twin.save(self._folder / _STATE)
            await asyncio.sleep(TICK_WALL_S)

    def _catch_up(self) -> None:
        self.twin.step(max(0.0, (self.clock.now() - self.twin.time).total_seconds()))

    def _publish(self) -> None:
        readings = self.twin.read()
        for device, role, thing in self._roles:
            reading = _of(readings, role, thing)
            if reading is not None:
                self._servers[device].update(role, reading)
        for device, server in self._servers.items():
            server.fault = self.twin.link_fault(device)

    def _leave(self) -> None:
        """Ended on purpose: time stands still until the next start."""
        self.twin.save(self._folder / _STATE)
        (self._folder / _CLOCK).unlink(missing_ok=True)


def save_twin(twin: Twin, folder: Path) -> None:
    """Leave a twin's state where a host will find it."""
    twin.save(folder / _STATE)


def has_twin(folder: Path) -> bool:
    """Whether a twin was left here."""
    return (folder / _STATE).exists()


def _of(readings: Readings, role: str, thing: str) -> Reading | None:
    if role == GRID:
        return readings.grid
    by_thing: Mapping[str, Reading] = getattr(readings, role)
    return by_thing.get(thing)


def _boot() -> str:
    """This run of the computer, because its monotonic clock begins anew with each."""
    return _BOOT.read_text().strip() if _BOOT.exists() else ""


def _keep_clock(path: Path, clock: TwinClock) -> None:
    kept = {"origin": clock.origin.isoformat(), "monotonic_s": clock.monotonic_s, "speed": clock.speed, "boot": _boot()}
    path.write_text(json.dumps(kept))


def _kept_clock(path: Path, speed: float) -> TwinClock | None:
    """The clock of a twin that died a moment ago; None if it ended on purpose, long ago or at another speed."""
    try:
        kept = json.loads(path.read_text())
        clock = TwinClock(datetime.fromisoformat(kept["origin"]), float(kept["monotonic_s"]), float(kept["speed"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    alive = kept.get("boot") == _boot() and clock.speed == speed and _absent_s(path) < LONGEST_ABSENCE_WALL_S
    return clock if alive else None


def _absent_s(path: Path) -> float:
    """Wall time since the twin last saved its state."""
    state = path.with_name(_STATE)
    return time.time() - state.stat().st_mtime if state.exists() else 0.0
