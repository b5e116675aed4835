"""Which column of somebody's file is what: time, current, and the voltage or temperature of which cell."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TIME = re.compile(r"(date)?[ _]?time([ _]?stamp)?([ _]?s)?|timestamp|t|date|datetime|时间|时刻")
_CURRENT = re.compile(r"((pack|string|rack|battery|total|dc|cluster)[ _]?)?(i|current|电流)([ _\[(]*m?a[\])]*)?")
_VOLTAGE = re.compile(
    r"(?P<before>(cell|c|v|u|vcell|ucell|cell[ _]?v|cell[ _]?voltage|voltage|单体|电芯|单体电压|r|rack|簇)[ _\-#]*)?"
    r"(?P<numbers>\d+(?:\D{1,8}?\d+){0,2})"
    r"[ _\-]*(cell)?[ _\-]*(?P<after>voltage|volts?|电压)?[ _\-\[(]*(?P<unit>mv|v)?[\])]*"
)
_TEMPERATURE = re.compile(
    r"(cell[ _]?)?(temperature|temp|t|温度)[ _\-#]*(?P<numbers>\d+(?:\D{1,8}?\d+){0,2})[ _\-]*(degc|c|°c|℃)?[\])]*"
)


@dataclass(frozen=True, slots=True)
class CellColumns:
    """Where everything stands; `names` and columns of cells are in one order."""

    time: str
    current: str | None
    cells: tuple[str, ...]
    names: tuple[str, ...]
    """How people call them: `82`, or `7-3-12` for rack, module and cell."""
    strings: tuple[int, ...]
    """Which string each belongs to, from 0."""
    temperatures: tuple[str, ...]
    """One for each cell, or none at all."""
    per_volt: float | None
    """1000 where the names say millivolts; None where they do not say."""


class ColumnsError(ValueError):
    """A header in which something is not to be found; says what, and the mend."""


def find_columns(header: Sequence[str], time: str | None = None, current: str | None = None) -> CellColumns:
    """What each column is, by its name; `time` and `current` are names that were told. Raises ColumnsError."""
    plain = {name: name.strip().lower() for name in header}
    when = _told(header, time, "--time") or next((n for n in header if _TIME.fullmatch(plain[n])), None)
    if when is None:
        raise ColumnsError(f"no column of times found among {_some(header)}: name it with --time")
    amps = _told(header, current, "--current") or next((n for n in header if _CURRENT.fullmatch(plain[n])), None)
    found = [(name, hit) for name in header if name not in (when, amps) and (hit := _VOLTAGE.fullmatch(plain[name]))]
    if len(found) < 3:
        mend = "cells are found by names such as cell_1, c1_mv, v1, 'cell 1 voltage' or 7-3-12"
        raise ColumnsError(f"only {len(found)} columns of cells found among {_some(header)}: {mend}")
    places = [tuple(map(int, re.findall(r"\d+", hit["numbers"]))) for _, hit in found]
    if len(set(places)) < len(places):
        twice = next(name for (name, _), place in zip(found, places, strict=True) if places.count(place) > 1)
        raise ColumnsError(f"two columns are the same cell, one of them '{twice}': take one of them out")
    units = {hit["unit"] for _, hit in found}
    racks = sorted({place[0] for place in places if len(place) == 3})
    return CellColumns(
        time=when,
        current=amps,
        cells=tuple(name for name, _ in found),
        names=tuple("-".join(map(str, place)) for place in places),
        strings=tuple(racks.index(place[0]) if len(place) == 3 else 0 for place in places),
        temperatures=_temperatures(header, plain, places),
        per_volt=1000.0 if units == {"mv"} else 1.0 if units == {"v"} else None,
    )


def _temperatures(header: Sequence[str], plain: dict[str, str], places: Sequence[tuple[int, ...]]) -> tuple[str, ...]:
    """Those that stand for one cell each; where they are fewer, they are left aside."""
    hits = {name: hit for name in header if (hit := _TEMPERATURE.fullmatch(plain[name]))}
    by_place = {tuple(map(int, re.findall(r"\d+", hit["numbers"]))): name for name, hit in hits.items()}
    return tuple(by_place[place] for place in places) if set(places) <= set(by_place) else ()


def _told(header: Sequence[str], name: str | None, option: str) -> str | None:
    if name is not None and name not in header:
        raise ColumnsError(f"{option}: there is no column '{name}'; found: {_some(header)}")
    return name


def _some(header: Sequence[str]) -> str:
    more = "" if len(header) <= 12 else f" and {len(header) - 12} more"
    return ", ".join(header[:12]) + more
