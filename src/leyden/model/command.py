"""A command from outside: a lease that expires, never a value that stays."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody wants this power for a while."""

    id: int
    target: str
    """One battery, or `batteries`."""
    power_w: float
    """Discharge positive."""
    by: str
    """Who asked."""
    remaining_s: float
    """Site time left, counted on the monotonic clock; at 0 it is no longer in force."""
