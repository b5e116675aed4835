"""Commands from outside: leases that expire, kept in the ledger so that a restart neither loses nor revives one."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from leyden.model.command import Command
from leyden.model.words import Words
from leyden.runtime.refused import RefusedError


class LeaseRefusedError(RefusedError):
    """A command that cannot be taken."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One command and when it was given; the expiry that counts is on the monotonic clock."""

    id: int
    target: str
    power_w: float
    by: str
    since: datetime
    """When it was given, or taken back after a restart."""
    expires: datetime
    expires_elapsed_s: float


class LeaseStore(Protocol):
    """What must hold after a restart; every call is committed before it returns."""

    def grant(self, target: str, power_w: float, by: str, duration_s: float, time: datetime) -> Command:
        """Keep a new lease; its number is never given again."""
        ...

    def end(self, id: int, time: datetime, why: str) -> None:  # noqa: A002 - the store's own word
        """It no longer holds."""
        ...

    def touch(self, remaining_s: Mapping[int, float], time: datetime) -> None:
        """Note what is left of these now."""
        ...

    def in_force(self, time: datetime) -> Sequence[Command]:
        """What is left of those that have not ended."""
        ...


EXPIRED = "expired"
LONGEST_S = 24 * 3600.0
"""No lease lasts longer than a day: one that must is asked for again by somebody who still wants it."""


class Leases:
    """The leases in force. Called from the cycle and from the API's thread."""

    def __init__(self, store: LeaseStore, targets: Callable[[], frozenset[str]]) -> None:
        self._store = store
        self._targets = targets
        self._leases: dict[int, Lease] = {}
        self._lock = threading.RLock()

    @contextmanager
    def kept(
        self, together: Callable[[], AbstractContextManager[None]], now: datetime, elapsed_s: float
    ) -> Iterator[None]:
        """Changes within this block are kept all together or not at all; where they cannot be, what holds is what is
        kept. `together` opens one commit of the store."""
        with self._lock:  # before the store's own lock, as everywhere here
            try:
                with together():
                    yield
            except OSError:
                self.restore(now, elapsed_s)
                raise

    def restore(self, now: datetime, elapsed_s: float) -> None:
        """Hold what the store says is in force, for what is left of it; what expired meanwhile stays ended."""
        with self._lock:
            self._leases.clear()
            for left in self._store.in_force(now):
                expires, expires_s = now + timedelta(seconds=left.remaining_s), elapsed_s + left.remaining_s
                self._take(Lease(left.id, left.target, left.power_w, left.by, now, expires, expires_s), now)

    def grant(self, target: str, power_w: float, duration_s: float, by: str, now: datetime, elapsed_s: float) -> Lease:
        """A new lease; it replaces an earlier one for the same target. Raises LeaseRefusedError."""
        self.check(target, power_w, duration_s)
        expires = now + timedelta(seconds=duration_s)
        with self._lock:
            # The new one is kept before the old one ends: whoever is killed in between has lost neither.
            kept = self._store.grant(target, power_w, by, duration_s, now)
            lease = Lease(kept.id, target, power_w, by, now, expires, elapsed_s + duration_s)
            self._take(lease, now)
        return lease

    def check(self, target: str, power_w: float, duration_s: float) -> None:
        """Raise LeaseRefusedError, naming the mend, for what could never be granted."""
        if target not in self._targets():
            there = ", ".join(sorted(self._targets()))
            raise LeaseRefusedError(
                Words(f"没有目标“{target}”;可选:{there}", f"no target '{target}'; there are: {there}")
            )
        if not abs(power_w) < 1e12:
            raise LeaseRefusedError(Words("功率必须是数值", "the power must be a number"))
        if not 1.0 <= duration_s <= LONGEST_S:
            raise LeaseRefusedError(Words("时长须在 1 秒至 24 小时之间", "the duration must be between 1 s and 24 h"))

    def release(self, lease_id: int, now: datetime) -> Lease | None:
        """End a lease early and return it; None if it was not in force."""
        with self._lock:
            lease = self._leases.get(lease_id)
            if lease is not None:
                self._end(lease, now, "released")
        return lease

    def in_force(self, now: datetime, elapsed_s: float) -> tuple[Command, ...]:
        """What holds now; those whose time is over end here."""
        with self._lock:
            for lease in [lease for lease in self._leases.values() if lease.expires_elapsed_s <= elapsed_s]:
                self._end(lease, now, EXPIRED)
            return tuple(
                Command(lease.id, lease.target, lease.power_w, lease.by, lease.expires_elapsed_s - elapsed_s)
                for lease in self._leases.values()
            )

    def touch(self, now: datetime, elapsed_s: float) -> None:
        """The wall clock shows another time than it did: keep what is left of each lease by the new one.

        Else a restart would count by the old, and a clock that was put back would lengthen what it finds. Raises
        OSError where that cannot be kept.
        """
        with self._lock:
            left_s = {lease.id: max(0.0, lease.expires_elapsed_s - elapsed_s) for lease in self._leases.values()}
            if left_s:
                self._store.touch(left_s, now)
            for lease in tuple(self._leases.values()):
                expires = now + timedelta(seconds=left_s[lease.id])
                self._leases[lease.id] = replace(lease, expires=expires)

    def of(self, target: str) -> Lease | None:
        """The lease in force for a target."""
        with self._lock:
            return next((lease for lease in self._leases.values() if lease.target == target), None)

    def all(self) -> tuple[Lease, ...]:
        """The leases in force, oldest first."""
        with self._lock:
            return tuple(self._leases.values())

    def _take(self, lease: Lease, now: datetime) -> None:
        """In force from now on, in place of an earlier one for the same target."""
        for old in [old for old in self._leases.values() if old.target == lease.target]:
            self._end(old, now, "replaced")
        self._leases[lease.id] = lease

    def _end(self, lease: Lease, now: datetime, why: str) -> None:
        """What has expired is over whether or not that can be kept: a restart would see for itself that it has."""
        with suppress(OSError) if why == EXPIRED else nullcontext():
            self._store.end(lease.id, now, why)
        del self._leases[lease.id]
