"""A year in quarters of an hour, mapped onto any date."""

from datetime import datetime, timedelta

from leyden.model.readings import Floats

SLOT_S = 900.0
_LEAP = 2016
_START = datetime(_LEAP, 1, 1)  # noqa: DTZ001 - a wall clock without a zone

SLOTS = 366 * 96
"""A leap year's quarters of an hour."""


def slot_of(local: datetime) -> tuple[int, float]:
    """Which quarter of a leap year a wall-clock time is in, and how far into it (0 to 1).

    Any year has the same month, day and time of day; 29 February is met in leap years only.
    """
    since = local.replace(year=_LEAP, tzinfo=None, fold=0) - _START
    slot, into = divmod(since, timedelta(seconds=SLOT_S))
    return slot, into.total_seconds() / SLOT_S


def edges(values: Floats, local: datetime) -> tuple[float, float]:
    """The values at both ends of the quarter that a wall-clock time is in; after the last one comes the first."""
    slot, _ = slot_of(local)
    after, _ = slot_of(local.replace(tzinfo=None) + timedelta(seconds=SLOT_S))
    return float(values[slot]), float(values[after])


def year_value(values: Floats, local: datetime) -> float:
    """The profile at a wall-clock time: `values` (SLOTS,) stand at their stamps, straight lines between them."""
    _, part = slot_of(local)
    here, there = edges(values, local)
    return here + part * (there - here)
