"""How often a device's memory is written: each stored value wears it, so there is a number a day.

Many devices keep a register in flash or EEPROM, which lasts for some 100 000 writes; at one a second that is a day. The
count outlives a restart through whoever keeps it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from leyden.model.clock import Clock


@dataclass(frozen=True, slots=True)
class WriteCounts:
    """What must outlive a restart: how many stored values each device was sent on a day."""

    day: str = ""
    """The site's own, as 2026-07-15."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """By device."""


class WriteStore(Protocol):
    """Who keeps the counts."""

    def load(self) -> WriteCounts | None:
        """What was kept last, or None."""
        ...

    def save(self, counts: WriteCounts) -> None:
        """Keep them; may raise OSError."""
        ...


class Budget:
    """The counts of all devices of a site."""

    def __init__(self, clock: Clock, zone: ZoneInfo, limits: Mapping[str, int], store: WriteStore | None) -> None:
        """`limits` are the writes a day, by device."""
        self._clock = clock
        self._zone = zone
        self._limits = limits
        self._store = store
        kept = None if store is None else store.load()
        self._kept = kept or WriteCounts()
        self._refused: dict[str, int] = {}

    def spend(self, device: str) -> None:
        """One more write is about to be sent; kept first, so that one that dies with us is counted too."""
        self._learn()
        today = self._today()
        self._kept = WriteCounts(today.day, {**today.counts, device: today.counts.get(device, 0) + 1})
        if self._store is not None:
            with suppress(OSError):  # whoever keeps it tells that the disk is full; the count goes on
                self._store.save(self._kept)

    def spent(self, device: str) -> int:
        """Writes of today."""
        return self._today().counts.get(device, 0)

    def refuse(self, device: str) -> None:
        """A write was not made, because there was none left."""
        self._today()
        self._refused[device] = self._refused.get(device, 0) + 1

    def refused(self, device: str) -> int:
        """Writes that were not made today."""
        self._today()
        return self._refused.get(device, 0)

    def limit(self, device: str) -> int:
        """Writes a day."""
        return self._limits[device]

    def left(self, device: str) -> bool:
        """Whether there is any left today. None left is known from memory: asked every cycle, it costs no reading."""
        if self.spent(device) >= self._limits[device]:
            return False
        self._learn()
        return self.spent(device) < self._limits[device]

    def _learn(self) -> None:
        """What another process has kept meanwhile: devices are commissioned beside a site in shadow."""
        kept = None
        if self._store is not None:
            with suppress(OSError):
                kept = self._store.load()
        if kept is not None and kept.day >= self._kept.day:
            ours = self._kept.counts if kept.day == self._kept.day else {}
            self._kept = WriteCounts(kept.day, {**ours, **{n: max(c, ours.get(n, 0)) for n, c in kept.counts.items()}})

    def _today(self) -> WriteCounts:
        day = self._clock.now().astimezone(self._zone).date()
        kept = self._kept
        if kept.day == day.isoformat():
            return kept
        # A clock that was set back begins no new day: what was written stays written.
        back = bool(kept.day) and date.fromisoformat(kept.day) > day
        self._refused = self._refused if back else {}
        self._kept = WriteCounts(day.isoformat(), kept.counts if back else {})
        return self._kept
