"""Times as requests write them: ISO 8601 and nothing else, UTC where no zone stands, in a century that one can mean."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

FIRST, LAST = date(1990, 1, 1), date(2200, 1, 1)
"""Beyond them sums of times leave the calendar."""
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written(value: object) -> object:
    """Numbers are no times: a slip of a thousand between seconds and milliseconds would go unseen."""
    if isinstance(value, str) and not _ISO.match(value):
        raise PydanticCustomError("no_time", "write it like 2026-07-15T03:00:00Z")
    return value


def _day(day: date) -> date:
    if not FIRST <= day < LAST:
        span = {"first": str(FIRST), "last": str(LAST)}
        raise PydanticCustomError("time_beyond", "write a time between {first} and {last}", span)
    return day


def _aware(moment: datetime) -> datetime:
    _day(moment.date())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Instant = Annotated[datetime, BeforeValidator(_written), AfterValidator(_aware)]
"""A moment, always with its zone."""
Day = Annotated[date, BeforeValidator(_written), AfterValidator(_day)]
"""A day of the site's calendar."""
