"""What a query answers with: curves at the resolution of the screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Instant = float | datetime
"""Seconds since 1970, or an aware datetime."""
Source = Literal["raw", "minutes", "quarters"]


@dataclass(frozen=True, slots=True)
class Series:
    """One point over time; nan where nothing GOOD was recorded. All arrays have one length."""

    t: Floats
    """Start of each step, seconds since 1970; rising."""
    low: Floats
    mean: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Curves:
    """Several points over one span."""

    step_s: float
    """Width of a step; where single samples are given, their usual distance."""
    source: Source
    series: Mapping[str, Series]


def to_us(time: Instant) -> int:
    """Microseconds since 1970."""
    if isinstance(time, datetime):
        if time.tzinfo is None:
            raise ValueError(f"a time needs its zone (got {time.isoformat()})")
        return round(time.timestamp() * 1e6)
    return round(time * 1e6)
