"""What people do to a site, through the room or the command line: each is kept, and logged with who, what and why."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from math import isfinite

from leyden.alarms import Alarm, AlarmBook
from leyden.history import Ledger
from leyden.model.clock import Clock
from leyden.model.lock import Lock
from leyden.model.site import GRID, Site
from leyden.model.words import Words
from leyden.runtime.clock import JumpDetector
from leyden.runtime.leases import Lease, Leases
from leyden.runtime.locks import LockBook
from leyden.runtime.refused import RefusedError
from leyden.runtime.sums import Sums
from leyden.runtime.watch import CLOCK_JUMPED


class People:
    """The acts of people; what is asked of it and cannot be is a RefusedError, what cannot be kept an OSError."""

    def __init__(
        self,
        site: Site,
        clock: Clock,
        ledger: Ledger,
        alarms: AlarmBook,
        jump: JumpDetector,
        sums: Sums,
        seen: Callable[[str], bool],
    ) -> None:
        """`seen` lets the devices know which of their conditions a person has seen, by its key."""
        self.leases = Leases(ledger.leases, lambda: frozenset(t for t in site.targets if t not in _sources(site)))
        self.locks = LockBook(ledger, lambda: site.targets)
        self._site = site
        self._clock = clock
        self._ledger = ledger
        self._alarms = alarms
        self._jump = jump
        self._sums = sums
        self._seen = seen

    def command(self, target: str, power_w: float, duration_s: float, by: str, why: str) -> Lease:
        """Put a command in force. Raises LeaseRefusedError."""
        now, before = self._clock.now(), self.leases.of(target)
        asked = {"power_w": power_w, "duration_s": duration_s}
        with self._leased(now):
            lease = self.leases.grant(target, power_w, duration_s, by, now, self._clock.elapsed_s())
            self._log(now, by, "lease-granted", target, None if before is None else _lease_json(before), asked, why)
        return lease

    def release(self, lease_id: int, by: str, why: str) -> bool:
        """End a command early; False if it was not in force."""
        now = self._clock.now()
        with self._leased(now):
            lease = self.leases.release(lease_id, now)
            if lease is not None:
                self._log(now, by, "lease-released", lease.target, _lease_json(lease), None, why)
        return lease is not None

    def _leased(self, now: datetime) -> AbstractContextManager[None]:
        """A change of leases and its log, kept together: no kill leaves a command that nobody gave."""
        return self.leases.kept(self._ledger.together, now, self._clock.elapsed_s())

    def acknowledge(self, alarm_id: int, by: str, why: str) -> Alarm:
        """A person has seen an alarm; for the clock's it also says that the time is right, for another master's that
        he is gone.

        Raises UnknownAlarmError.
        """
        now = self._clock.now()
        before = next((alarm for alarm in self._alarms.active() if alarm.id == alarm_id), None)
        change = self._alarms.acknowledge(alarm_id, by, now)
        if change is None:
            assert before is not None  # the book found it and had nothing to change
            return before
        if change.alarm.key == CLOCK_JUMPED:
            self._jump.accept()
        self._seen(change.alarm.key)
        state = None if before is None else str(before.state)
        self._log(now, by, "alarm-acknowledged", change.alarm.key, state, str(change.alarm.state), why)
        return change.alarm

    def lock(self, target: str, by: str, reason: str) -> tuple[Lock, ...]:
        """Hang a lock on a thing: from the next cycle on it rests, whoever asks."""
        return self.locks.hang(target, by, reason, self._clock.now())

    def unlock(self, target: str, by: str, reason: str) -> tuple[Lock, ...]:
        """Take a lock off."""
        return self.locks.take_off(target, by, reason, self._clock.now())

    def enter_demand(self, power_w: float, by: str, why: str) -> None:
        """The month's highest demand so far, as a person read it elsewhere."""
        if not (isfinite(power_w) and power_w >= 0.0):
            raise RefusedError(_NO_DEMAND)
        now, sums = self._clock.now(), self._sums
        before = sums.demand.at(now, self._site.zone)
        after = sums.demand.entered(power_w, now, self._site.zone)
        with self._ledger.together():
            self._log(now, by, "demand-entered", GRID, before, power_w, why)
            sums.keep_demand(after)
        sums.demand = after

    def _log(self, now: datetime, by: str, what: str, target: str, before: object, after: object, why: str) -> None:
        self._ledger.actions.add(now, by, what, target, before, after, why)


_NO_DEMAND = Words("需量须为不小于零的功率", "the demand must be a power of 0 W or more")


def _sources(site: Site) -> frozenset[str]:
    return frozenset(source.name for source in (*site.solar, *site.wind))


def _lease_json(lease: Lease) -> dict[str, object]:
    return {"id": lease.id, "power_w": lease.power_w, "by": lease.by, "until": lease.expires}
