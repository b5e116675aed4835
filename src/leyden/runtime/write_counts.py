"""How often the memories of devices were written today, kept in the ledger so that a restart forgets nothing."""

from leyden.devices.budget import WriteCounts
from leyden.history import Ledger
from leyden.model.clock import Clock

_NAME = "station.write-counts"
"""Under which the ledger keeps them. No controller's name has that prefix."""


class KeptCounts:
    """The ledger as a store of write counts."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def load(self) -> WriteCounts | None:
        """What was kept last, or None."""
        return self._ledger.states.load(_NAME, WriteCounts)

    def save(self, counts: WriteCounts) -> None:
        """Keep them; raises OSError where the ledger cannot be written."""
        self._ledger.states.save(_NAME, counts, self._clock.now())
