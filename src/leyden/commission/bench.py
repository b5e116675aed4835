"""The test bench: looks at everything, tells one battery, writes down what came, and lets go at the first bad sign.

It is the only part of a commissioning that touches devices. While it is armed it holds every other battery at zero.
However a test ends, by its verdict, a bad sign, an error or Ctrl-C, the battery is told zero and handed back.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Protocol

from leyden.commission.judge.guard import SPARE, DeviceSays, Leeway, bad_sign, leeway, not_fresh
from leyden.commission.judge.trace import GATE, Series, Traces, key_of
from leyden.commission.pace import FAST_LOOK_S, LEAST_LOOKS, Pace
from leyden.devices import Link
from leyden.devices.field_plant import NotTakenOverError
from leyden.model.clock import Clock
from leyden.model.condition import Condition
from leyden.model.errors import LeydenError
from leyden.model.plant import Setpoints
from leyden.model.readings import ConverterReading, Reading, Readings
from leyden.model.reason import Reason
from leyden.model.setpoint import Setpoint
from leyden.model.site import Battery, Site
from leyden.model.snapshot import Context
from leyden.model.states import ConverterState
from leyden.model.words import Words

POLL_WALL_S = 1.0
"""How long a look waits for the devices' answers, in wall time."""
STALE_LOOKS = 3
"""What must be watched may be missing for so many looks: one answer can be lost."""
HANDBACK_S = 20.0
"""How long a battery is given to come to zero before it is handed back."""
AT_REST_SHARE = 0.02
SAME_S = 0.02
"""Two looks that find an answer of the same moment: a device is asked again after several times as long."""
LONGEST_HOLD = 12
"""So many times its time a hold is stretched on a slow computer or a slow gateway before it is given up."""


class BenchPlant(Protocol):
    """What the bench needs of the devices; a FieldPlant has it."""

    @property
    def armed(self) -> bool: ...
    async def poll(self, deadline_s: float) -> None: ...
    def read(self) -> Readings: ...
    def write(self, setpoints: Setpoints) -> None: ...
    def links(self) -> Mapping[str, Link]: ...
    async def arm(self) -> None: ...
    async def disarm(self) -> Mapping[str, Words]: ...
    def conditions(self) -> Iterator[Condition]: ...


