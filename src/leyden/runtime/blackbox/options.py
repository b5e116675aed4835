"""How much of the last hours can be decided again."""

from dataclasses import dataclass
from typing import Annotated

from leyden.model.quantity import Quantity

HOUR_S, DAY_S = 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class BlackBoxOptions:
    """The [blackbox] table of site.toml: what each cycle was decided from, kept beside the record."""

    keep_s: Annotated[float, Quantity("s", low=HOUR_S)] = DAY_S
    """How long it is kept; 0.3 kB a cycle of a park."""
    keep_incidents_s: Annotated[float, Quantity("s", low=HOUR_S)] = 30 * DAY_S
    """How long the quarter of an hour around an alarm of priority 1 or 2 is kept."""
    disk_mb: Annotated[int, Quantity("", low=1, high=100_000)] = 100
    """What all of it may take; then the oldest goes first, and incidents last."""
    flush_s: Annotated[float, Quantity("s", low=0.1, high=600.0)] = 60.0
    """Wall time between two writes; what a kill may lose."""
