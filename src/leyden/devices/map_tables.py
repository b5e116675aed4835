"""The tables of a device map as people write them; `map_file` makes a DeviceMap of them.

The keys of the file are the fields below (durations without their unit), so this page is also their reference; the
guide docs/guides/add-a-device.md tells them as a story.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from leyden.devices.map import Idle, Poll, Table
from leyden.model.quantity import Quantity
from leyden.model.words import Words

WordOrder = Literal["high-first", "low-first"]
NumberName = Literal[
    "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64",
    "enum16", "bitfield16", "bitfield32",
]  # fmt: skip
Register = Annotated[int, Quantity("", low=0, high=65535)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTable:
    """Where registers are: `address`, or `model` and `offset`."""

    address: Register | None = None
    model: Register | None = None
    offset: Register | None = None
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedTable(PlaceTable):
    """Registers that hold one number: `value`, or how long the command lasts."""

    value: int | None = None
    type: NumberName = "uint16"
    scale_factor: Register | None = None
    """Address, or offset in the same model, of the scale-factor register that goes with the value."""
    lasts_s: Annotated[float, Quantity("s", low=0.001, high=3600.0)] | None = None
    """What one count is worth of a register that says how long the command lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTable(PlaceTable):
    """A value in registers. Its `scale` is read apart: it is a quantity in the point's own unit."""

    word_order: WordOrder | None = None
    scale_factor: Register | None = None
    """Address, or offset in the same model, of the scale-factor register."""
    usual_factor: Annotated[int, Quantity("", low=-10, high=10)] = 0
    sign: Literal[1, -1] = 1
    add: float = 0.0
    missing: tuple[int, ...] | None = None
    states: Mapping[str, tuple[int, ...]] | None = None
    low: float | None = None
    high: float | None = None
    share_of_rating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedTable(RegisterTable):
    """`rated`: where the device says of what its shares are."""

    type: NumberName


@dataclass(frozen=True, slots=True, kw_only=True)
class PointTable(RegisterTable):
    """A point of a reading."""

    type: NumberName
    poll: Poll = "slow"
    stride: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTable(RegisterTable):
    """Something that can be written."""

    type: NumberName
    before: tuple[FixedTable, ...] = ()
    after: tuple[FixedTable, ...] = ()
    release: tuple[FixedTable, ...] | None = None
    """What takes it out of force, so that the device goes on in its own mode."""
    volatile: bool = False
    """Whether the device forgets it; stored ones wear its memory out, and have a budget a day."""
    read_back: str = "registers"
    on: int = 1
    """For `run`: what starts the device."""
    off: int = 0
    """For `run`: what stops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable(PlaceTable):
    """A string of the device's identity."""

    words: Annotated[int, Quantity("", low=1, high=125)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentTable:
    """Registers of a model that our server marks as not implemented."""

    offset: Register
    type: NumberName
    count: Annotated[int, Quantity("", low=1)] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantTable:
    """A register of a model that our server never changes."""

    offset: Register
    value: Register


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTable:
    """[[model]]: a SunSpec model."""

    id: Register
    length: Register
    alternatives: tuple[int, ...] = ()
    optional: bool = False
    constants: tuple[ConstantTable, ...] = ()
    absent: tuple[AbsentTable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTable:
    """[converter] and the like, beside its `read`, `write` and `rated`."""

    like: str | None = None
    """Another role whose points, being the same, are not written twice."""
    watchdog_s: Annotated[float, Quantity("s", low=1.0, high=3600.0)] | None = None
    idle: Idle | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapTable:
    """The top of the file."""

    label: Words
    about: Words
    wire: Literal["modbus"]
    tested_with: tuple[str, ...]
    """Devices and programs that it was tried with; empty says honestly that nobody has."""
    word_order: WordOrder = "high-first"
    """For values of several registers: which word comes first."""
    table: Table = "holding"
    missing: Literal["sunspec", "none"] | None = None
    """Whether the bits that SunSpec keeps for it mean "not there"; so with models, not so without, unless said."""
    gap: Annotated[int, Quantity("", low=0, high=125)] = 8
    model: tuple[ModelTable, ...] = ()
    identity: Mapping[str, TextTable] = field(default_factory=dict)
