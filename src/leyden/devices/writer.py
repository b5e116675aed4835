"""What one device is told: found and cancelled at the start, proven, counted, and handed back at the end."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from leyden.devices.budget import Budget
from leyden.devices.image import RoleImage
from leyden.devices.link import stale_after_s
from leyden.devices.map import COMMANDS, DeviceMap, rests
from leyden.devices.outbox import FEEDS, Outbox, Terms
from leyden.devices.session import WRITTEN, NoFactorError, Port, Session, not_followed
from leyden.devices.things import Thing
from leyden.devices.wire.errors import RefusedError
from leyden.model.clock import Clock
from leyden.model.site import Device
from leyden.model.words import Words

_PERIODS = 4
"""A watchdog lasts for so many cycles at least, so that one that comes late starves nobody."""

Stage = Literal["silent", "arming", "armed", "leaving"]


@dataclass(frozen=True, slots=True)
class Found:
    """A command that was in force when control began, and that nobody of us had given."""

    device: str
    role: str
    thing: str
    point: str
    value: float
    """In SI and by the one sign rule; nan where the device does not say."""
    time_s: float
    """Elapsed site time at which it was found."""
    cancelled: bool
    """Whether it was taken back; not where the device's map and site.toml let nothing be written."""


@dataclass(frozen=True, slots=True)
class Held:
    """A command that another master writes."""

    role: str
    point: str
    value: float


def takes_commands(device_map: DeviceMap, thing: Thing) -> bool:
    """Whether a thing may be told anything, and its device's map knows how."""
    return thing.commanded and bool(device_map.roles[thing.role].write)


