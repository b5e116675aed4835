"""What a device map says: which registers hold which point of which role, and how to write to the device.

A map is data, one TOML file a kind of device; `map_file` reads it. The same map drives the reading, the writing, the
server that poses as the device, and the device's page in the documentation.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from leyden.devices.codec import Coding, RegisterType
from leyden.model.points import Point
from leyden.model.words import Words

Poll = Literal["control", "slow", "bulk"]
"""How often a point is read: at the cycle's start, every few seconds, or as large blocks in between."""

POLLS: tuple[Poll, ...] = ("control", "slow", "bulk")

Table = Literal["holding", "input"]
"""The Modbus table that a register stands in."""

WRITE_POINTS: Mapping[str, Mapping[str, str]] = {
    "converter": {"setpoint_w": "W", "setpoint_var": "var", "run": "", "watchdog_s": "s"},
    "solar": {"limit_w": "W", "run": "", "watchdog_s": "s"},
    "wind": {"limit_w": "W", "run": "", "watchdog_s": "s"},
}
"""What may be written to each role, and in which unit."""

COMMANDS = ("setpoint_w", "setpoint_var", "limit_w")
"""Written points that make a device do something until they are taken back."""

GUARDED = ("setpoint_w", "limit_w")
"""The command that a watchdog guards: it is written again with every feed."""

Idle = Literal["zero", "release"]
"""How a device is left: commands at zero, or in its own mode."""


def rests(name: str, value: float) -> bool:
    """Whether a written value is a rest: zero, or a stop."""
    return value == 0.0 and name != "watchdog_s"


@dataclass(frozen=True, slots=True)
class Place:
    """Where registers are: an address, or an offset from the start of a SunSpec model."""

    offset: int
    """Counted from 0; in a model from its ID register, so that the first value is at 2."""
    model: int | None = None
    table: Table = "holding"


@dataclass(frozen=True, slots=True)
class RegisterPoint:
    """A value somewhere in the registers."""

    name: str
    unit: str
    place: Place
    coding: Coding
    words: int
    """Registers of one value."""
    factor: Place | None = None
    """The scale-factor register (sunssf) that goes with it."""
    usual_factor: int = 0
    """What our server puts there, unless a value needs more."""
    share_of_rating: bool = False
    """Whether the device says it as a share of rated power: of its role's `rated`, else of what site.toml says."""


@dataclass(frozen=True, slots=True)
class ReadPoint(RegisterPoint):
    """A point of a reading."""

    poll: Poll = "slow"
    about: Point | None = None
    """What the model says of it; None for the device's identity."""
    stride: Mapping[str, int] = field(default_factory=dict)
    """Registers between neighbours along an axis, where they are not packed."""

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of an array point; empty for one value."""
        return () if self.about is None else self.about.array


@dataclass(frozen=True, slots=True)
class Fixed:
    """Registers that must hold something before a written value works, or after it to make it work."""

    place: Place
    value: int
    type: RegisterType
    low_word_first: bool = False
    factor: Place | None = None
    """The scale-factor register that the value is to be scaled by."""
    lasts_s: float | None = None
    """Instead of the value: it holds how long the command lasts, and one count is this long."""


@dataclass(frozen=True, slots=True)
class WritePoint(RegisterPoint):
    """Something that can be written."""

    before: tuple[Fixed, ...] = ()
    after: tuple[Fixed, ...] = ()
    release: tuple[Fixed, ...] | None = None
    """What takes it out of force, so that the device goes on in its own mode; None where nobody says."""
    read_back: str = "registers"
    """How it is proven: a point of the role's reading, "registers" (they hold what was written), or "none"."""
    volatile: bool = False
    """Whether the device forgets it; one that is stored wears the device's memory out with every write."""
    dead_band: float = 0.0
    """A change of no more than this is not written, in SI."""

    @property
    def ends(self) -> bool:
        """Whether each write carries its own end."""
        return any(fixed.lasts_s is not None for fixed in (*self.before, *self.after))


@dataclass(frozen=True, slots=True)
class RoleMap:
    """What the device is for one kind of thing."""

    role: str
    read: Mapping[str, ReadPoint]
    write: Mapping[str, WritePoint]
    watchdog_s: float | None = None
    """How long the device goes on alone before it falls back by itself; None where it never does."""
    idle: Idle | None = None
    """How control is handed back to the device; None where there is nothing to hand back."""
    rated: RegisterPoint | None = None
    """Where the device says of what its shares are."""

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that it takes."""
        return tuple(name for name in COMMANDS if name in self.write)

    def guarded(self, there: Collection[str]) -> bool:
        """Whether no command stays in force when nobody stands behind it, with these write points there."""
        if self.watchdog_s is None:
            return False
        return "watchdog_s" in there or all(self.write[name].ends for name in GUARDED if name in there)


@dataclass(frozen=True, slots=True)
class Absent:
    """Registers of a SunSpec model that our server marks as not implemented."""

    offset: int
    type: RegisterType
    count: int


@dataclass(frozen=True, slots=True)
class Model:
    """A SunSpec model that the map uses."""

    id: int
    length: int
    """Registers behind ID and L."""
    alternatives: tuple[int, ...] = ()
    """Models of the same layout: the same meter on other wiring."""
    optional: bool = False
    """Whether the device may lack it; its points are then missing."""
    constants: Mapping[int, int] = field(default_factory=dict)
    """Offset -> what our server puts there for good."""
    absent: tuple[Absent, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """One kind of device."""

    name: str
    label: Words
    about: Words
    """What it is good for and what to know before using it."""
    wire: str
    tested_with: tuple[str, ...]
    """Devices and programs that it was tried with."""
    roles: Mapping[str, RoleMap]
    models: tuple[Model, ...] = ()
    identity: Mapping[str, ReadPoint] = field(default_factory=dict)
    """Maker, model, version and serial number, where the device says them."""
    gap: int = 8
    """How many registers that nobody wants may be read along to save a request."""
    digest: str = ""
    """Hash of the file, so that a record can say by which map it was read."""

    def model(self, number: int) -> Model | None:
        """The model of this number, or the one that it is an alternative to."""
        return next((model for model in self.models if number in (model.id, *model.alternatives)), None)
