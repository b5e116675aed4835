"""Scenarios as tables: time and inputs on the left of `=>`, what must be decided on the right.

    run(park, [PeakShaving(import_limit_w=2.1e6)], '''
        time | load     | soc  => power  | by           | says
        0 s  | 1.5 MW   | 50 % => 0 W    | -            |
        5 s  | 2.912 MW |      => 812 kW | peak-shaving | load 2.91 MW, import limit 2.1 MW
    ''')

A cell left empty on the left keeps what was, on the right is not looked at. The whole chain runs, protective
controllers included, in simulated time, one cycle each period up to the row's time and the row's own cycle. The plant
is ideal: batteries do at once what they are told, the meter shows the balance without delay. Nobody tells that to the
control, so a step of the load within 5 s of a battery's own move may be taken for that move: leave 6 s between them.

Inputs: the name of a load (what it draws), of a solar or wind plant (what it could generate), `soc` or `b1.soc`,
`b1.charge_limit` and the like, `b1.missing` (the one value of its management system that is nan), `meter` and `b1.bms`,
`b1.converter`, `pv1.meter` (ok, silent, bad; a converter also off or stuck), `clock` (ok, jumped), `command` ("500 kW
for 60 s", "b1 -200 kW for 60 s", none), `plan` ("battery 500 kW", "grid 1 MW", self, hold, none). Time is "90 s" or
"2 h" since the start, or the site's wall clock: "22:59" is the next time that it shows this.

Expected: `power` (all batteries), the name of a battery or of a solar or wind plant (its ceiling), `by` (who commands),
`binds` (which controllers set the edge at which the power lies), `says` (part of the sentence), `alarms` (keys of the
conditions). "-" means nothing, nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import inf, nan
from typing import Any

import pytest

from leyden.control import Memory, Observed, conditions
from leyden.control.catalogue import chain
from leyden.model import Decision, Plan, Site, Slot, SlotMode, Snapshot, Words
from leyden.model.command import Command
from leyden.model.condition import Condition
from leyden.model.plant import Setpoints
from leyden.model.quality import Quality, Stamp
from leyden.model.quantity import parse_quantity
from leyden.model.readings import (
    BatteryReading,
    ConverterReading,
    GenerationReading,
    GridReading,
    LoadReading,
    Readings,
)
from leyden.model.reason import Reason
from leyden.model.setpoint import Setpoint
from leyden.model.site import BATTERIES, Battery, CellRating, Converter, Grid, Layout, Load, Source
from leyden.model.snapshot import Context
from leyden.model.states import BatteryState, ConverterState
from leyden.runtime import Carried, cycle

LFP = CellRating("lfp-280ah", 280.0, 3.2, 2.5, 3.65)
START = datetime(2026, 7, 15, 4, 0, tzinfo=UTC)  # a Wednesday, noon in Shanghai


def battery(name: str, power_w: float = 1.5e6, racks: int = 10) -> Battery:
    """3.44 MWh behind 1.5 MW, unless said."""
    converter = Converter(f"{name}-pcs", power_w, 1.1 * power_w, ramp_w_per_s=power_w)
    return Battery(name, Words(name, name), LFP, Layout(racks, 8, 48), f"{name}-bms", converter)


def site(*batteries: Battery, import_w: float = 4e6, export_w: float = 2e6, **parts: Any) -> Site:
    """One load and the batteries; `solar=2e6` adds a plant called pv1."""
    solar_w = parts.pop("solar", 0.0)
    solar = (Source("pv1", Words("光伏", "solar"), "inv1", solar_w),) if solar_w else ()
    grid = Grid("gate", import_w, export_w, meter_delay_s=0.0)
    load = Load("load", Words("负荷", "load"), "meter1")
    return Site(
        "park",
        Words("园区", "park"),
        parts.pop("timezone", "Asia/Shanghai"),
        "CNY",
        grid,
        batteries=batteries or (battery("b1"),),
        solar=solar,
        loads=(load,),
        **parts,
    )


class Planned(Reason, frozen=True):
    """The plan's own reason."""

    sentence = Words("计划", "the plan says so")


