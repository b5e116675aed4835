"""The controllers' whole world: what is measured, what follows from it, and what is in force. Immutable."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Annotated

from msgspec import Struct

from leyden.model.command import Command
from leyden.model.lock import Lock
from leyden.model.plan import Plan
from leyden.model.points import Unit
from leyden.model.quality import Stamp
from leyden.model.readings import Reading, Readings
from leyden.model.setpoint import Setpoint
from leyden.model.site import Site
from leyden.model.watched import NOT_WATCHED, Watched
from leyden.model.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What energy costs at this moment; nan where no tariff says."""

    import_per_kwh: float = math.nan
    export_per_kwh: float = math.nan
    band: str = ""
    """`valley`, `flat`, `peak` or `critical`; empty without a tariff."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a thing stood when this process began to command it."""

    power_w: float
    """Measured, or as its converter said it had been told; of solar and wind the ceiling that was in force."""
    elapsed_s: float
    """Monotonic site time of that moment."""


_NOBODY: Mapping[str, Begun] = MappingProxyType({})
_NOBODY_WATCHED: Mapping[str, Watched] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is in force beside the measurements."""

    time: datetime
    """Aware UTC, site time."""
    elapsed_s: float
    """Monotonic site time."""
    clock_trusted: bool = True
    """False after the wall clock jumped: plans and windows then rest, protection goes on."""
    price: Price = field(default_factory=Price)
    plan: Plan | None = None
    commands: tuple[Command, ...] = ()
    """Leases in force, the dispatcher's before a person's."""
    setpoints: Mapping[str, Setpoint] = field(default_factory=dict)
    """What was written last."""
    locks: tuple[Lock, ...] = ()
    """Locks that people have hung on things."""
    begun: Mapping[str, Begun] = field(default_factory=lambda: _NOBODY)
    """Things that have just been taken over, by name; empty again once the first commands have found their way."""
    watched: Mapping[str, Watched] = field(default_factory=lambda: _NOBODY_WATCHED)
    """Our own watching over each battery, as of the readings before these; empty where nobody watches."""
    stumble_s: float = 0.0
    """Site time that a stumble of this computer may look like; 0 but where a second passes in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReading(Reading):
    """What follows from all readings together."""

    net_demand_w: Annotated[float, Unit("W", Words("净需求", "net demand"))] = math.nan
    """Load minus solar and wind: what grid and batteries together must deliver. Grid power plus battery power, both at
    the moment that the meter's value stands for."""
    residual_w: Annotated[float, Unit("W", Words("平衡残差", "residual"))] = math.nan
    """Sum of all measured powers on the bus; what no meter explains."""
    import_mean_15min_w: Annotated[float, Unit("W", Words("15分钟平均下网", "15 min mean of import"))] = math.nan
    """Mean import since the last full quarter of an hour, as a demand meter counts it."""
    import_price_per_kwh: Annotated[float, Unit("per_kwh", Words("购电价", "import price"))] = math.nan
    """Price of energy drawn."""
    export_price_per_kwh: Annotated[float, Unit("per_kwh", Words("上网电价", "export price"))] = math.nan
    """Price of energy fed in."""
    generation_w: float = math.nan
    """Solar and wind together, nan unless all of it is measured. No point: each of them has its own."""


class SteadyDemand(Struct, frozen=True, gc=False):
    """The net demand without the noise of its meters, for all who decide by it; nan while it is not known."""

    middle_w: float = math.nan
    """Within the noise it moves by its mean alone: what batteries serve."""
    highest_w: float = math.nan
    """Never below what is measured: what an import limit must hold for."""
    lowest_w: float = math.nan
    """Never above it: what an export limit must hold for."""


UNKNOWN_DEMAND = SteadyDemand()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One moment of one site."""

    site: Site
    readings: Readings
    context: Context
    derived: SiteReading
    demand: SteadyDemand = UNKNOWN_DEMAND
    socs: Mapping[str, float] = field(init=False, compare=False, repr=False)
    """The state of charge of each battery that decisions use, nan unless GOOD."""

    def __post_init__(self) -> None:
        socs = {name: reading.good("soc") for name, reading in self.readings.battery.items()}
        object.__setattr__(self, "socs", socs)

    @property
    def time(self) -> datetime:
        """Aware UTC, site time."""
        return self.context.time

    @property
    def grid_stamp(self) -> Stamp:
        """Age and quality of the gate meter's power."""
        return self.readings.grid.stamp("power_w")

    def soc(self, battery: str) -> float:
        """The state of charge that decisions use, nan unless GOOD."""
        return self.socs.get(battery, math.nan)

    def watched(self, battery: str) -> Watched:
        """What our own watching says of a battery."""
        return self.context.watched.get(battery, NOT_WATCHED)

    def battery_power_w(self, battery: str) -> float:
        """Measured AC power of a battery, discharge positive, nan unless GOOD."""
        reading = self.readings.converter.get(battery)
        return math.nan if reading is None else reading.good("power_w")

    def setpoint_w(self, target: str) -> float:
        """The active set-point written last; 0 if none has been."""
        last = self.context.setpoints.get(target)
        return 0.0 if last is None else last.power_w
