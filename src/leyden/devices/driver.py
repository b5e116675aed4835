"""One device: a task that polls it, writes to it, and connects it again when it is lost."""

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence

from leyden.devices.blocks import Block
from leyden.devices.budget import Budget
from leyden.devices.image import RoleImage
from leyden.devices.link import BAD_AFTER, Link, LinkState, stale_after_s
from leyden.devices.locate import MisfitError
from leyden.devices.map import DeviceMap, Poll
from leyden.devices.progress import Progress
from leyden.devices.session import Port, Session
from leyden.devices.sunspec import ChainError
from leyden.devices.things import Thing
from leyden.devices.wire.errors import RefusedError, WireError
from leyden.devices.writer import Writer
from leyden.model.clock import Clock
from leyden.model.readings import Reading
from leyden.model.site import Device
from leyden.model.words import Words

_LOG = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Between attempts to connect, in site time; doubled each time."""

_EARLY = 0.75
"""A control poll is due a little before its period is over, or a cycle that comes early would skip it."""


class Driver:
    """Keeps the newest image of one device, and lets its writer write in between.

    It does one request at a time, the most urgent first: writes, control points, slow points, then one block of cells;
    so nothing waits longer than for the block under way.
    """

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
    ) -> None:
        """`period_s` is the control cycle, `stumble_s` how late we may be; `budget` counts what it stores."""
        self.device = device
        self._map = device_map
        self._things = things
        self._port = port
        self._clock = clock
        periods: Mapping[Poll, float] = {"control": device.poll_s, "slow": device.slow_s, "bulk": device.bulk_s}
        self._stale_s = stale_after_s(device.poll_s)
        self._images: dict[str, RoleImage] = {}
        for thing in things:
            role = device_map.roles[thing.role]
            stale_s = {name: stale_after_s(periods[point.poll]) for name, point in role.read.items()}
            self._images[thing.role] = RoleImage(thing.role, stale_s)
        self.writer = Writer(device, device_map, things, port, clock, period_s, stumble_s, budget, self._images)
        """What it is told."""
        self._session: Session | None = None
        self._sweeps: list[Progress] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._asked: asyncio.Future[None] | None = None
        self._asked_s = -math.inf
        self._asked_at = 0.0
        self.took_s = 0.0
        """How long the latest control poll took, in wall time."""
        self.tried = asyncio.Event()
        """Set once it is known whether the device is there."""
        self._answered_s = -math.inf
        self._pause_s = FIRST_PAUSE_S
        self._resume_s = -math.inf
        self._error: Words | None = None
        self._refused: dict[str, Words] = {}
        self._identity: Mapping[str, str] = {}

    def reading(self, role: str, now_s: float) -> Reading:
        """The newest image of a role."""
        return self._images[role].reading(now_s)

    def want(self, role: str, values: Mapping[str, float], now_s: float) -> None:
        """Drop a wish into the mailbox; what is new in it is sent as soon as the wire is free."""
        self.writer.want(role, values, now_s)
        self._wake.set()

    def arm(self) -> None:
        """From now on it may be written to; `writer.settled` tells when it has been taken over."""
        self.writer.arm(there=self._session is not None)
        self._wake.set()

    def disarm(self) -> None:
        """Hand it back and write no more; `writer.settled` tells when it is done."""
        self.writer.disarm(there=self._session is not None)
        self._wake.set()

    def ask(self, now_s: float) -> "asyncio.Future[None] | None":
        """Ask for the control points, if they are due and the device is there; the future is done when they came."""
        if self._session is None:
            return None
        if self._asked is None:
            if now_s - self._asked_s < _EARLY * self.device.poll_s:
                return None
            self._asked = asyncio.get_running_loop().create_future()
            self._asked_s, self._asked_at = now_s, asyncio.get_running_loop().time()
            self._wake.set()
        return self._asked

    @property
    def owes(self) -> bool:
        """Whether it was asked for its control points and has not answered yet."""
        return self._asked is not None

    def tick(self, now_s: float) -> None:
        """Site time has passed: wake up if something is due."""
        if self._session is None:
            due = now_s >= self._resume_s
        else:
            due = any(sweep.due(now_s) for sweep in self._sweeps)
        if due:
            self._wake.set()

    @property
    def busy(self) -> bool:
        """Whether there is still something that it wants to read now."""
        return self._session is None or any(sweep.due(self._clock.elapsed_s()) for sweep in self._sweeps)

    def link(self, now_s: float) -> Link:
        """How the connection is doing."""
        age_s = max(0.0, now_s - self._answered_s)
        error = self._error or next(iter((*self.writer.errors.values(), *self._refused.values())), None)
        heard = self._session is not None and age_s <= BAD_AFTER * self._stale_s
        state: LinkState = "online" if age_s <= self._stale_s else "stale" if heard else "offline"
        said = self._identity.get
        return Link(state, age_s, error, said("maker", ""), said("model", ""), said("version", ""), said("serial", ""))

    def stop(self) -> None:
        """Hand the device back and end."""
        self._stopping = True
        self.disarm()

    async def run(self) -> None:
        """Until stopped: connect, serve, and when the device is lost wait ever longer before the next attempt."""
        while not self._stopping:
            try:
                await self._connect()
                await self._serve()
                await self.writer.leave(self._connected())
            except (WireError, ChainError) as error:
                self._lost(error.words)
            except MisfitError as error:
                self._lost(Words(str(error), str(error)))
            except Exception as error:  # a fault of ours costs this device a pause, and the others nothing
                _LOG.exception("device %s", self.device.name)
                self._lost(Words(f"内部错误:{error!r}", f"internal error: {error!r}"))
            finally:
                self._session = None
                self.writer.lost()
                self._answer()
                self.tried.set()
            await self._rest()

    async def _connect(self) -> None:
        session = await Session.open(self._port, self._map, self._things)
        self._identity = session.identity
        self.writer.opened(session)
        self._sweeps = [
            Progress(session.sweeps["slow"], self.device.slow_s),
            Progress(session.sweeps["bulk"], self.device.bulk_s),
        ]
        self._refused.clear()
        self.took_s = 0.0
        self._asked_s = -math.inf
        self._session = session
        await self._poll_control(session)
        if self.writer.pending:
            await self.writer.step(session)
        self.tried.set()

    def _connected(self) -> Session:
        assert self._session is not None
        return self._session

    async def _serve(self) -> None:
        session = self._connected()
        while not self._stopping:
            if not await self._step(session):
                self._wake.clear()
                await self._wake.wait()

    async def _step(self, session: Session) -> bool:
        """Do the most urgent thing; False where there is nothing to do."""
        if await self.writer.step(session):
            return True
        if self._asked is not None:
            await self._poll_control(session)
            return True
        now_s = self._clock.elapsed_s()
        for progress in self._sweeps:
            if progress.due(now_s):
                await self._read_block(session, progress)
                return True
        return False

    async def _poll_control(self, session: Session) -> None:
        """All control blocks, one behind the other."""
        failed = None
        for block in session.sweeps["control"].blocks:
            try:
                registers = await session.port.read(block.table, block.address, block.count)
            except RefusedError as refused:
                failed = refused.words
                continue
            self._take_over(session, block, registers)
        self._error = failed
        if failed is None:
            self._answered_s = self._clock.elapsed_s()
            self._pause_s = FIRST_PAUSE_S
        self._answer()

    async def _read_block(self, session: Session, progress: Progress) -> None:
        """The next block of a slow or bulk sweep; the arrays when the last one has come."""
        block = progress.block
        key = f"block {block.address}"
        registers: Sequence[int] | None = None
        try:
            registers = await session.port.read(block.table, block.address, block.count)
            self._take_over(session, block, registers)
            self._refused.pop(key, None)
        except RefusedError as refused:
            self._refused[key] = refused.words
        now_s = self._clock.elapsed_s()
        for part, words, time_s in progress.take(registers, now_s):
            point = part.point
            self._images[point.role].put(point.name, session.array(point, words), time_s)

    def _take_over(self, session: Session, block: Block, registers: Sequence[int]) -> None:
        now_s = self._clock.elapsed_s()
        for role, name, value in session.decoded(block, registers):
            image = self._images.get(role)
            if image is None:
                self.writer.heard(role, name, value, now_s)
            else:
                image.put(name, value, now_s)

    def _answer(self) -> None:
        """Whoever waits for the control points need wait no longer."""
        asked, self._asked = self._asked, None
        if asked is not None:
            self.took_s = asyncio.get_running_loop().time() - self._asked_at
            if not asked.done():
                asked.set_result(None)

    def _lost(self, words: Words) -> None:
        self._error = words
        self._resume_s = self._clock.elapsed_s() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    async def _rest(self) -> None:
        while not self._stopping and self._clock.elapsed_s() < self._resume_s:
            self._wake.clear()
            await self._wake.wait()