class Writer:
    """Writes to one device, or is silent. Nothing is written but by `step` and `leave`, on the driver's task."""

    def __init__(
        self,
        device: Device,
        device_map: DeviceMap,
        things: Sequence[Thing],
        port: Port,
        clock: Clock,
        period_s: float,
        stumble_s: float,
        budget: Budget,
        images: Mapping[str, RoleImage],
    ) -> None:
        """`period_s` is the control cycle; `stumble_s` is how late this computer may be without being dead."""
        self.device = device
        self._map = device_map
        self._port = port
        self._things = {thing.role: thing.name for thing in things if takes_commands(device_map, thing)}
        self._clock = clock
        self._budget = budget
        self._images = images
        self._echoes: dict[tuple[str, str], tuple[float, float]] = {}
        self._lasts_s = {}
        self._outboxes: dict[str, Outbox] = {}
        for role in self._things:
            said_s = device_map.roles[role].watchdog_s
            watchdog_s = None if said_s is None else max(said_s, _PERIODS * period_s, FEEDS * stumble_s)
            self._lasts_s[role] = watchdog_s or 0.0
            self._outboxes[role] = Outbox(watchdog_s, stale_after_s(period_s))
        self._stage: Stage = "silent"
        self._touched: set[tuple[str, str]] = set()
        """Roles and commands that were written, and are to be handed back."""
        self._refused: dict[str, dict[str, float]] = {}
        """By role and point: what was wanted when nothing was left of the day's budget."""
        self.settled = asyncio.Event()
        """Set unless a device that is there is still to be taken over or to be handed back."""
        self.settled.set()
        self.errors: dict[str, Words] = {}
        """What went wrong with a point, until it goes right."""
        self.found: tuple[Found, ...] = ()
        self.unguarded: frozenset[str] = frozenset()
        """Roles to which nothing is written, because nothing would end their commands when we die."""
        self.not_taken: Words | None = None
        """Why a command that was found in force could not be taken back."""

    @property
    def pending(self) -> bool:
        """Whether it is still to be taken over, or to be handed back."""
        return self._stage in ("arming", "leaving")

    @property
    def silent(self) -> bool:
        """Whether nothing at all is written."""
        return self._stage == "silent"

    @property
    def writes(self) -> bool:
        """Whether there is anything that it may be told."""
        return bool(self._outboxes)

    @property
    def persistent(self) -> bool:
        """Whether any of it is stored in the device."""
        roles = (self._map.roles[role] for role in self._outboxes)
        return any(not point.volatile for role in roles for point in role.write.values())

    @property
    def sent(self) -> int:
        """Write requests sent so far."""
        return self._port.writes

    @property
    def wanting(self) -> str | None:
        """A point that is to be written and may not, because the budget is used up."""
        return next((name for names in self._refused.values() for name in names), None)

    @property
    def held(self) -> list[Held]:
        """What another master writes."""
        return [
            Held(role, point, rival.value)
            for role, outbox in self._outboxes.items()
            for point, rival in outbox.rivals.items()
            if rival.value is not None
        ]

    def want(self, role: str, values: Mapping[str, float], now_s: float) -> None:
        """Drop a wish into the mailbox; dropped altogether where nothing is to be written."""
        if self._stage not in ("arming", "armed") or role in self.unguarded:
            return
        self._outboxes[role].want(values, now_s)
        for name, refused in self._refused.get(role, {}).copy().items():
            if values.get(name) != refused:
                del self._refused[role][name]

    def forgive(self, role: str, point: str) -> bool:
        """A person says that this point is ours; False where nobody else holds it."""
        held = any((one.role, one.point) == (role, point) for one in self.held)
        if held:
            self._outboxes[role].forgive(point)
        return held

    def heard(self, role: str, name: str, value: float, now_s: float) -> None:
        """A written register, read again."""
        self._echoes[role.removesuffix(WRITTEN), name] = (value, now_s)

    def arm(self, there: bool) -> None:
        """From now on it may be written to, once what it does has been found and cancelled."""
        if self._outboxes:
            self._stage = "arming"
            self._port.open = True
            for outbox in self._outboxes.values():
                outbox.clear()
            self._wait_for(there)

    def disarm(self, there: bool) -> None:
        """Hand it back, then be silent; what could not be handed back before is tried again."""
        if self._stage == "silent" and not self.left_alone:
            return
        self._stage = "leaving"
        self._wait_for(there)
        if not there:
            self.lost()

    def lost(self) -> None:
        """The connection is gone: nobody can wait for it."""
        if self._stage == "leaving":
            self._fall_silent()
        self.settled.set()

    @property
    def left_alone(self) -> bool:
        """Whether it was gone when it was to be handed back."""
        return self._stage == "silent" and bool(self._touched)

    def opened(self, session: Session) -> None:
        """A new connection."""
        for role, outbox in self._outboxes.items():
            writes = session.writes[role]
            outbox.open({n: Terms(w.about.volatile, w.about.dead_band, w.about.ends) for n, w in writes.items()})
        self._echoes.clear()
        self.errors.clear()
        self.unguarded = frozenset(
            role
            for role in self._outboxes
            if not self.device.accept_no_watchdog and not self._map.roles[role].guarded(session.writes[role])
        )

    async def step(self, session: Session) -> bool:
        """Do the most urgent thing; False where there is nothing to do. Raises WireError."""
        if self._stage == "silent":
            return False
        if self._stage == "leaving":
            await self.leave(session)
            return True
        if self._stage == "arming":
            await self._take_over(session)
            return True
        now_s = self._clock.elapsed_s()
        for role, outbox in self._outboxes.items():
            if role not in self.unguarded and (batch := self._take(session, role, outbox, now_s)):
                await self._deliver(session, role, outbox, batch)
                return True
        return False

    async def leave(self, session: Session) -> None:
        """Hand back every command that was ever written, and be silent. Raises WireError."""
        if self._stage == "silent":
            return
        self._stage, self._port.open = "leaving", True
        held = {(one.role, one.point) for one in self.held}
        for role, name in sorted(self._touched - held):
            await self._rest(session, role, name)
        self._touched.clear()
        self._fall_silent()
        self.settled.set()

    def _fall_silent(self) -> None:
        self._stage, self._port.open = "silent", False
        self._refused.clear()
        for outbox in self._outboxes.values():
            outbox.clear()

    def _wait_for(self, there: bool) -> None:
        if there:
            self.settled.clear()
        else:
            self.settled.set()

    async def _take_over(self, session: Session) -> None:
        """Find out what the device was told to do, take it back, and only then listen to what is wanted."""
        found: list[Found] = []
        for role, outbox in self._outboxes.items():
            for name in COMMANDS:
                if name in session.writes[role]:
                    with suppress(RefusedError, NoFactorError):
                        found += await self._found(session, role, name, outbox)
        for one in found:
            if one.cancelled:
                await self._rest(session, one.role, one.point)
        self.found = tuple(found)
        keys = [f"{one.role}.{one.point}" for one in found if one.cancelled]
        self.not_taken = next((self.errors[key] for key in keys if key in self.errors), None)
        if self._stage == "arming":  # nobody has changed his mind meanwhile
            self._stage = "armed"
            self.settled.set()

    async def _found(self, session: Session, role: str, name: str, outbox: Outbox) -> list[Found]:
        """What is in force that is no rest; what is at rest is noted, so that it need not be written."""
        there, value = await session.in_force(role, name), await session.echo(role, name)
        now_s = self._clock.elapsed_s()
        if value is None or (not there and name != "limit_w"):
            return []
        full_w = session.held(role, math.inf)
        unlimited = name == "limit_w" and (not there or value >= full_w - session.resolution(role, name))
        at_rest = rests(name, value) and self._map.roles[role].idle == "zero"
        if unlimited:
            outbox.known(name, math.inf, now_s)
            return []
        if not session.writes[role][name].about.volatile:
            outbox.known(name, value, now_s)  # what is stored need not be stored again
        if at_rest:
            outbox.rivals[name].told(value, now_s)
            return []
        thing, cancelled = self._things[role], role not in self.unguarded
        return [Found(self.device.name, role, thing, name, value, now_s, cancelled)]

    async def _rest(self, session: Session, role: str, name: str) -> None:
        """Leave a command as the map wants it left."""
        if name not in session.writes[role]:
            return
        release = self._map.roles[role].idle == "release"
        self._count(session, role, name)
        self._touched.add((role, name))
        try:
            if release and name != "limit_w":
                await session.release(role, name)
            else:
                await self._prove(session, role, name, math.inf if release else 0.0)
        except (RefusedError, NoFactorError) as refused:
            self.errors[f"{role}.{name}"] = refused.words

    def _take(self, session: Session, role: str, outbox: Outbox, now_s: float) -> list[tuple[str, float]]:
        writes = session.writes[role]

        def echo(name: str) -> tuple[float, float]:
            point = writes[name].about.read_back
            return self._images[role].newest(point) if (role, point) in session.reads else self._echo(role, name)

        def resolution(name: str) -> float:
            return session.resolution(role, name)

        return outbox.take(now_s, echo, resolution, session.full_w.get(role, math.inf))

    def _echo(self, role: str, name: str) -> tuple[float, float]:
        return self._echoes.get((role, name), (math.nan, -math.inf))

    async def _deliver(self, session: Session, role: str, outbox: Outbox, batch: Sequence[tuple[str, float]]) -> None:
        """Write, and read back what was written; a refusal is told and tried again with a later wish."""
        for name, value in batch:
            if self._stage != "armed":
                return
            key = f"{role}.{name}"
            if not self._allowed(session, role, name, value):
                continue
            if name in COMMANDS:
                self._touched.add((role, name))
            try:
                await self._prove(session, role, name, value)
            except (RefusedError, NoFactorError) as refused:
                self.errors[key] = refused.words
                outbox.missed(name, value, self._clock.elapsed_s())

    def _allowed(self, session: Session, role: str, name: str, value: float) -> bool:
        """Whether it may be written today; a rest always may."""
        refused, device = self._refused.setdefault(role, {}), self.device.name
        if session.writes[role][name].about.volatile or rests(name, value) or self._budget.left(device):
            refused.pop(name, None)
            self._count(session, role, name)
            return True
        if refused.get(name) != value:
            refused[name] = value
            self._budget.refuse(device)
        return False

    def _count(self, session: Session, role: str, name: str) -> None:
        if not session.writes[role][name].about.volatile:
            self._budget.spend(self.device.name)

    async def _prove(self, session: Session, role: str, name: str, value: float) -> None:
        """Write, and read back; in `errors` where the device then says something else."""
        outbox, began_s = self._outboxes[role], self._clock.elapsed_s()
        await session.put(role, name, value, self._lasts_s[role])
        outbox.sent(name, value, began_s)
        said = await session.echo(role, name)
        self.errors.pop(f"{role}.{name}", None)
        wanted, now_s = session.held(role, value), self._clock.elapsed_s()
        if said is not None:
            point = session.writes[role][name].about.read_back
            if (role, point) in session.reads:
                self._images[role].put(point, said, now_s)
            else:
                self._echoes[role, name] = (said, now_s)
            if not abs(said - wanted) <= session.resolution(role, name) / 2 + 1e-9 * abs(wanted):
                self.errors[f"{role}.{name}"] = not_followed(name, wanted, said)
                outbox.missed(name, value, now_s)
                return
        outbox.proven(name, wanted, now_s)
