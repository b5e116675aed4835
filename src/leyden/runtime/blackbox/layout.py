"""Readings as one row of numbers, and back, bit by bit: what a cycle has seen, small enough to keep all of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leyden.model.quality import Quality, Stamp
from leyden.model.readings import ROLES, Floats, Reading, Readings
from leyden.runtime.blackbox.tagged import field_names

STAMPS = "stamps"
NO_STAMP = 255
"""Stands where a value has no stamp at all."""
NONE = -1.0
"""The age of what has no stamp."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing in one role."""

    role: str
    thing: str
    """Empty for the grid, of which there is one."""
    scalars: tuple[str, ...]
    arrays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Everything that was read in one cycle."""

    values: Floats
    """(scalar,), all slots one after another."""
    ages_s: Floats
    """(scalar and array,), -1 where there is no stamp."""
    quality: NDArray[np.uint8]
    """The like; 255 where there is no stamp."""
    arrays: Mapping[str, Floats]
    """`battery/b1/cell_voltage_v`."""


def slots_of(readings: Readings) -> tuple[Slot, ...]:
    """The layout of these readings."""
    return tuple(Slot(role, thing, *_fields(type(reading))) for role, thing, reading in _all(readings))


def fits(slots: tuple[Slot, ...], readings: Readings) -> bool:
    """Whether these are readings of the same things."""
    return [(slot.role, slot.thing) for slot in slots] == [(role, thing) for role, thing, _ in _all(readings)]


def pack(slots: tuple[Slot, ...], readings: Readings) -> Row:
    """A row of this layout, which must fit."""
    values: list[float] = []
    ages: list[float] = []
    quality: list[int] = []
    arrays: dict[str, Floats] = {}
    for slot, (_, _, reading) in zip(slots, _all(readings), strict=True):
        values += [getattr(reading, name) for name in slot.scalars]
        stamps = reading.stamps
        for name in (*slot.scalars, *slot.arrays):
            stamp = stamps.get(name)
            ages.append(NONE if stamp is None else stamp.age_s)
            quality.append(NO_STAMP if stamp is None else int(stamp.quality))
        for name in slot.arrays:
            arrays[_place(slot, name)] = getattr(reading, name)
    return Row(np.array(values), np.array(ages), np.array(quality, np.uint8), arrays)


def unpack(slots: tuple[Slot, ...], row: Row) -> Readings:
    """The readings of a row."""
    values, ages, quality = iter(row.values.tolist()), iter(row.ages_s.tolist()), iter(row.quality.tolist())
    found: dict[str, dict[str, Reading]] = {role: {} for role in ROLES}
    for slot in slots:
        content: dict[str, Any] = {name: next(values) for name in slot.scalars}
        content |= {name: row.arrays[_place(slot, name)] for name in slot.arrays}
        stamps = {}
        for name in (*slot.scalars, *slot.arrays):
            age_s, code = next(ages), next(quality)
            if code != NO_STAMP:
                stamps[name] = Stamp(age_s, Quality(code))
        found[slot.role][slot.thing] = ROLES[slot.role](stamps=stamps, **content)
    (grid,) = found.pop("grid").values()
    return Readings(grid=grid, **found)  # type: ignore[arg-type]


def _all(readings: Readings) -> Iterator[tuple[str, str, Reading]]:
    yield "grid", "", readings.grid
    for role in ROLES:
        if role != "grid":
            by_thing: Mapping[str, Reading] = getattr(readings, role)
            for thing, reading in by_thing.items():
                yield role, thing, reading


def _fields(cls: type[Reading]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Scalar and array fields: what an empty reading has as an array is one."""
    empty = cls()
    names = [name for name in field_names(cls) or () if name != STAMPS]
    arrays = tuple(name for name in names if isinstance(getattr(empty, name), np.ndarray))
    return tuple(name for name in names if name not in arrays), arrays


def _place(slot: Slot, name: str) -> str:
    return f"{slot.role}/{slot.thing}/{name}"