@dataclass
class Bench:
    """A plant that obeys at once, a clock that is told, and a journal that remembers the last cycle."""

    site: Site
    inputs: dict[str, str] = field(default_factory=dict)
    told: Setpoints = field(default_factory=dict)
    did_w: dict[str, float] = field(default_factory=dict)
    start: datetime = START
    elapsed_s: float = 0.0
    commands: list[tuple[Command, float]] = field(default_factory=list)
    last: tuple[Snapshot, Decision, tuple[Condition, ...]] | None = None
    memory: Memory = field(default_factory=Memory)
    answered: dict[str, tuple[float, Any]] = field(default_factory=dict)
    """What each device said last, and when: a silent one keeps saying it."""

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed_s)

    # The plant.

    def read(self) -> Readings:
        for b in self.site.batteries:
            mode = self.inputs.get(f"{b.name}.converter", "ok")
            if mode != "stuck" or b.name not in self.did_w:
                self.did_w[b.name] = 0.0 if mode == "off" or b.name not in self.told else self.told[b.name].power_w
        load = {one.name: -self.watts(one.name) for one in self.site.loads}
        solar = {one.name: self.generated(one) for one in self.site.solar}
        wind = {one.name: self.generated(one) for one in self.site.wind}
        grid_w = -sum((*load.values(), *solar.values(), *wind.values(), *self.did_w.values()))
        return Readings(
            grid=self.reading(GridReading, "meter", power_w=grid_w),
            load={name: self.reading(LoadReading, "", power_w=w) for name, w in load.items()},
            solar={name: self.reading(GenerationReading, f"{name}.meter", power_w=w) for name, w in solar.items()},
            wind={name: self.reading(GenerationReading, f"{name}.meter", power_w=w) for name, w in wind.items()},
            battery={b.name: self.bms(b) for b in self.site.batteries},
            converter={b.name: self.converter(b) for b in self.site.batteries},
        )

    def write(self, setpoints: Setpoints) -> None:
        self.told = setpoints

    def bms(self, b: Battery) -> BatteryReading:
        soc = parse_quantity(self.inputs.get(f"{b.name}.soc", self.inputs.get("soc", "50 %")), "")
        values = {"soc": soc, "state": float(BatteryState.CONNECTED)}
        values |= {"charge_limit_w": 2.0 * b.converter.power_w, "discharge_limit_w": 2.0 * b.converter.power_w}
        values |= {"cell_voltage_min_v": 3.2, "cell_voltage_max_v": 3.3}
        for name, unit in (("charge_limit", "W"), ("discharge_limit", "W"), ("cell_voltage_max", "V")):
            if told := self.inputs.get(f"{b.name}.{name}"):
                values[f"{name}_{unit.lower()}"] = parse_quantity(told, unit)
        reading: BatteryReading = self.reading(BatteryReading, f"{b.name}.bms", **values)
        missing = self.inputs.get(f"{b.name}.missing", "none")
        if missing == "none":
            return reading
        bad = Stamp(0.0, Quality.BAD)
        lost: dict[str, Any] = {missing: nan, "stamps": {**reading.stamps, missing: bad}}
        return replace(reading, **lost)

    def converter(self, b: Battery) -> ConverterReading:
        state = ConverterState.OFF if self.inputs.get(f"{b.name}.converter") == "off" else ConverterState.RUNNING
        echo_w = self.told[b.name].power_w if b.name in self.told else 0.0
        values = {"power_w": self.did_w[b.name], "setpoint_w": echo_w, "state": float(state)}
        reading: ConverterReading = self.reading(ConverterReading, f"{b.name}.converter", **values)
        return reading

    def reading(self, role: Any, device: str, **values: float) -> Any:
        """Values with their stamps; a silent device's grow old, a bad one's are nan."""
        mode = self.inputs.get(device, "ok")
        if mode == "bad":
            stamp = Stamp(0.0, Quality.BAD)
            return role(**dict.fromkeys(values, nan), stamps=dict.fromkeys(values, stamp))
        if mode == "silent":
            since_s, last = self.answered[device]
            age_s = self.elapsed_s - since_s
            stamp = Stamp(age_s, Quality.GOOD if age_s <= 3.0 else Quality.STALE)
            return replace(last, stamps=dict.fromkeys(values, stamp))
        reading = role(**values, stamps=dict.fromkeys(values, Stamp(0.0, Quality.GOOD)))
        self.answered[device] = self.elapsed_s, reading
        return reading

    def watts(self, name: str) -> float:
        return parse_quantity(self.inputs.get(name, "0 W"), "W")

    def generated(self, source: Source) -> float:
        ceiling_w = self.told[source.name].power_w if source.name in self.told else inf
        return min(self.watts(source.name), ceiling_w)

    # What is in force.

    def context(self, setpoints: Any) -> Context:
        self.commands = [(command, end_s) for command, end_s in self.commands if end_s > self.elapsed_s]
        return Context(
            time=self.now,
            elapsed_s=self.elapsed_s,
            clock_trusted=self.inputs.get("clock", "ok") == "ok",
            plan=self.plan(),
            commands=tuple(replace(c, remaining_s=end_s - self.elapsed_s) for c, end_s in self.commands),
            setpoints=setpoints,
        )

    def plan(self) -> Plan | None:
        words = self.inputs.get("plan", "none").split(maxsplit=1)
        if words[0] == "none":
            return None
        power_w = parse_quantity(words[1], "W") if len(words) > 1 else None
        slot = Slot(self.now, self.now + timedelta(minutes=15), SlotMode(words[0]), Planned(), power_w)
        return Plan((slot,), self.now, "scenario")

    def command(self, told: str) -> None:
        if told == "none":
            self.commands = []
            return
        asked, _, lasting = told.partition(" for ")
        first, _, rest = asked.partition(" ")
        target, power = (first, rest) if first in {b.name for b in self.site.batteries} else (BATTERIES, asked)
        length_s = parse_quantity(lasting, "s")
        command = Command(len(self.commands) + 1, target, parse_quantity(power, "W"), "Li", length_s)
        self.commands.append((command, self.elapsed_s + length_s))

    # The journal.

    def note(self, snapshot: Snapshot, decision: Decision, memory: Memory) -> None:
        self.last = snapshot, decision, conditions(decision, snapshot, memory)
        self.memory = memory


