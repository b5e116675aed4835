"""What becomes of a reading on its way through faulty devices and links."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from leyden.model.points import points_of
from leyden.model.quality import MISSING, Quality, Stamp
from leyden.model.readings import Reading
from leyden.twin.faults import Fault

R = TypeVar("R", bound=Reading)


def distorted(reading: R, captured: R | None, fault: Fault, poll_s: float, elapsed_s: float) -> R:
    """The reading as it arrives under one fault; `captured` is what it was when the fault came in.

    A frozen device looks fresh, that is the mischief; a silent one grows old; a missing value is BAD.
    """
    held = reading if captured is None else captured
    if fault.kind == "frozen":
        return _with_values(reading, held, fault.point)
    if fault.kind == "nan":
        return _without(reading, fault.point)
    if fault.kind == "silent":
        return _aged(held, elapsed_s - fault.since_s, poll_s)
    if fault.kind == "slow":
        return _aged(reading, fault.params["delay_s"], poll_s)
    return _without(reading, "")


def _has(reading: Reading, point: str) -> bool:
    return any(found.name == point for found in points_of(type(reading)))


def _with_values(reading: R, held: R, point: str) -> R:
    if not point:
        return held
    return replace(reading, **{point: getattr(held, point)}) if _has(reading, point) else reading


def _without(reading: R, point: str) -> R:
    names = [found.name for found in points_of(type(reading)) if point in ("", found.name)]
    stamps: Mapping[str, Stamp] = {**reading.stamps, **dict.fromkeys(names, MISSING)}
    return replace(reading, stamps=stamps, **{name: _nothing(getattr(reading, name)) for name in names})


def _nothing(value: Any) -> Any:
    return np.full_like(value, np.nan) if isinstance(value, np.ndarray) else math.nan


def _aged(reading: R, age_s: float, poll_s: float) -> R:
    quality = Quality.STALE if age_s > max(3.0, 3.0 * poll_s) else Quality.GOOD
    stamp = Stamp(age_s, quality)
    return replace(
        reading, stamps={name: stamp if old.quality is Quality.GOOD else old for name, old in reading.stamps.items()}
    )
