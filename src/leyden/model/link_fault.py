"""A fault on the way to a device, as a twin asks for it and a device server plays it."""

from dataclasses import dataclass
from typing import Literal

LinkFaultKind = Literal["silent", "slow", "exceptions"]


@dataclass(frozen=True, slots=True)
class LinkFault:
    """What happens to requests while the fault stands; None in its place is a healthy link."""

    kind: LinkFaultKind
    """`silent` accepts connections and never answers, `slow` answers late, `exceptions` answers that it failed."""
    delay_s: float = 2.0
    """How late a slow answer is, in wall time, as a time-out on a socket is."""
