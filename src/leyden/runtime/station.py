"""The running site: the cycle, and around it everything that feeds it and everything that it feeds.

One `Station` serves every environment; it is given its clock, its plant and its stores and does not know which they
are. The API and the command line talk to it through its public methods, from the same event loop.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import nan
from typing import Any

import orjson

from leyden.alarms import Alarm, AlarmBook
from leyden.control import Memory, Observed, arbitrate, conditions
from leyden.control.arbitrate import Voice
from leyden.history import Ledger, Record
from leyden.model import Controller, Decision, Snapshot, Want
from leyden.model.clock import Clock
from leyden.model.condition import Condition
from leyden.model.lock import Lock
from leyden.model.plant import Plant
from leyden.model.reason import Reason
from leyden.model.setpoint import Setpoint
from leyden.model.site import Site
from leyden.model.snapshot import Context, Price
from leyden.model.words import Words
from leyden.runtime.battery_watch import protection_conditions
from leyden.runtime.beginning import Beginning, taken_over
from leyden.runtime.cells import CellFrames
from leyden.runtime.clock import JumpDetector
from leyden.runtime.cycle import Carried, cycle
from leyden.runtime.describe import decision_json
from leyden.runtime.leases import Lease
from leyden.runtime.links import Links, Writes
from leyden.runtime.mode import SHADOW, SIMULATED, Helm, Mode, heard_in, kept_mode
from leyden.runtime.people import People
from leyden.runtime.planner import MakePlan, Planner
from leyden.runtime.points import Flattener, Frame, named_points
from leyden.runtime.readback import Readback, readback
from leyden.runtime.shadow import ShadowPlant
from leyden.runtime.sums import Sums
from leyden.runtime.today import Today
from leyden.runtime.watch import (
    LinkState,
    clock_condition,
    ledger_condition,
    link_conditions,
    plan_condition,
    record_condition,
)
from leyden.runtime.watching import Watching


@dataclass(frozen=True, slots=True)
class Environment:
    """What this station runs on; whether it writes to it is the station's mode."""

    name: str
    """live (real addresses) or demo (a twin)."""
    mark: str
    """LIVE or SIMULATED."""
    speed: float = 1.0

    @property
    def simulated(self) -> bool:
        """Whether a twin stands in for the devices."""
        return self.mark == SIMULATED


@dataclass(frozen=True, slots=True)
class Moment:
    """The newest cycle, whole; replaced, never changed."""

    snapshot: Snapshot
    decision: Decision
    frame: Frame
    today: Today


Witness = Callable[[Carried, Snapshot, Decision, bytes], None]
"""What the cycle carried in, what it saw, what it decided, and that as JSON."""

POLL_SHARE = 0.4
"""How much of a period the control poll may take before the cycle goes on with what it has."""


