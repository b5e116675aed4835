"""The tables of site.toml as people write them: every key, its unit, its range, its default and its meaning.

The reader, the schema for editors and the tables in the guide are all made from these fields.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from leyden.model.address import Address
from leyden.model.quantity import Quantity
from leyden.model.target import DeviceRole
from leyden.model.words import Words

Power = Annotated[float, Quantity("W", low=0.0)]
"""A power that has no direction, never negative."""
Rating = Annotated[float, Quantity("W", low=1.0)]
"""Rated power of a thing that is there."""
Count = Annotated[int, Quantity("", low=1)]
Ratio = Annotated[float, Quantity("", 0.0, 1.0)]
Period = Annotated[float, Quantity("s", 0.1, 3600.0)]


@dataclass(frozen=True, slots=True)
class SiteTable:
    """What the site is called, and where it is."""

    header: ClassVar[str] = "[site]"
    id: str
    """Short name of the site, for folders and topics: letters, digits, `-` and `_`."""
    timezone: str
    """The zone in which its tariffs and time windows think, as `Asia/Shanghai`."""
    currency: str
    """Three letters, as `CNY`; all prices are in it."""
    name: Words | None = None
    """What people call it; `"text"`, or `{ en = "...", zh = "..." }`."""
    period_s: Annotated[float, Quantity("s", 0.1, 60.0)] = 1.0
    """How often it decides."""


@dataclass(frozen=True, slots=True)
class DeviceTable:
    """A connection to something that answers."""

    header: ClassVar[str] = "[device.NAME]"
    map: str
    """What its registers mean: a map that comes with Leyden, or a file in `maps/` beside the site file."""
    at: Address
    """Where it answers: `tcp://HOST:PORT/UNIT`, Modbus TCP."""
    poll_s: Period = 1.0
    """How often powers and limits are read."""
    slow_s: Period = 5.0
    """How often values that change slowly are read."""
    bulk_s: Period = 10.0
    """How often cell voltages and temperatures are read."""
    timeout_s: Annotated[float, Quantity("s", 0.05, 60.0)] = 1.0
    """How long an answer may take."""
    accept_no_watchdog: bool = False
    """Command it although it has no watchdog: when Leyden dies, what it was told last stays in force."""
    writes_per_day: Annotated[int, Quantity("", 0, 100_000)] = 50
    """How many values that the device stores may be written in a day; a stop and zero always go through."""


@dataclass(frozen=True, slots=True)
class GridTable:
    """The point of connection."""

    header: ClassVar[str] = "[grid]"
    device: Annotated[str, DeviceRole("grid")]
    """The device that measures it."""
    import_limit_w: Power
    """The most that may be drawn. There is no default: a site without it cannot be protected."""
    export_limit_w: Power = 0.0
    """The most that may be fed in."""
    meter_delay_s: Annotated[float, Quantity("s", 0.0, 60.0)] = 1.0
    """How old the meter's value is when it is read: its averaging time and that of its gateway."""
    tariff: str | None = None
    """What energy costs: a tariff that comes with Leyden, or a file in `tariffs/` beside the site file."""
    name: Words | None = None
    """What people call it."""


@dataclass(frozen=True, slots=True)
class LayoutTable:
    """How a battery's cells are wired."""

    header: ClassVar[str] = "layout = { ... }"
    rack: Count
    """Racks in parallel."""
    module: Count
    """Modules in series in a rack."""
    cell: Count
    """Cells in series in a module."""


@dataclass(frozen=True, slots=True)
class ConverterTable:
    """The power converter (PCS) before a battery."""

    header: ClassVar[str] = "converter = { ... }"
    device: Annotated[str, DeviceRole("converter")]
    """The device that commands it."""
    power_w: Rating
    """Rated active power, both ways."""
    apparent_va: Annotated[float, Quantity("VA", low=1.0)] | None = None
    """Rated apparent power; the rated active power unless said."""
    ramp_w_per_s: Annotated[float, Quantity("W/s", low=1.0)] | None = None
    """How fast its power changes; the whole rated power in a second unless said."""
    dead_time_s: Annotated[float, Quantity("s", 0.0, 60.0)] = 0.0
    """How long it does nothing after a command."""


@dataclass(frozen=True, slots=True)
class BatteryTable:
    """A battery behind one converter."""

    header: ClassVar[str] = "[battery.NAME]"
    cell: str
    """Its cells: a cell that comes with Leyden, or a file in `cells/` beside the site file."""
    layout: LayoutTable
    """How they are wired; the energy follows."""
    bms: Annotated[str, DeviceRole("battery")]
    """The device that is its battery management system."""
    converter: ConverterTable
    """The converter before it."""
    soc_min: Ratio = 0.05
    """Never discharged below, whoever asks."""
    soc_max: Ratio = 0.95
    """Never charged above, whoever asks."""
    name: Words | None = None
    """What people call it."""


@dataclass(frozen=True, slots=True)
class SolarTable:
    """A solar plant behind one inverter."""

    header: ClassVar[str] = "[solar.NAME]"
    device: Annotated[str, DeviceRole("solar")]
    """The device that measures and commands it."""
    power_w: Rating
    """Rated power."""
    curtail: bool = True
    """Whether it may be told to generate less."""
    name: Words | None = None
    """What people call it."""


@dataclass(frozen=True, slots=True)
class WindTable:
    """A wind plant behind one converter."""

    header: ClassVar[str] = "[wind.NAME]"
    device: Annotated[str, DeviceRole("wind")]
    """The device that measures and commands it."""
    power_w: Rating
    """Rated power."""
    curtail: bool = True
    """Whether it may be told to generate less."""
    name: Words | None = None
    """What people call it."""


@dataclass(frozen=True, slots=True)
class LoadTable:
    """A consumer."""

    header: ClassVar[str] = "[load.NAME]"
    device: Annotated[str, DeviceRole("load")] | None = None
    """The device that measures it; one load may have none, and is then what is left over."""
    name: Words | None = None
    """What people call it."""


THINGS: dict[str, tuple[type, Words]] = {
    "battery": (BatteryTable, Words("电池", "battery")),
    "solar": (SolarTable, Words("光伏", "solar")),
    "wind": (WindTable, Words("风电", "wind")),
    "load": (LoadTable, Words("负荷", "load")),
}
"""Kinds of things that have names of their own, with what people call the kind."""

SITE_KEYS: tuple[str, ...] = ("site", "device", "grid", *THINGS)
"""The tables of site.toml that describe the site itself."""
