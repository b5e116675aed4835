"""The locks that hang on this site: kept in the ledger before they are acknowledged, taken off by a person alone."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from leyden.history import Ledger
from leyden.model.condition import Condition
from leyden.model.lock import Lock
from leyden.model.words import Words
from leyden.runtime.refused import RefusedError

LOCKS = "station.locks"
"""Under which the ledger keeps them."""


@dataclass(frozen=True, slots=True)
class Hung:
    """As the ledger keeps them."""

    locks: tuple[Lock, ...] = ()


class LockBook:
    """What is locked. Called from the cycle and from the API."""

    def __init__(self, ledger: Ledger, targets: Callable[[], frozenset[str]]) -> None:
        self._ledger = ledger
        self._targets = targets
        self._turn = threading.Lock()
        kept = ledger.states.load(LOCKS, Hung)
        self.locks: tuple[Lock, ...] = () if kept is None else kept.locks
        """In the order in which they were hung."""

    def hang(self, target: str, by: str, reason: str, now: datetime) -> tuple[Lock, ...]:
        """One more. Raises RefusedError for an unknown target, no reason, or what is locked already; OSError where it
        cannot be kept: then it does not hang.
        """
        with self._turn:
            self._check(target, by, reason)
            lock = Lock(target, by, reason, now)
            locks = (*self.locks, lock)
            with self._ledger.together():
                self._ledger.states.save(LOCKS, Hung(locks), now)
                self._ledger.actions.add(now, by, "locked", target, None, {"since": now, "reason": reason}, reason)
            self.locks = locks
            return locks

    def take_off(self, target: str, by: str, reason: str, now: datetime) -> tuple[Lock, ...]:
        """One less. Raises RefusedError where there is none or no reason; OSError: then it hangs still."""
        with self._turn:
            lock = next((lock for lock in self.locks if lock.target == target), None)
            if lock is None:
                there = ", ".join(lock.target for lock in self.locks) or "—"
                raise RefusedError(_NOT_LOCKED.fill({"target": target, "there": there}), 404)
            if not reason.strip():
                raise RefusedError(_NO_REASON)
            before = {"by": lock.by, "since": lock.since, "reason": lock.reason}
            locks = tuple(other for other in self.locks if other is not lock)
            with self._ledger.together():
                self._ledger.actions.add(now, by, "unlocked", target, before, None, reason)
                self._ledger.states.save(LOCKS, Hung(locks), now)
            self.locks = locks
            return locks

    def conditions(self, sent: bool) -> Iterator[Condition]:
        """In shadow a lock holds nothing, for nothing is sent: whoever hung it must know."""
        for lock in () if sent else self.locks:
            yield Condition(
                key=f"lock-in-shadow:{lock.target}",
                source=lock.target,
                priority=2,
                title=Words("影子模式下挂牌不起作用", "a lock holds nothing in shadow"),
                text=Words(
                    "{target} 已由 {by} 挂牌,但影子模式不下发指令,其他主站仍可能启动它",
                    "{target} is locked by {by}, but in shadow nothing is sent: whoever else commands it still may",
                ).fill({"target": lock.target, "by": lock.by}),
                advice=Words(
                    "在设备就地停机、隔离并挂牌;投入运行后本站挂牌才生效",
                    "stop, isolate and lock it at the equipment; this lock holds once the site is armed",
                ),
            )

    def _check(self, target: str, by: str, reason: str) -> None:
        if target not in self._targets():
            raise RefusedError(_UNKNOWN.fill({"target": target, "there": ", ".join(sorted(self._targets()))}))
        if not by.strip():
            raise RefusedError(_NOBODY)
        if not reason.strip():
            raise RefusedError(_NO_REASON)
        for lock in self.locks:
            if lock.target == target:
                raise RefusedError(_TWICE.fill({"target": target, "by": lock.by, "reason": lock.reason}), 409)


_UNKNOWN = Words("没有可挂牌的对象“{target}”;可选:{there}", "there is no '{target}' to lock; there are: {there}")
_NOBODY = Words("请写明挂牌人", "say who locks it")
_NO_REASON = Words("请写明原因", "say why: a reason is needed")
_TWICE = Words(
    "{target} 已由 {by} 挂牌({reason});请先与其联系,由人解除后再挂",
    "{target} is locked already, by {by} ({reason}): talk to them; it is locked once, and taken off by a person",
)
_NOT_LOCKED = Words("{target} 未挂牌;已挂牌:{there}", "{target} is not locked; locked are: {there}")
