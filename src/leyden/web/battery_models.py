"""The shapes of one battery: its racks, its worst cells, its limits and what sets them."""

from typing import Annotated, Literal

from pydantic import Field

from leyden.web.models import Binding, Model, Seconds, Text, Time

Place = Annotated[int, Field(description="counted from 1", ge=1)]
MaybeV = Annotated[float | None, Field(description="V")]
MaybeDegC = Annotated[float | None, Field(description="degrees Celsius")]


class StateModel(Model):
    """What the battery's own management says it is doing."""

    value: int
    label: Text


class FaultBitModel(Model):
    """A fault that the battery's own management reports."""

    bit: int = Field(description="counted from 0", ge=0)
    label: Text


class LimitModel(Model):
    """How far a battery may go in one direction, and who says so."""

    device_w: float | None = Field(description="W, DC, never negative; what the device itself allows, null: not known")
    power_w: float | None = Field(description="W, AC, never negative; what the decision leaves, null: unbounded")
    binds: Binding | None = Field(description="the controller whose bound is the least, in the trail's words")


class WarmthModel(Model):
    """A rack's hottest or coldest cell."""

    module: Place
    cell: Place
    temperature_degc: float = Field(description="degrees Celsius")


class RackModel(Model):
    """One rack beside the others; null is not known."""

    rack: Place
    soc: float | None = Field(description="0 to 1, as the device says it")
    our_soc: float | None = Field(description="0 to 1, our own estimate, null: none yet")
    our_soc_std: float | None = Field(description="its standard deviation; above 0.05 it is shown and decides nothing")
    current_a: float | None = Field(description="A; discharge positive")
    voltage_v: MaybeV
    mean_v: float | None = Field(description="V; mean of its cells")
    spread_v: float | None = Field(description="V; highest less lowest of its cells, never negative")
    hottest: WarmthModel | None
    coldest: WarmthModel | None


class WorstModel(Model):
    """One of the cells furthest off from the median of their rack, by a mean over ten minutes."""

    rack: Place
    module: Place
    cell: Place
    deviation_v: float = Field(description="V; positive above the median of its rack")
    voltage_v: MaybeV
    temperature_degc: MaybeDegC
    since: Time
    lasting_s: Seconds


class BatteryModel(Model):
    """A battery from its racks down to its worst cells, and what it may do."""

    name: str
    time: Time
    state: StateModel | None = Field(description="null: not known")
    fault_bits: int | None = Field(description="as the device says them, null: not known")
    faults: list[FaultBitModel]
    charge: LimitModel
    discharge: LimitModel
    quality: Literal["GOOD", "STALE", "BAD"] = Field(description="of the cells")
    cells_age_s: float | None = Field(description="s; age of the cells, null: none received")
    racks: list[RackModel]
    worst: list[WorstModel] = Field(description="the furthest off first, at most 20")
    watched_since: Time | None = Field(description="since when cells are compared; null: no frame yet")
