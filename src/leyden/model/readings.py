"""What the plant says: one frozen reading per role, every value with its age and its quality.

Roles: grid, load, solar and wind (both `GenerationReading`), battery (what a battery management system measures) and
converter (what the power converter in front of it measures). Missing values are nan with quality BAD, never 0. All
powers follow the one sign rule: positive flows out of the thing into the bus.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from leyden.model.points import Unit
from leyden.model.quality import MISSING, Quality, Stamp
from leyden.model.states import BATTERY_STATES, CONVERTER_STATES
from leyden.model.words import Words

Floats = NDArray[np.float64]
"""An array of float64 values."""

NO_CELLS: Floats = np.empty((0, 0, 0))
"""Stands where no cell frame has been received."""
NO_CELLS.flags.writeable = False
NO_RACKS: Floats = np.empty(0)
"""Stands where no rack values have been received."""
NO_RACKS.flags.writeable = False

_GOOD = Quality.GOOD
_NO_STAMPS: Mapping[str, Stamp] = MappingProxyType({})

PowerW = Annotated[float, Unit("W", Words("有功功率", "power"))]
ColdestDegc = Annotated[float, Unit("degC", Words("最低单体温度", "lowest cell temperature"))]
HottestDegc = Annotated[float, Unit("degC", Words("最高单体温度", "highest cell temperature"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Base of all readings: which values were received, how old and how good they are."""

    stamps: Mapping[str, Stamp] = field(default_factory=lambda: _NO_STAMPS)

    def stamp(self, point: str) -> Stamp:
        """Age and quality of one point; a point never received is MISSING."""
        return self.stamps.get(point, MISSING)

    def good(self, point: str) -> float:
        """The value of a scalar point if it is GOOD, else nan, so that whoever uses it must prove it."""
        stamp = self.stamps.get(point)
        if stamp is None or stamp.quality is not _GOOD:
            return math.nan
        return float(getattr(self, point))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading(Reading):
    """What a meter says; grid import is positive, a load is negative."""

    power_w: PowerW = math.nan
    """Active power, positive out of the thing into the bus."""
    reactive_power_var: Annotated[float, Unit("var", Words("无功功率", "reactive power"))] = math.nan
    """Reactive power, positive out of the thing into the bus."""
    voltage_v: Annotated[float, Unit("V", Words("电压", "voltage"))] = math.nan
    """Mean line-to-line voltage."""
    frequency_hz: Annotated[float, Unit("Hz", Words("频率", "frequency"))] = math.nan
    """Frequency."""
    energy_out_wh: Annotated[float, Unit("Wh", Words("累计流出电量", "energy out"))] = math.nan
    """Counter of energy out of the thing into the bus: import for the grid."""
    energy_in_wh: Annotated[float, Unit("Wh", Words("累计流入电量", "energy in"))] = math.nan
    """Counter of energy from the bus into the thing: export for the grid, consumption for a load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridReading(MeterReading):
    """The meter at the point of connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReading(MeterReading):
    """The meter of a load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationReading(Reading):
    """A solar or wind inverter."""

    power_w: PowerW = math.nan
    """Active power, positive when generating."""
    reactive_power_var: Annotated[float, Unit("var", Words("无功功率", "reactive power"))] = math.nan
    """Reactive power, positive out of the inverter."""
    limit_w: Annotated[float, Unit("W", Words("限功率", "power limit"))] = math.nan
    """The ceiling in force, as the device echoes it."""
    state: Annotated[float, Unit("", Words("运行状态", "state"), CONVERTER_STATES)] = math.nan
    """A ConverterState."""
    energy_out_wh: Annotated[float, Unit("Wh", Words("累计发电量", "energy generated"))] = math.nan
    """Counter of energy generated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverterReading(Reading):
    """The power converter (PCS) of a battery, on its AC side."""

    power_w: PowerW = math.nan
    """Active power at the AC terminals, discharge positive."""
    reactive_power_var: Annotated[float, Unit("var", Words("无功功率", "reactive power"))] = math.nan
    """Reactive power at the AC terminals."""
    setpoint_w: Annotated[float, Unit("W", Words("有功设定回读", "set-point echo"))] = math.nan
    """The active set-point that the converter says is in force."""
    state: Annotated[float, Unit("", Words("运行状态", "state"), CONVERTER_STATES)] = math.nan
    """A ConverterState."""
    watchdog_remaining_s: Annotated[float, Unit("s", Words("看门狗剩余", "watchdog remaining"))] = math.nan
    """Time left until the converter falls back to its safe set-point by itself."""
    temperature_degc: Annotated[float, Unit("degC", Words("机柜温度", "cabinet temperature"))] = math.nan
    """Cabinet temperature."""
    energy_discharged_wh: Annotated[float, Unit("Wh", Words("累计放电量", "energy discharged"))] = math.nan
    """Counter of AC energy out."""
    energy_charged_wh: Annotated[float, Unit("Wh", Words("累计充电量", "energy charged"))] = math.nan
    """Counter of AC energy in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReading(Reading):
    """What the battery management system measures behind the converter."""

    soc: Annotated[float, Unit("", Words("荷电状态", "state of charge"))] = math.nan
    """State of charge as the device says it, 0 to 1."""
    soh: Annotated[float, Unit("", Words("健康状态", "state of health"))] = math.nan
    """Capacity against nominal, 0 to 1, as the device says it."""
    dc_voltage_v: Annotated[float, Unit("V", Words("直流电压", "DC voltage"))] = math.nan
    """Voltage of the DC bus."""
    dc_current_a: Annotated[float, Unit("A", Words("直流电流", "DC current"))] = math.nan
    """Current of all racks, discharge positive."""
    charge_limit_w: Annotated[float, Unit("W", Words("允许充电功率", "charge limit"))] = math.nan
    """How much DC power the device allows into the battery, never negative."""
    discharge_limit_w: Annotated[float, Unit("W", Words("允许放电功率", "discharge limit"))] = math.nan
    """How much DC power the device allows out of the battery, never negative."""
    cell_voltage_min_v: Annotated[float, Unit("V", Words("最低单体电压", "lowest cell voltage"))] = math.nan
    """Lowest cell voltage."""
    cell_voltage_max_v: Annotated[float, Unit("V", Words("最高单体电压", "highest cell voltage"))] = math.nan
    """Highest cell voltage."""
    cell_temperature_min_degc: ColdestDegc = math.nan
    """Lowest cell temperature."""
    cell_temperature_max_degc: HottestDegc = math.nan
    """Highest cell temperature."""
    state: Annotated[float, Unit("", Words("电池状态", "state"), BATTERY_STATES)] = math.nan
    """A BatteryState."""
    fault_bits: Annotated[float, Unit("", Words("故障位", "fault bits"))] = math.nan
    """Bit field of the device's own protection; 0 is healthy."""
    rack_soc: Annotated[Floats, Unit("", Words("簇荷电状态", "rack SOC"), array=("rack",))] = field(
        default_factory=lambda: NO_RACKS
    )
    """State of charge of each rack, (rack,)."""
    rack_current_a: Annotated[Floats, Unit("A", Words("簇电流", "rack current"), array=("rack",))] = field(
        default_factory=lambda: NO_RACKS
    )
    """Current of each rack, (rack,), discharge positive."""
    rack_voltage_v: Annotated[Floats, Unit("V", Words("簇电压", "rack voltage"), array=("rack",))] = field(
        default_factory=lambda: NO_RACKS
    )
    """Voltage of each rack, (rack,)."""
    cell_voltage_v: Annotated[
        Floats, Unit("V", Words("单体电压", "cell voltage"), array=("rack", "module", "cell"))
    ] = field(default_factory=lambda: NO_CELLS)
    """Voltage of every cell, (rack, module, cell)."""
    cell_temperature_degc: Annotated[
        Floats, Unit("degC", Words("单体温度", "cell temperature"), array=("rack", "module", "cell"))
    ] = field(default_factory=lambda: NO_CELLS)
    """Temperature of every cell, (rack, module, cell)."""


NO_GRID = GridReading()
"""A grid meter that has never answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Everything the plant said this cycle, by the name of the thing it is about."""

    grid: GridReading = NO_GRID
    load: Mapping[str, LoadReading] = field(default_factory=dict)
    solar: Mapping[str, GenerationReading] = field(default_factory=dict)
    wind: Mapping[str, GenerationReading] = field(default_factory=dict)
    battery: Mapping[str, BatteryReading] = field(default_factory=dict)
    converter: Mapping[str, ConverterReading] = field(default_factory=dict)
    """By the name of the battery it stands before."""


ROLES: Mapping[str, type[Reading]] = {
    "grid": GridReading,
    "load": LoadReading,
    "solar": GenerationReading,
    "wind": GenerationReading,
    "battery": BatteryReading,
    "converter": ConverterReading,
}
"""The reading type of each role that a device map can declare."""
