"""What a decision costs: consult and arbitrate with a full chain on a park of ten devices, and observation beside it.

Every decision is of a new cycle, with a load that never rests, so nothing is answered from a state that happens to
stand still. Measured twice: many cycles in a row, which is what the decision itself costs, and one at a time between
other work, which is what a cycle finds that has just been woken up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from math import sin
from pathlib import Path
from typing import Any

import pytest

from leyden.control import Memory, Observed, arbitrate, conditions, consult, observe
from leyden.control.catalogue import chain
from leyden.control.follow_plan import FollowPlan
from leyden.control.keep_reserve import KeepReserve
from leyden.control.peak_shaving import PeakShaving
from leyden.control.self_consumption import SelfConsumption
from leyden.control.time_windows import TimeWindows, Window
from leyden.model import Controller, Decision, Plan, Slot, SlotMode, Snapshot, Words
from leyden.model.quality import FRESH
from leyden.model.readings import (
    BatteryReading,
    ConverterReading,
    GenerationReading,
    GridReading,
    LoadReading,
    Readings,
)
from leyden.model.reason import NobodyAsks
from leyden.model.setpoint import Setpoint
from leyden.model.site import Battery, CellRating, Converter, Device, Grid, Layout, Load, Site, Source
from leyden.model.snapshot import Context
from leyden.runtime.config import load_config

DEMO = Path(__file__).parents[1] / "sites/park.toml"
LFP = CellRating("lfp-280ah", 280.0, 3.2, 2.5, 3.65)
START = datetime(2026, 7, 15, 4, 0, tzinfo=UTC)
NAMES = ("gate", "bms1", "bms2", "pcs1", "pcs2", "inv1", "inv2", "inv3", "line1", "line2")


def battery(number: int) -> Battery:
    converter = Converter(f"pcs{number}", 1.5e6, 1.65e6, 1.5e6)
    name = f"b{number}"
    return Battery(name, Words(name, name), LFP, Layout(10, 8, 48), f"bms{number}", converter)


def source(name: str, device: str, power_w: float) -> Source:
    return Source(name, Words(name, name), device, power_w)


PARK = Site(
    "park",
    Words("园区", "park"),
    "Asia/Shanghai",
    "CNY",
    Grid("gate", 4e6, 2e6),
    devices=tuple(Device(name, "map", f"tcp://127.0.0.1:{5020 + i}/1") for i, name in enumerate(NAMES)),
    batteries=(battery(1), battery(2)),
    solar=(source("pv1", "inv1", 2e6), source("pv2", "inv2", 1e6)),
    wind=(source("w1", "inv3", 1e6),),
    loads=(Load("line1", Words("产线", "line"), "line1"), Load("line2", Words("产线", "line"), "line2")),
)
CONTROLLERS = chain(
    PARK,
    [
        KeepReserve(soc=0.1),
        KeepReserve(name="reserve-b2", soc=0.2, target="b2"),
        PeakShaving(import_limit_w=1.4e6),
        FollowPlan(),
        TimeWindows(charge=(Window.from_text("23:00-07:00"),), discharge=(Window.from_text("18:00-21:00"),)),
        SelfConsumption(),
    ],
)
SLOTS = tuple(
    Slot(START + timedelta(minutes=15 * i), START + timedelta(minutes=15 * (i + 1)), SlotMode.GRID, NobodyAsks(), 1e6)
    for i in range(-8, 180)
)
PLAN = Plan(SLOTS, START, "bench")
STAMPS = {
    role: dict.fromkeys(names, FRESH)
    for role, names in {
        "meter": ("power_w", "reactive_power_var", "voltage_v", "frequency_hz", "energy_out_wh", "energy_in_wh"),
        "generation": ("power_w", "limit_w", "state", "energy_out_wh"),
        "converter": ("power_w", "reactive_power_var", "setpoint_w", "state", "watchdog_remaining_s"),
        "battery": ("soc", "soh", "charge_limit_w", "discharge_limit_w", "cell_voltage_min_v", "cell_voltage_max_v",
                    "state", "fault_bits"),
    }.items()
}  # fmt: skip


def readings(site: Site, cycle: int, told: Mapping[str, Setpoint]) -> Readings:
    """A load that swings by 300 kW in a quarter of a minute, with jitter; sun and wind at a fifth of their rating."""
    load_w = -2.9e6 - 3e5 * sin(cycle / 2.5) - 1e4 * ((cycle * 7919) % 13)
    did = {b.name: told[b.name].power_w if b.name in told else 0.0 for b in site.batteries}
    grid_w = -load_w - 0.2 * site.source_power_w - sum(did.values())
    meter, generation = STAMPS["meter"], STAMPS["generation"]

    def made(sources: tuple[Source, ...]) -> dict[str, GenerationReading]:
        at_work = {"state": 2.0, "stamps": generation}
        return {s.name: GenerationReading(power_w=0.2 * s.power_w, limit_w=s.power_w, **at_work) for s in sources}

    return Readings(
        grid=GridReading(power_w=grid_w, stamps=meter),
        load={load.name: LoadReading(power_w=load_w / len(site.loads), stamps=meter) for load in site.loads},
        solar=made(site.solar),
        wind=made(site.wind),
        battery={
            name: BatteryReading(soc=0.5, charge_limit_w=2e6, discharge_limit_w=2e6, cell_voltage_min_v=3.2,
                                 cell_voltage_max_v=3.3, state=2.0, stamps=STAMPS["battery"])
            for name in did
        },
        converter={
            name: ConverterReading(power_w=w, setpoint_w=w, state=2.0, stamps=STAMPS["converter"])
            for name, w in did.items()
        },
    )  # fmt: skip


def contexts(period_s: float = 1.0) -> Iterator[tuple[int, Context]]:
    for cycle in count():
        elapsed_s = 1000.0 + period_s * cycle
        yield cycle, Context(time=START + timedelta(seconds=period_s * (cycle % 3000)), elapsed_s=elapsed_s, plan=PLAN)


class Park:
    """The pure part of a cycle, one after another."""

    def __init__(
        self, period_s: float = 1.0, site: Site = PARK, controllers: tuple[Controller[Any], ...] = CONTROLLERS
    ) -> None:
        self.site, self.controllers = site, controllers
        self.contexts = contexts(period_s)
        self.memory, self.observed = Memory(), Observed()
        self.told: dict[str, Setpoint] = {}

    def observed_next(self) -> tuple[Site, Readings, Context, Observed]:
        cycle, context = next(self.contexts)
        said = readings(self.site, cycle, self.told)
        return self.site, said, replace(context, setpoints=self.told), self.observed

    def snapshot(self) -> Snapshot:
        snapshot, self.observed = observe(*self.observed_next())
        return snapshot

    def decide(self, snapshot: Snapshot) -> Decision:
        voices, self.memory = consult(self.controllers, snapshot, self.memory)
        setpoints, steps, total_w = arbitrate(self.site, voices, snapshot.socs)
        self.told = setpoints
        return Decision(1, snapshot.time, setpoints, steps, total_w)

    def run(self, cycles: int = 100) -> "Park":
        for _ in range(cycles):
            self.decide(self.snapshot())
        return self


@pytest.fixture
def park() -> Park:
    return Park().run()


CYCLES = 200


def measured(park: Park, benchmark: Any) -> None:
    """The time of one decision, over many cycles in a row that were observed before."""
    memory, snapshots = park.memory, []
    for _ in range(CYCLES):
        snapshots.append(park.snapshot())
        park.decide(snapshots[-1])

    def decisions() -> Iterator[Decision]:
        while True:
            park.memory = memory
            yield from map(park.decide, snapshots)

    result = benchmark.pedantic(decisions().__next__, rounds=300, iterations=CYCLES)
    assert result.commander is not None
    benchmark.extra_info |= {"controllers": len(park.controllers), "steps": len(result.steps)}


def bench_decision(park: Park, benchmark: Any) -> None:
    """Fourteen controllers, two batteries, three plants, a plan of two days; target 50 us."""
    assert len(park.controllers) == 14
    measured(park, benchmark)


def bench_decision_of_the_demo_park(benchmark: Any) -> None:
    """sites/park.toml as it is: its own chain, one battery; target 50 us."""
    config = load_config(DEMO)
    measured(Park(site=config.site, controllers=config.controllers).run(), benchmark)


def bench_decision_just_woken(park: Park, benchmark: Any) -> None:
    """The first, one at a time: reading and observing come between two decisions, as in a cycle."""
    benchmark.pedantic(park.decide, setup=lambda: ((park.snapshot(),), {}), rounds=3000)


def bench_observe(park: Park, benchmark: Any) -> None:
    """Net demand, delay, residual and quarter mean, at the usual second."""

    def look(*inputs: Any) -> None:
        _, park.observed = observe(*inputs)

    def setup() -> tuple[tuple[Any, ...], dict[str, Any]]:
        park.decide(park.snapshot())
        return park.observed_next(), {}

    benchmark.pedantic(look, setup=setup, rounds=2000)


def bench_observe_at_100_ms(benchmark: Any) -> None:
    """The like ten times a second: longer traces, while a battery moves all the time."""
    park = Park(period_s=0.1)

    def look(*inputs: Any) -> None:
        _, park.observed = observe(*inputs)

    def setup() -> tuple[tuple[Any, ...], dict[str, Any]]:
        park.decide(park.snapshot())
        return park.observed_next(), {}

    benchmark.pedantic(look, setup=setup, rounds=2000)


def bench_conditions(park: Park, benchmark: Any) -> None:
    """A decision without an alarm, which is the rule."""
    snapshot = park.snapshot()
    decision = park.decide(snapshot)
    assert benchmark(conditions, decision, snapshot, park.memory) == ()


def bench_sentence(park: Park, benchmark: Any) -> None:
    """What the room shows: commander, binding, the sentence in two languages."""
    decision = park.decide(park.snapshot())
    assert benchmark(lambda: (decision.commander, decision.binding, decision.sentence))[2].en
