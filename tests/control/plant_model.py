"""A small plant for tests of the loop: a late and noisy meter, a converter with dead time, ramp and lag.

Nothing of it is taken from the twin, so that the two cannot share a mistake.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import exp
from typing import Any

import numpy as np

from leyden.control.catalogue import chain
from leyden.model import Decision, Site, Snapshot, Words
from leyden.model.plant import Setpoints
from leyden.model.quality import FRESH
from leyden.model.readings import BatteryReading, ConverterReading, GridReading, LoadReading, Readings
from leyden.model.site import Battery, CellRating, Converter, Grid, Layout, Load
from leyden.model.snapshot import Context
from leyden.runtime import Carried, cycle

RATED_W = 1.5e6
STEP_S = 0.05
"""Of the simulation itself; a quarter of the shortest meter delay."""
START = datetime(2026, 7, 15, tzinfo=UTC)
_FULL = dict.fromkeys(("soc", "state"), FRESH)
_POWER = {"power_w": FRESH}


@dataclass(frozen=True)
class Loop:
    """What the loop is made of."""

    meter_s: float = 1.0
    """How late the meter is in truth."""
    told_s: float = 1.0
    """What site.toml says of it."""
    dead_s: float = 0.0
    lag_s: float = 0.2
    ramp_s: float = 1.0
    """From nothing to full power."""
    period_s: float = 1.0
    noise: float = 0.0
    """Standard deviation of every measured power, as a share of it."""
    export_w: float = 2e6
    import_w: float = 6e6

    @property
    def delay_s(self) -> float:
        """Of the whole loop: from a change of the load to its answer."""
        return self.meter_s + self.dead_s + self.lag_s + self.period_s

    @property
    def site(self) -> Site:
        """One battery and one load."""
        cell = CellRating("lfp", 280.0, 3.2, 2.5, 3.65)
        converter = Converter("pcs", RATED_W, 1.1 * RATED_W, RATED_W / self.ramp_s, self.dead_s)
        battery = Battery("b1", Words("b1", "b1"), cell, Layout(10, 8, 48), "bms", converter)
        grid = Grid("gate", self.import_w, self.export_w, meter_delay_s=self.told_s)
        load = Load("load", Words("负荷", "load"), "meter")
        return Site(
            "s", Words("s", "s"), "UTC", "CNY", grid, batteries=(battery,), loads=(load,), period_s=self.period_s
        )


@dataclass
class LatePlant:
    """The plant, in steps of STEP_S."""

    loop: Loop
    load: Callable[[float], float]
    """Demand over time."""
    rng: np.random.Generator
    time_s: float = 0.0
    power_w: float = 0.0
    grid_w: float = 0.0
    history: list[tuple[float, float, float]] = field(default_factory=list)
    """(time, battery power, grid power) of every step."""

    def __post_init__(self) -> None:
        loop = self.loop
        self._reference_w = self._told_w = 0.0
        self._orders = deque([0.0] * round(loop.dead_s / STEP_S))
        self._meter = deque([self.load(0.0)] * (round(loop.meter_s / STEP_S) + 1))
        self._keep = exp(-STEP_S / loop.lag_s) if loop.lag_s > 0.0 else 0.0

    def advance(self, seconds: float) -> None:
        most_w = RATED_W / self.loop.ramp_s * STEP_S
        for _ in range(round(seconds / STEP_S)):
            self.time_s += STEP_S
            self._orders.append(self._told_w)
            self._reference_w += min(max(self._orders.popleft() - self._reference_w, -most_w), most_w)
            self.power_w = self._reference_w + (self.power_w - self._reference_w) * self._keep
            self.grid_w = self.load(self.time_s) - self.power_w
            self._meter.append(self.grid_w)
            self._meter.popleft()
            self.history.append((self.time_s, self.power_w, self.grid_w))

    def read(self) -> Readings:
        return Readings(
            grid=GridReading(power_w=self._noisy(self._meter[0]), stamps=_POWER),
            load={"load": LoadReading(power_w=-self.load(self.time_s), stamps=_POWER)},
            battery={"b1": BatteryReading(soc=0.5, state=2.0, stamps=_FULL)},
            converter={"b1": ConverterReading(power_w=self._noisy(self.power_w), stamps=_POWER)},
        )

    def write(self, setpoints: Setpoints) -> None:
        self._told_w = setpoints["b1"].power_w

    def _noisy(self, value_w: float) -> float:
        return value_w * (1.0 + self.loop.noise * float(self.rng.standard_normal()))


@dataclass
class Ran:
    """What happened."""

    plant: LatePlant
    decisions: list[tuple[float, Decision, Snapshot]] = field(default_factory=list)

    def note(self, snapshot: Snapshot, decision: Decision, memory: object) -> None:
        self.decisions.append((self.plant.time_s, decision, snapshot))

    def told_w(self, after_s: float = 0.0) -> list[float]:
        return [decision.total_w for time_s, decision, _ in self.decisions if time_s >= after_s]


def run(loop: Loop, controllers: Sequence[Any], load: Callable[[float], float], until_s: float, seed: int = 1) -> Ran:
    """The whole chain on this plant."""
    site = loop.site
    plant = LatePlant(loop, load, np.random.default_rng(seed))
    ran, everybody, carried = Ran(plant), chain(site, controllers), Carried()

    def context(setpoints: Any) -> Context:
        now = START + timedelta(seconds=plant.time_s)
        return Context(time=now, elapsed_s=plant.time_s, setpoints=setpoints)

    while plant.time_s < until_s:
        carried = cycle(site, plant, everybody, context, ran, carried)
        plant.advance(loop.period_s)
    return ran
