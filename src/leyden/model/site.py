"""The site: what stands on the bus, which device speaks for it, and what it may do. Described once, in site.toml.

Cells are no objects: a battery's layout gives the axes (rack, module, cell) of its arrays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from leyden.model.bounds import Bounds
from leyden.model.words import Words

GRID = "grid"
"""The name of the point of connection, as a thing and in point names."""

BATTERIES = "batteries"
"""The target that means all batteries of the site together."""


_GRID_LABEL = Words("电网", "grid")


@dataclass(frozen=True)
class Device:
    """A connection: a map that says what the registers mean, and an address where they are."""

    name: str
    map: str
    """Name of a device map, `sunspec-meter`."""
    at: str
    """`tcp://HOST:PORT/UNIT`."""
    poll_s: float = 1.0
    """Period of the control points, asked together at the cycle's start."""
    slow_s: float = 5.0
    """Period of points that change slowly."""
    bulk_s: float = 10.0
    """Period of cell blocks."""
    timeout_s: float = 1.0
    """How long an answer may take, in wall time."""
    accept_no_watchdog: bool = False
    """Whether it is commanded although its commands stay in force when nobody stands behind them."""
    writes_per_day: int = 50
    """How many values that it stores may be written to it in a day."""


@dataclass(frozen=True)
class Grid:
    """The point of connection."""

    device: str
    import_limit_w: float
    """Most that may be drawn; a site without it cannot be protected, so it is required."""
    export_limit_w: float = 0.0
    """Most that may be fed in; 0 unless said."""
    meter_delay_s: float = 1.0
    """How old the meter's value is when it is read (its averaging time and its gateway's)."""
    tariff: str | None = None
    """Name of a tariff, `cn-guangdong-2021`."""
    label: Words = _GRID_LABEL


@dataclass(frozen=True)
class CellRating:
    """What a site needs to know of its cells."""

    name: str
    capacity_ah: float
    nominal_voltage_v: float
    voltage_min_v: float
    voltage_max_v: float


@dataclass(frozen=True)
class Layout:
    """Axes of a battery's cell arrays: racks in parallel, modules in series in a rack, cells in series in a module."""

    rack: int
    module: int
    cell: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(rack, module, cell)."""
        return (self.rack, self.module, self.cell)

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.rack * self.module * self.cell

    @property
    def series(self) -> int:
        """How many cells are in series in a rack."""
        return self.module * self.cell


@dataclass(frozen=True)
class Converter:
    """The power converter (PCS) before a battery."""

    device: str
    power_w: float
    """Rated active power, both ways."""
    apparent_va: float
    """Rated apparent power; the circle that P and Q share."""
    ramp_w_per_s: float
    """How fast its power changes when told to."""
    dead_time_s: float = 0.0
    """How long it does nothing after a command."""


@dataclass(frozen=True)
class Battery:
    """A battery behind one converter."""

    name: str
    label: Words
    cell: CellRating
    layout: Layout
    bms: str
    """The device that is its battery management system."""
    converter: Converter
    soc_min: float = 0.05
    """Never discharged below, however much is asked."""
    soc_max: float = 0.95
    """Never charged above."""

    @cached_property
    def energy_wh(self) -> float:
        """Nominal energy: follows from cell and layout, so that nothing is said twice."""
        return self.layout.cells * self.cell.capacity_ah * self.cell.nominal_voltage_v


@dataclass(frozen=True)
class Source:
    """A solar or wind plant behind one inverter."""

    name: str
    label: Words
    device: str
    power_w: float
    """Rated power."""
    curtail: bool = True
    """Whether it may be told to generate less."""


@dataclass(frozen=True)
class Load:
    """A consumer. Without a device it is what is left over on the bus, and only one thing may be that."""

    name: str
    label: Words
    device: str | None = None


@dataclass(frozen=True)
class Site:
    """Everything that stands on one bus, and the devices that speak for it."""

    id: str
    name: Words
    timezone: str
    currency: str
    grid: Grid
    devices: tuple[Device, ...] = ()
    batteries: tuple[Battery, ...] = ()
    solar: tuple[Source, ...] = ()
    wind: tuple[Source, ...] = ()
    loads: tuple[Load, ...] = ()
    period_s: float = 1.0
    """The control cycle."""

    @cached_property
    def zone(self) -> ZoneInfo:
        """The site's own time zone, in which tariffs and windows think."""
        return ZoneInfo(self.timezone)

    @cached_property
    def battery_power_w(self) -> float:
        """What all converters together are rated for."""
        return sum((battery.converter.power_w for battery in self.batteries), 0.0)

    @cached_property
    def source_power_w(self) -> float:
        """What all solar and wind plants together are rated for."""
        return sum((source.power_w for source in (*self.solar, *self.wind)), 0.0)

    @cached_property
    def battery_bounds(self) -> Mapping[str, Bounds]:
        """What each battery's converter is rated for, both ways."""
        return {b.name: Bounds(-b.converter.power_w, b.converter.power_w) for b in self.batteries}

    @cached_property
    def source_bounds(self) -> Mapping[str, Bounds]:
        """What each solar and wind plant is rated for."""
        return {source.name: Bounds(0.0, source.power_w) for source in (*self.solar, *self.wind)}

    @cached_property
    def targets(self) -> frozenset[str]:
        """What may be told a power: each battery, all of them together, each solar and wind plant."""
        batteries, sources = (b.name for b in self.batteries), (s.name for s in (*self.solar, *self.wind))
        return frozenset((BATTERIES, *batteries, *sources))

    def battery(self, name: str) -> Battery:
        """The battery of this name; KeyError if there is none."""
        return {battery.name: battery for battery in self.batteries}[name]

    def device(self, name: str) -> Device:
        """The device of this name; KeyError if there is none."""
        return {device.name: device for device in self.devices}[name]

    def roles(self) -> Iterator[tuple[str, str, str]]:
        """(device, role, thing) for every role that a device plays here, in site order."""
        yield self.grid.device, "grid", GRID
        for battery in self.batteries:
            yield battery.bms, "battery", battery.name
            yield battery.converter.device, "converter", battery.name
        for source in self.solar:
            yield source.device, "solar", source.name
        for source in self.wind:
            yield source.device, "wind", source.name
        for load in self.loads:
            if load.device is not None:
                yield load.device, "load", load.name