def run(
    where: Site,
    controllers: Sequence[Any],
    table: str,
    period_s: float = 1.0,
    start: datetime = START,
    memory: Memory | None = None,
) -> Bench:
    """Run a table; AssertionError names the row that does not hold. The bench is returned for a closer look.

    `memory` is what was kept over a restart.
    """
    bench, everybody = Bench(where, start=start), chain(where, controllers)
    carried, due_s = Carried(observed=Observed(), memory=memory or Memory()), 0.0
    for row in _rows(table):
        until_s = _when(row.inputs.pop("time"), bench)
        while due_s < until_s - 1e-6:
            bench.elapsed_s = due_s
            carried = cycle(where, bench, everybody, bench.context, bench, carried)
            due_s += period_s
        bench.elapsed_s, due_s = until_s, until_s + period_s
        bench.inputs |= {name: told for name, told in row.inputs.items() if told and name != "command"}
        if row.inputs.get("command"):
            bench.command(row.inputs["command"])
        carried = cycle(where, bench, everybody, bench.context, bench, carried)
        _compare(bench, row)
    return bench


@dataclass
class _Row:
    text: str
    inputs: dict[str, str]
    expected: dict[str, str]


def _rows(table: str) -> list[_Row]:
    header, *lines = [line.strip() for line in table.strip().splitlines() if line.strip()]
    names = [[name.strip() for name in side.split("|")] for side in header.split("=>")]
    rows = []
    for line in lines:
        sides = [[cell.strip() for cell in side.split("|")] for side in line.split("=>")]
        assert [len(side) for side in sides] == [len(side) for side in names], f"columns do not match: {line}"
        left, right = (dict(zip(name, side, strict=True)) for name, side in zip(names, sides, strict=True))
        rows.append(_Row(line, left, right))
    return rows


def _when(told: str, bench: Bench) -> float:
    if ":" not in told:
        return parse_quantity(told, "s")
    clock = datetime.strptime(told, "%H:%M").time()  # noqa: DTZ007 - the site's own wall clock
    zone, now = bench.site.zone, bench.now
    for day in range(3):
        date = (now.astimezone(zone) + timedelta(days=day)).date()
        moment = datetime.combine(date, clock, zone).astimezone(UTC)
        if moment > now:
            return (moment - bench.start).total_seconds()
    raise AssertionError(f"the clock never shows {told}")


def _compare(bench: Bench, row: _Row) -> None:
    assert bench.last is not None
    _, decision, found = bench.last
    for name, expected in row.expected.items():
        if not expected:
            continue
        what = f"{name} in row: {row.text}"
        if name == "by":
            commander = decision.commander
            assert (commander.controller if commander else "-") == expected, f"{what}\n{decision.sentence.en}"
        elif name == "binds":
            assert _names(step.controller for step in decision.binding) == _names(expected), what
        elif name == "says":
            assert expected in decision.sentence.en, f"{what}\nit says: {decision.sentence.en}"
        elif name == "alarms":
            assert _names(condition.key for condition in found) == _names(expected), what
        else:
            told_w = decision.total_w if name == "power" else _setpoint(decision, name).power_w
            assert told_w == pytest.approx(parse_quantity(expected, "W"), rel=1e-3, abs=1.0), what


def _setpoint(decision: Decision, name: str) -> Setpoint:
    return decision.setpoints[name]


def _names(told: Any) -> set[str]:
    parts = told.replace(",", " ").split() if isinstance(told, str) else told
    return {part for part in parts if part != "-"}