class BadSignError(LeydenError):
    """A test was ended at once."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.words.en)
        self.reason = reason


class Bench:
    """One site under test."""

    def __init__(self, site: Site, plant: BenchPlant, clock: Clock, stumble_s: float = 0.0) -> None:
        """`stumble_s` of site time is how late this computer itself may make everything look."""
        self.site = site
        self.clock = clock
        self.stumble_s = stumble_s
        self.readings = Readings()
        self.gate_proven = False
        """Whether the gate's sign and scale have passed."""
        self.left_alone: dict[str, Words] = {}
        """Devices that could not be handed back, and why."""
        self._plant = plant
        self._told: dict[str, Setpoint] = {}
        self._under_test: Battery | None = None
        self._feeding = True
        self._guarded = False
        self._unseen_since_s = math.inf
        self._looks = 0
        self._rows: dict[str, list[tuple[float, float]]] = {}
        self._told_rows: list[tuple[float, float]] = []
        self._looked_s = -math.inf

    @property
    def now_s(self) -> float:
        """Site time."""
        return self.clock.elapsed_s()

    def now(self) -> datetime:
        """Site time, aware UTC."""
        return self.clock.now()

    @property
    def armed(self) -> bool:
        """Whether anything may be written."""
        return self._plant.armed

    def links(self) -> Mapping[str, Link]:
        """How each device is doing."""
        return self._plant.links()

    @asynccontextmanager
    async def testing(self, battery: Battery) -> AsyncIterator[None]:
        """Take everything over for one test, and let go however it ends."""
        await self.look()
        found = {name: _runs(reading) for name, reading in self.readings.converter.items()}
        self._rows, self._told_rows = {}, []
        self._told = {name: Setpoint(0.0, run=runs or name == battery.name) for name, runs in found.items()}
        self._under_test, self._feeding, self._guarded = battery, True, True
        self._unseen_since_s, self._looks = math.inf, 0
        try:
            try:
                await self._plant.arm()
            except NotTakenOverError as error:
                raise BadSignError(DeviceSays(error.words)) from None
            yield
        finally:
            await _whatever_comes(self._leave(battery, found.get(battery.name, True)))

    async def _leave(self, battery: Battery, ran: bool) -> None:
        """To zero, seen there if it can be seen, as it was found, and handed back."""
        self._guarded, self._feeding = False, True
        end_s = self.now_s + HANDBACK_S
        with suppress(LeydenError):
            self.tell(0.0, ran)
            while self.now_s < end_s:
                await self.look()
                converter = self.readings.converter.get(battery.name)
                power_w = math.nan if converter is None else converter.good("power_w")
                if abs(power_w) <= AT_REST_SHARE * battery.converter.power_w:
                    break
        self._under_test = None
        self.left_alone.update(await self._plant.disarm())

    @property
    def battery(self) -> Battery:
        """The one under test."""
        assert self._under_test is not None, "use it within `testing`"
        return self._under_test

    def tell(self, power_w: float, run: bool = True) -> float:
        """Tell the battery under test; returns when."""
        self._told[self.battery.name] = Setpoint(power_w, run=run)
        now_s = self.now_s
        if self._told_rows:
            self._told_rows.append((now_s, self._told_rows[-1][1]))
        self._told_rows.append((now_s, power_w if run else 0.0))
        self._feeding = True
        self._plant.write(self._told)
        return now_s

    def starve(self) -> float:
        """Write nothing more, as if we had died; returns when."""
        self._feeding = False
        return self.now_s

    def leeway(self) -> Leeway:
        """What the battery under test may be told now."""
        return leeway(self.site, self.battery, self.readings, self._context(), self.gate_proven)

    def spare(self, power_w: float) -> tuple[bool, Reason | None]:
        """Whether there is room for a power, and what bounds it."""
        room_w, reason = self.leeway().way(math.copysign(1.0, power_w))
        return room_w >= SPARE * abs(power_w), reason

    async def look(self, pause_s: float = 0.0) -> None:
        """Ask everything, write down what came, and end the test if it is bad; then wait for the rest of the pause."""
        begin_s = self.now_s
        if self._feeding and self._under_test is not None:
            self._plant.write(self._told)
        await self._plant.poll(POLL_WALL_S)
        self.readings = self._plant.read()
        self._looked_s = self.now_s
        self._note()
        if self._guarded:
            self._guard()
        await self.clock.sleep_until(begin_s + pause_s)

    async def hold(self, pace: Pace, still: Callable[[], bool] = lambda: True) -> tuple[float, float, float, bool]:
        """Stay with what was told until it has settled and been measured; begin, settled and end times, and whether
        enough was read. A stumble of the computer begins the settling anew: nobody knows what it missed."""
        begin_s = looked_s = self.now_s
        from_s = begin_s + pace.settle_s
        last_s = begin_s + LONGEST_HOLD * pace.hold_s + self.stumble_s
        self._looks = 0
        while True:
            await self.look(pace.look_s)
            now_s = self.now_s
            if now_s - looked_s > max(pace.settle_s, 4.0 * pace.look_s):
                from_s = now_s + pace.settle_s
            looked_s = now_s
            if now_s >= from_s + pace.measure_s and self._counted(from_s) >= LEAST_LOOKS and still():
                return begin_s, from_s, now_s, True
            if now_s > last_s:
                return begin_s, from_s, now_s, False

    async def watch(self, until: Callable[[], bool], longest_s: float, pause_s: float = FAST_LOOK_S) -> bool:
        """Look on until something is true; False where it did not come about in time."""
        end_s = self.now_s + longest_s
        while not until():
            if self.now_s > end_s:
                return False
            await self.look(pause_s)
        return True

    async def ready(self, pace: Pace) -> bool:
        """At zero, with its converter running; False where it does not start."""
        self.tell(0.0)
        self._guarded = False
        try:
            return await self.watch(self._is_ready, pace.start_s, pace.look_s)
        finally:
            self._guarded = True

    def _is_ready(self) -> bool:
        converter = self.readings.converter.get(self.battery.name)
        if converter is None or not_fresh(self.site, self.battery, self.readings) is not None:
            return False
        runs = "state" not in converter.stamps or converter.state in (ConverterState.RUNNING, ConverterState.STANDBY)
        return runs and abs(converter.power_w) <= AT_REST_SHARE * self.battery.converter.power_w

    def power_w(self) -> float:
        """What the converter under test says now; nan unless fresh."""
        return self.readings.converter[self.battery.name].good("power_w")

    def traces(self) -> Traces:
        """Everything that was read since the test began."""
        told = [*self._told_rows, (self.now_s, self._told_rows[-1][1])] if self._told_rows else []
        return Traces({key: Series.of(rows) for key, rows in self._rows.items()}, Series.of(told))

    def _context(self) -> Context:
        return Context(time=self.clock.now(), elapsed_s=self.now_s, setpoints=self._told)

    def _guard(self) -> None:
        """Raises BadSignError. What is not fresh must stay so for a while: one answer can be lost."""
        missing = not_fresh(self.site, self.battery, self.readings)
        if missing is not None:
            self._looks += 1
            self._unseen_since_s = min(self._unseen_since_s, self.now_s)
            if self._looks >= STALE_LOOKS and self.now_s - self._unseen_since_s > self.stumble_s:
                raise BadSignError(missing)
            return
        self._looks, self._unseen_since_s = 0, math.inf
        told = self._told[self.battery.name]
        reason = bad_sign(self.site, self.battery, self.readings, self._context(), told.power_w if told.run else 0.0)
        if reason is None:
            reason = next(iter(_told_by(self._plant.conditions(), self.battery)), None)
        if reason is not None:
            raise BadSignError(reason)

    def _counted(self, from_s: float) -> int:
        """How many values of gate and converter have come since."""
        rows = (self._rows.get(key, []) for key in (GATE, key_of("converter", self.battery.name)))
        return min(sum(1 for t_s, _ in reversed(one[-200:]) if t_s >= from_s) for one in rows)

    def _note(self) -> None:
        for key, reading, point in _powers(self.readings):
            self._row(key, reading, point, reading.good(point))
        for name, bms in self.readings.battery.items():
            volts, amperes = bms.good("dc_voltage_v"), bms.good("dc_current_a")
            self._row(key_of("dc", name), bms, "dc_current_a", volts * amperes)
            self._row(key_of("dc_v", name), bms, "dc_voltage_v", volts)
            self._row(key_of("soc", name), bms, "soc", bms.good("soc"))
        for name, converter in self.readings.converter.items():
            self._row(key_of("echo", name), converter, "setpoint_w", converter.good("setpoint_w"))
            self._row(
                key_of("watchdog", name), converter, "watchdog_remaining_s", converter.good("watchdog_remaining_s")
            )

    def _row(self, key: str, reading: Reading, point: str, value: float) -> None:
        """One value more, at the time at which it was measured; the same answer is not written down twice."""
        if not math.isfinite(value):
            return
        measured_s = self._looked_s - reading.stamp(point).age_s
        rows = self._rows.setdefault(key, [])
        if not rows or measured_s > rows[-1][0] + SAME_S:
            rows.append((measured_s, value))


def _powers(readings: Readings) -> Iterator[tuple[str, Reading, str]]:
    yield GATE, readings.grid, "power_w"
    for kind in ("load", "solar", "wind", "converter"):
        for name, reading in getattr(readings, kind).items():
            yield key_of(kind, name), reading, "power_w"


def _runs(converter: ConverterReading) -> bool:
    """Whether a converter runs as it is found; one that does not say is taken to."""
    stopped = converter.state in (ConverterState.OFF, ConverterState.STOPPING, ConverterState.FAULT)
    return "state" not in converter.stamps or not stopped


async def _whatever_comes(work: Coroutine[Any, Any, None]) -> None:
    """Do it to its end; a cancellation meanwhile counts only afterwards."""
    doing, cancelled = asyncio.ensure_future(work), False
    while not doing.done():
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError:
            cancelled = True
    doing.result()
    if cancelled:
        raise asyncio.CancelledError


def _told_by(conditions: Iterator[Condition], battery: Battery) -> Iterator[Reason]:
    """What the devices themselves know to be wrong with what we tell this battery."""
    for condition in conditions:
        if condition.source in (battery.name, battery.converter.device) and condition.priority <= 2:
            yield DeviceSays(condition.text)
