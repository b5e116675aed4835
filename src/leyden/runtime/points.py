"""Every scalar point of a site under one name, `b1.soc`, in one order: the record's columns and the API's keys."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from leyden.model.decision import Decision
from leyden.model.points import Point, scalar_points
from leyden.model.quality import FRESH, Quality
from leyden.model.readings import ROLES, Floats, Reading
from leyden.model.site import GRID, Site
from leyden.model.snapshot import SiteReading, Snapshot
from leyden.model.words import Words

SITE = "site"
"""The thing whose points are derived from all others."""


@dataclass(frozen=True, slots=True)
class NamedPoint:
    """A point with the thing it belongs to."""

    name: str
    thing: str
    role: str
    """A role, `site`, or `decision` for the set-point that was decided."""
    point: Point


_TARGET = Point(
    "target_w",
    "W",
    Words("下发功率", "decided power"),
    "The active set-point that was decided, by the sign rule.",
    None,
    (),
)
_WITHOUT_ROLE = {"converter": {"state": "converter_state", "temperature_degc": "converter_temperature_degc"}}


def named_points(site: Site) -> tuple[NamedPoint, ...]:
    """All scalar points of a site, in site order."""
    return tuple(_all_points(site))


def _all_points(site: Site) -> Iterator[NamedPoint]:
    yield from _of(GRID, "grid", ROLES["grid"])
    for battery in site.batteries:
        yield from _of(battery.name, "converter", ROLES["converter"])
        yield from _of(battery.name, "battery", ROLES["battery"])
        yield NamedPoint(f"{battery.name}.target_w", battery.name, "decision", _TARGET)
    for role, sources in (("solar", site.solar), ("wind", site.wind)):
        for source in sources:
            yield from _of(source.name, role, ROLES[role])
            yield NamedPoint(f"{source.name}.target_w", source.name, "decision", _TARGET)
    for load in site.loads:
        if load.device is not None:
            yield from _of(load.name, "load", ROLES["load"])
    yield from _of(SITE, "site", SiteReading)


def _of(thing: str, role: str, reading: type[Reading]) -> Iterator[NamedPoint]:
    for point in scalar_points(reading):
        # Battery and converter are one thing to people; where both have a point of one name, the converter's gives way.
        field = _WITHOUT_ROLE.get(role, {}).get(point.name, point.name)
        yield NamedPoint(f"{thing}.{field}", thing, role, point)


@dataclass(frozen=True, slots=True)
class Frame:
    """One cycle's values, in the order of the points."""

    values: Floats
    """(point,), nan where missing."""
    quality: NDArray[np.uint8]
    """(point,), a Quality each."""


class Flattener:
    """Turns snapshots into frames; knows the order once, so that a frame costs microseconds."""

    def __init__(self, points: tuple[NamedPoint, ...]) -> None:
        self.points = points
        self.names = tuple(point.name for point in points)
        groups: dict[tuple[str, str], list[int]] = {}
        for index, point in enumerate(points):
            groups.setdefault((point.role, point.thing), []).append(index)
        self._groups = []
        for (role, thing), indices in groups.items():
            fields = [points[index].point.name for index in indices]
            self._groups.append((role, thing, indices, fields, attrgetter(*fields)))

    def frame(self, snapshot: Snapshot, decision: Decision) -> Frame:
        """The values of one cycle."""
        values = np.full(len(self.points), math.nan)
        quality = np.full(len(self.points), int(Quality.BAD), dtype=np.uint8)
        for role, thing, indices, fields, values_of in self._groups:
            if role == "decision":
                setpoint = decision.setpoints.get(thing)
                if setpoint is not None:
                    values[indices[0]], quality[indices[0]] = setpoint.power_w, int(FRESH.quality)
                continue
            reading = _reading(snapshot, role, thing)
            if reading is None:
                continue
            values[indices] = values_of(reading)
            stamps = reading.stamps
            quality[indices] = [stamps[f].quality if f in stamps else Quality.BAD for f in fields]
        return Frame(values, quality)


def _reading(snapshot: Snapshot, role: str, thing: str) -> Reading | None:
    if role == "site":
        return snapshot.derived
    if role == "grid":
        return snapshot.readings.grid
    by_thing: Mapping[str, Reading] = getattr(snapshot.readings, role)
    return by_thing.get(thing)
