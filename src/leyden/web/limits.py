"""How often something may be done: pure, on a monotonic clock that is an argument. Nothing here is kept over a restart.

A `Rate` allows so many at once and so many a second: for writes, which are right in moderation. A `Patience` doubles
the wait with each mistake: for passwords, where a person needs a few tries and a guesser millions.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was left of a budget at a moment."""

    left: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Rate:
    """A budget of `burst` at once, which fills again by `per_s` a second."""

    burst: float
    per_s: float

    def take(self, bucket: Bucket | None, now_s: float) -> tuple[Bucket, float]:
        """Take one if there is one; what is left, and how long to wait for one otherwise (0: it was taken)."""
        left = self.burst
        if bucket is not None:
            left = min(self.burst, bucket.left + self.per_s * max(0.0, now_s - bucket.at_s))
        if left >= 1.0:
            return Bucket(left - 1.0, now_s), 0.0
        return Bucket(left, now_s), (1.0 - left) / self.per_s


@dataclass(frozen=True, slots=True)
class Attempts:
    """Mistakes in a row, and when the last one was."""

    failed: int
    last_s: float


@dataclass(frozen=True, slots=True)
class Patience:
    """Mistakes that cost nothing, and then a wait that doubles with each."""

    free: int
    """People mistype."""
    first_s: float = 1.0
    longest_s: float = 60.0
    """Never longer: who means to lock somebody out by guessing wrong shall not have it easy."""
    forgotten_s: float = 3600.0
    """After so long without another mistake all is forgotten."""

    def wait_s(self, attempts: Attempts | None, now_s: float) -> float:
        """How long until the next try is looked at; 0: now."""
        if attempts is None or attempts.failed <= self.free or now_s - attempts.last_s >= self.forgotten_s:
            return 0.0
        # Capped before the power, or thousands of mistakes would overflow it.
        pause_s = min(self.longest_s, self.first_s * 2.0 ** min(attempts.failed - self.free - 1, 30))
        return max(0.0, pause_s - (now_s - attempts.last_s))

    def after_mistake(self, attempts: Attempts | None, now_s: float) -> Attempts:
        """One more."""
        fresh = attempts is None or now_s - attempts.last_s >= self.forgotten_s
        return Attempts(1 if attempts is None or fresh else attempts.failed + 1, now_s)


class Book(Generic[S]):
    """A state for each key, the latest `most` of them: who makes up keys pushes out only what is oldest."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._kept: OrderedDict[str, S] = OrderedDict()

    def get(self, key: str) -> S | None:
        """The state of a key, None where there is none."""
        return self._kept.get(key)

    def put(self, key: str, state: S) -> None:
        """Keep this."""
        self._kept[key] = state
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget what is known of a key."""
        self._kept.pop(key, None)


class Meter:
    """One rate for many keys."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._book: Book[Bucket] = Book()

    def take(self, key: str) -> float:
        """Take one; how long to wait if there is none (0: it was taken)."""
        bucket, wait_s = self._rate.take(self._book.get(key), self._clock())
        self._book.put(key, bucket)
        return wait_s


class Mistakes:
    """One patience for many keys, as names or addresses."""

    def __init__(self, patience: Patience, clock: Callable[[], float]) -> None:
        self._patience = patience
        self._clock = clock
        self._book: Book[Attempts] = Book()

    def wait_s(self, key: str) -> float:
        """How long until a try with this key is looked at; 0: now."""
        return self._patience.wait_s(self._book.get(key), self._clock())

    def add(self, key: str) -> bool:
        """A mistake with this key; whether the next try will have to wait."""
        now_s = self._clock()
        attempts = self._patience.after_mistake(self._book.get(key), now_s)
        self._book.put(key, attempts)
        return self._patience.wait_s(attempts, now_s) > 0.0

    def forget(self, key: str) -> None:
        """It was right."""
        self._book.drop(key)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the API puts up with."""

    writes: Rate = Rate(burst=60.0, per_s=10.0)
    """Of each person or token."""
    name: Patience = Patience(free=3)
    """With wrong passwords for one name."""
    address: Patience = Patience(free=20)
    """With wrong passwords and tokens from one address, behind which many people may be."""
    logins_at_once: int = 8
    """Hashing takes a tenth of a second each, one after the other."""
    body_bytes: int = 64 * 1024
    """Of a request; the largest that makes sense is a thousandth of it."""


def whole_seconds(wait_s: float) -> str:
    """As the header Retry-After takes it: rounded up, so that who waits so long is let in."""
    return str(max(1, ceil(wait_s)))
