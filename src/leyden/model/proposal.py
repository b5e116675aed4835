"""What a controller wants: per target, bounds and perhaps a request, each with its reason."""

from typing import Generic, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from leyden.model.bounds import FREE, Bounds
from leyden.model.errors import NotANumberError
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words


class Want(Struct, frozen=True):
    """Bounds and perhaps a request for one target. Power first; reactive power shares what the circle leaves.

    Raises NotANumberError where nan is requested, and ValueError where reactive power is asked of all together.
    """

    target: str
    """One battery, `batteries`, a solar or wind plant."""
    reason: Reason
    power_w: Bounds = FREE
    request_w: float | None = None
    reactive_power_var: Bounds = FREE
    request_var: float | None = None
    stop: bool = False
    """Ask the device to stop altogether (a lock, a converter that does not follow)."""

    def __post_init__(self) -> None:
        if self.request_w != self.request_w or self.request_var != self.request_var:  # only nan is not itself
            raise NotANumberError(f"nan was requested of '{self.target}'")
        if self.request_var is not None and self.target == BATTERIES:
            raise ValueError("reactive power is asked of one battery, not of all together")


Proposal = tuple[Want, ...]
"""Empty: nothing is asked."""

NOTHING: Proposal = ()

State = TypeVar("State")


class Fleeting(Struct, frozen=True):
    """Base of a state, or of a part of one, that need not survive a restart: timers, what was measured last.

    One is as good as another, so they are equal: a change is no change, and nothing is written for it. What is restored
    of it may be of another clock.
    """

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


@runtime_checkable
class Controller(Protocol, Generic[State]):
    """One way of deciding. Pure: all memory is the frozen `state`, saved on change and restored at start.

    What of a state need not survive a restart (timers, what was measured last) is `Fleeting`, all of it or a part.
    """

    @property
    def name(self) -> str:
        """How site.toml, the trail and the record call it: `peak-shaving`."""
        ...

    @property
    def label(self) -> Words:
        """How people call it."""
        ...

    @property
    def protective(self) -> bool:
        """Protective ones run whatever happens, and hold at zero when they fail; economic ones then say nothing."""
        ...

    @property
    def every_s(self) -> float:
        """How often it wants to run; 0 is every cycle. In between its latest proposal stands."""
        ...

    def start(self) -> State:
        """The state at first start."""
        ...

    def propose(self, snapshot: Snapshot, state: State) -> tuple[Proposal, State]:
        """What is wanted now, and the state to be given next time."""
        ...

    def summary(self) -> Words:
        """What it does with its present options, in one line, for `check` and the room."""
        ...
