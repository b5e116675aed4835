"""How the connection to a device is doing."""

import math
from dataclasses import dataclass
from typing import Literal

from leyden.model.words import Words

LinkState = Literal["online", "stale", "offline"]

LEAST_STALE_S = 3.0
STALE_POLLS = 3
BAD_AFTER = 10
"""A value that is this many times as old as a stale one is no longer a value."""


@dataclass(frozen=True, slots=True)
class Link:
    """What links() tells of one device."""

    state: LinkState = "offline"
    """`stale`: connected, but what it says is older than max(3 s, 3 polls); `offline`: not connected, or far older."""
    age_s: float = math.inf
    """Site time since the device last answered."""
    error: Words | None = None
    """What went wrong last, until it goes right again."""
    maker: str = ""
    """Who made it, where it says so; the same for model, version and serial number."""
    model: str = ""
    version: str = ""
    serial: str = ""


def stale_after_s(period_s: float) -> float:
    """The age at which something that is asked for every `period_s` is stale."""
    return max(LEAST_STALE_S, STALE_POLLS * period_s)
