"""What a plant of real devices can do and tell beside its readings."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from leyden.model.condition import Condition
from leyden.model.words import Words
from leyden.runtime.watch import LinkState


class Writes(Protocol):
    """How often a device was written to."""

    @property
    def total(self) -> int:
        """Write requests since the start."""
        ...

    @property
    def persistent_today(self) -> int:
        """Values that the device stores, written today."""
        ...

    @property
    def budget(self) -> int | None:
        """How many of these there may be in a day; None for a device that stores nothing."""
        ...


class Links(Protocol):
    """Devices behind links, which can be taken over and handed back."""

    async def poll(self, deadline_s: float) -> None:
        """Ask for the control points; return when all have answered, or at the deadline (wall seconds)."""
        ...

    def links(self) -> Mapping[str, LinkState]:
        """How each device's link is doing."""
        ...

    def writes(self) -> Mapping[str, Writes]:
        """How often the devices that take commands were written to."""
        ...

    def conditions(self) -> Iterable[Condition]:
        """What is wrong that only the devices' side knows: other masters, budgets used up, no watchdog."""
        ...

    def acknowledge(self, key: str) -> bool:
        """A person has seen one of the devices' own conditions; False where this key is none."""
        ...

    async def arm(self) -> None:
        """Cancel what forces a device, then take writes; devices that are not there are taken over when they come.

        Raises an error with `words` where one cannot be taken over.
        """
        ...

    async def disarm(self) -> Mapping[str, Words]:
        """Hand every device back, then write nothing more; by name those that could not be, and why.

        Called once more, it tries these again.
        """
        ...
