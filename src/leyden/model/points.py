"""A point is a field of a reading, defined once: its unit, its label and its meaning all come from that field.

History columns, the API schema, the docs table and (later) MQTT topics are derived from `points_of`.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from leyden.model.field_docs import field_docs
from leyden.model.words import Words


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a point, "" for a ratio or a state; `label` names the point for people."""

    symbol: str
    label: Words
    states: Mapping[int, Words] | None = None
    """For a state: what each number means."""
    array: tuple[str, ...] = ()
    """The axes of an array point, such as ("rack", "module", "cell"); empty for a scalar."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measured or derived quantity of a role."""

    name: str
    unit: str
    label: Words
    doc: str
    states: Mapping[int, Words] | None
    array: tuple[str, ...]


def points_of(reading: type[Any]) -> tuple[Point, ...]:
    """The points of a reading type, in the order of its fields."""
    return _points_of(cast(Hashable, reading))


@cache
def _points_of(reading: Hashable) -> tuple[Point, ...]:
    assert isinstance(reading, type)
    docs = field_docs(reading)
    hints = get_type_hints(reading, include_extras=True)
    found = []
    for item in fields(reading):
        hint = hints[item.name]
        if get_origin(hint) is not Annotated:
            continue
        unit = next(extra for extra in get_args(hint)[1:] if isinstance(extra, Unit))
        found.append(Point(item.name, unit.symbol, unit.label, docs.get(item.name, ""), unit.states, unit.array))
    return tuple(found)


def scalar_points(reading: type[Any]) -> tuple[Point, ...]:
    """The points that hold one number."""
    return tuple(point for point in points_of(reading) if not point.array)