class Station:
    """One site, running."""

    def __init__(
        self,
        site: Site,
        environment: Environment,
        clock: Clock,
        plant: Plant,
        links: Links | None,
        controllers: tuple[Controller[Any], ...],
        record: Record,
        ledger: Ledger,
        alarms: AlarmBook,
        price_at: Callable[[datetime], Price],
        make_plan: MakePlan | None,
        cells_every_s: float,
        watching: Watching,
    ) -> None:
        self.site = site
        self.environment = environment
        self.clock = clock
        self.record = record
        self.ledger = ledger
        self.alarms = alarms
        self.planner = None if make_plan is None else Planner(make_plan, clock, record.append_plan)
        self.flattener = Flattener(named_points(site))
        self.moment: Moment | None = None
        self.lateness_s = 0.0
        self.jump = JumpDetector()
        self.sums = Sums(site, clock, ledger, self._keep_state)
        seen = (lambda key: False) if links is None else links.acknowledge
        self.people = People(site, clock, ledger, alarms, self.jump, self.sums, seen)
        self.leases, self.locks = self.people.leases, self.people.locks
        self.helm = Helm(kept_mode(ledger, environment.simulated, clock.now()), clock, ledger, links)
        self._all = controllers
        self._plant, self._muted = plant, ShadowPlant(plant)
        self._links = links
        self._price_at = price_at
        states, quarter = _kept_states(controllers, ledger), self.sums.quarter.quarter
        self._carried = Carried(observed=Observed(quarter=quarter), memory=Memory(states=states))
        self._beginning = Beginning(site)
        self.cells = CellFrames(site, record, cells_every_s)
        self.watching = watching
        self._kept: dict[str, Any] = dict(states)
        self._unkept: dict[str, str] = {}
        """States that the ledger could not take, with why."""
        self._leases_by_jump_s = 0.0
        """By which line of the wall clock the ledger counts leases."""
        self._listeners: list[Callable[[Moment], None]] = []
        self.witnesses: list[Witness] = []
        """Told of every cycle with all that it was decided from; must not wait."""
        self.watches: list[Callable[[], Iterable[Condition]]] = []
        """Asked in every cycle what else is wrong around the decisions."""
        self.leases.restore(clock.now(), clock.elapsed_s())

    @property
    def mode(self) -> Mode:
        """SIMULATED, SHADOW or LIVE, since when and by whom."""
        return self.helm.mode

    @property
    def controllers(self) -> tuple[Controller[Any], ...]:
        """Those that are asked, in the order of priority."""
        return heard_in(self.mode, self._all)

    def listen(self, listener: Callable[[Moment], None]) -> None:
        """Call this with every new moment; it must not wait."""
        self._listeners.append(listener)

    def links(self) -> Mapping[str, LinkState]:
        """How each device's link is doing; empty where the plant has no links."""
        return {} if self._links is None else self._links.links()

    def writes(self) -> Mapping[str, Writes]:
        """How often each device that takes commands was written to; empty where the plant has no links."""
        return {} if self._links is None else self._links.writes()

    async def prepare(self) -> None:
        """Before the first cycle: a first look, and a first plan, or what comes after the plan would command."""
        if self._links is not None:
            await self._links.poll(POLL_SHARE * self.site.period_s)
        if self.planner is not None:
            await asyncio.to_thread(self.planner.step, self.soc_now())

    async def run(self) -> None:
        """Turn for ever at the site's period; a cycle that comes late is not made up for."""
        period_s, speed = self.site.period_s, self.environment.speed
        due_s = self.clock.elapsed_s()
        while True:
            if self._links is not None:
                await self._links.poll(POLL_SHARE * period_s / speed)
            self.turn()
            due_s += period_s
            self.lateness_s = max(0.0, self.clock.elapsed_s() - due_s)
            if self.lateness_s > period_s:
                due_s = self.clock.elapsed_s()
            await self.clock.sleep_until(due_s)

    def turn(self) -> None:
        """One cycle, now. In shadow its set-points do not even reach the plant."""
        plant = self._plant if self.mode.writes else self._muted
        self._carried = cycle(self.site, plant, self.controllers, self._context, self, self._carried)
        self.sums.count(self._carried.observed.quarter, abs(self.jump.jumped_s) <= self.jump.tolerance_s)

    def _context(self, setpoints: Mapping[str, Setpoint]) -> Context:
        now, elapsed_s = self.clock.now(), self.clock.elapsed_s()
        trusted = self.jump.trusted(now, elapsed_s)
        if abs(self.jump.jumped_s - self._leases_by_jump_s) > self.jump.tolerance_s:
            self._touch_leases(now, elapsed_s)
        if not self._beginning.over:
            self._beginning.take(self._plant.read(), elapsed_s)
        return Context(
            time=now,
            elapsed_s=elapsed_s,
            clock_trusted=trusted,
            price=self._price_at(now),
            plan=None if self.planner is None else self.planner.plan,
            commands=self.leases.in_force(now, elapsed_s),
            setpoints=taken_over(setpoints, self._beginning.begun, elapsed_s),
            locks=self.locks.locks,
            begun=self._beginning.begun,
            watched=self.watching.watched,
            stumble_s=getattr(self.clock, "stumble_s", 0.0),
        )

    def _touch_leases(self, now: datetime, elapsed_s: float) -> None:
        """The wall clock jumped: the ledger counts what is left of each lease by the new time."""
        with suppress(OSError):  # tried again in the next cycle
            self.leases.touch(now, elapsed_s)
            self._leases_by_jump_s = self.jump.jumped_s

    def note(self, snapshot: Snapshot, decision: Decision, memory: Memory) -> None:
        """The journal of the cycle: record, alarms, sums, listeners. Nothing here waits for a disk but the ledger."""
        frame = self.flattener.frame(snapshot, decision)
        t = snapshot.time.timestamp()
        self.sums.add(snapshot, decision, self.mode.mark == SHADOW)
        self.record.append(t, frame.values, frame.quality)
        body = orjson.dumps(decision_json(decision))
        self.record.append_decision(decision.number, t, body)
        for witness in self.witnesses:
            witness(self._carried, snapshot, decision, body)
        self.cells.note(snapshot)
        self.watching.look(snapshot)
        self.watching.keep(snapshot.time, snapshot.context.elapsed_s, self._keep_state)
        self.alarms.update(self._conditions(snapshot, decision, memory), snapshot.time)
        self._keep(memory)
        self.moment = Moment(snapshot, decision, frame, self.sums.today)
        for listener in self._listeners:
            listener(self.moment)

    def _conditions(self, snapshot: Snapshot, decision: Decision, memory: Memory) -> list[Condition]:
        found = list(conditions(decision, snapshot, memory))
        found.extend(protection_conditions(snapshot))
        found.extend(link_conditions(self.links()))
        found.extend(() if self._links is None else self._links.conditions())
        found.extend(record_condition(self.record.state().failing))
        found.extend(ledger_condition(next(iter(self._unkept.values()), None)))
        found.extend(clock_condition(self.jump.jumped_s, snapshot.context.clock_trusted))
        found.extend(plan_condition(None if self.planner is None else self.planner.failing))
        found.extend(self.helm.conditions())
        found.extend(self.locks.conditions(self.mode.writes))
        for watch in self.watches:
            found.extend(watch())
        return found

    def _keep(self, memory: Memory) -> None:
        """What must outlive this process; a ledger that cannot be written is an alarm, and no stop of control."""
        for name, state in memory.states.items():
            # On change; fields that are not compared need not be known after a restart.
            if name not in self._kept or self._kept[name] != state:
                self._keep_state(name, state)

    def keep_today(self) -> None:
        """Keep the sums for the next start; what comes after is lost by a kill, and `coverage` tells."""
        self.sums.keep()

    def _keep_state(self, name: str, state: object) -> None:
        try:
            self.ledger.states.save(name, state, self.clock.now())
        except OSError as error:
            self._unkept[name] = str(error)
            return
        self._kept[name] = state
        self._unkept.pop(name, None)

    # What people do, through the room or the command line.

    def command(self, target: str, power_w: float, duration_s: float, by: str, why: str = "") -> Lease:
        """Put a command in force. Raises LeaseRefusedError."""
        return self.people.command(target, power_w, duration_s, by, why)

    def release(self, lease_id: int, by: str, why: str = "") -> bool:
        """End a command early; False if it was not in force."""
        return self.people.release(lease_id, by, why)

    def acknowledge(self, alarm_id: int, by: str, why: str = "") -> Alarm:
        """A person has seen an alarm. Raises UnknownAlarmError."""
        return self.people.acknowledge(alarm_id, by, why)

    def lock(self, target: str, by: str, reason: str) -> tuple[Lock, ...]:
        """Hang a lock on a battery, a solar or wind plant, or `batteries`. Raises RefusedError."""
        return self.people.lock(target, by, reason)

    def unlock(self, target: str, by: str, reason: str) -> tuple[Lock, ...]:
        """Take a lock off. Raises RefusedError."""
        return self.people.unlock(target, by, reason)

    def enter_demand(self, power_w: float, by: str, why: str = "") -> None:
        """The month's highest demand so far, as a person read it. Raises RefusedError."""
        self.people.enter_demand(power_w, by, why)

    async def arm(self, by: str, why: str = "") -> Mode:
        """Into LIVE; the first commands then go on from what is measured. Raises RefusedError."""
        before = self.mode
        after = await self.helm.arm(by, why)
        if after is not before:
            self.sums.leave_shadow()
            self._beginning.again()
        return after

    async def disarm(self, by: str, why: str = "") -> Mapping[str, Words]:
        """Into SHADOW, every device handed back; by name those that could not be, and why. Raises RefusedError."""
        return await self.helm.disarm(by, why)

    def preview(self, target: str, power_w: float) -> Decision | None:
        """What would be decided now if this command were in force; None before the first cycle."""
        if self.moment is None:
            return None
        voices = [Voice(c.name, c.label, self._carried.memory.latest.get(c.name, ())) for c in self.controllers]
        at = next((i for i, c in enumerate(self.controllers) if c.name == "manual"), len(voices))
        asked = Voice("manual", self.controllers[at].label, (Want(target, Previewed(), request_w=power_w),))
        soc = {battery.name: self.moment.snapshot.soc(battery.name) for battery in self.site.batteries}
        setpoints, steps, total_w = arbitrate(self.site, [*voices[:at], asked, *voices[at + 1 :]], soc)
        return Decision(self.moment.decision.number, self.clock.now(), setpoints, steps, total_w)

    def readback(self, target: str) -> Readback | None:
        """What has become of a command for this target; None before the first cycle."""
        moment = self.moment
        if moment is None:
            return None
        return readback(target, self.site, moment.snapshot, moment.decision, self.mode.writes)

    def plan_money(self) -> float | None:
        """What today's plan is expected to save, in the site's currency: an estimate; None without plan or tariff."""
        energy_wh = sum(battery.energy_wh for battery in self.site.batteries)
        if self.moment is None or self.planner is None or not energy_wh > 0.0:
            return None
        snapshot = self.moment.snapshot
        soc = sum(snapshot.soc(battery.name) * battery.energy_wh for battery in self.site.batteries) / energy_wh
        net_w = snapshot.derived.good("net_demand_w")
        return self.sums.plan_money(self.planner.plan, self._price_at, soc, snapshot.time, net_w)

    def soc_now(self) -> Mapping[str, float]:
        """The newest states of charge, nan where unknown."""
        said = self._plant.read().battery
        return {b.name: said[b.name].good("soc") if b.name in said else nan for b in self.site.batteries}


class Previewed(Reason, frozen=True):
    """Stands for a command that nobody has given yet."""

    sentence = Words("操作预览", "preview of a command")


def _kept_states(controllers: tuple[Controller[Any], ...], ledger: Ledger) -> dict[str, Any]:
    """What controllers knew before the restart; one whose state has changed its shape starts anew."""
    kept = {c.name: ledger.states.load(c.name, type(c.start())) for c in controllers}
    return {name: state for name, state in kept.items() if state is not None}
