"""A lock that a person puts on a thing: while it hangs there, the thing does nothing, whoever asks."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """Zero power and no start until a person takes it off; it outlives restarts."""

    target: str
    """A battery, a solar or wind plant, or `batteries` for all of them."""
    by: str
    reason: str
    since: datetime
    """Aware UTC, site time."""
