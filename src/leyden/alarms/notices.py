"""What people are told of alarms, and when: one message for each cause, one when it is over, and no more than that.

Pure rules over the list of alarms, looked at every second or so; times are monotonic seconds.

- A cause is told `GATHER_S` after it was first seen, so that what follows from it meanwhile is in the same message.
- It is told once more if it becomes more urgent, and once when it has been gone for a while. That while is `SETTLE_S`,
  and twice as long each time the cause has come back within `MEMORY_S`: what flaps is told ever more rarely.
- In a quiet time only priority 1 is told; what else stands at its end is told then, and what came and went in one
  message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from leyden.alarms.alarm import Alarm
from leyden.alarms.causes import family_of
from leyden.model.words import Words

GATHER_S = 3.0
SETTLE_S = 30.0
LONGEST_SETTLE_S = 1800.0
MEMORY_S = 3600.0
OWN = "notify-"
"""Alarms about messages that cannot be sent are not sent as messages."""


class Kind(StrEnum):
    """What a message tells."""

    RAISED = "raised"
    ESCALATED = "escalated"
    """It has become more urgent."""
    RECOVERED = "recovered"
    PASSED = "passed"
    """It came and went while nobody wanted to be told."""
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell."""

    id: str
    """The same for every attempt to send it, so that who receives it twice can know."""
    kind: Kind
    cause: str
    priority: int
    source: str
    title: Words
    text: Words
    advice: Words
    since: datetime
    """When it began to stand, site time."""
    time: datetime
    """When what is told happened, site time."""
    occurrences: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """One cause that stands, or stood lately. What is not compared is of this process's clock."""

    alarm: int
    key: str
    priority: int
    source: str
    title: Words
    text: Words
    advice: Words
    since: datetime
    cleared: datetime | None = None
    occurrences: int = 1
    told: int | None = None
    """The priority that was told; None while nothing has been, or after its end was."""
    tellings: int = 0
    """How often its beginning has been told within the memory."""
    over: bool = False
    """Its end has been told, or need not be: it is only remembered."""
    seen_s: float = field(default=0.0, compare=False)
    gone_s: float | None = field(default=None, compare=False)
    told_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that must be remembered to tell nothing twice."""

    causes: Mapping[str, Seen] = field(default_factory=dict)
    count: int = 0
    """Messages made so far: part of their names."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be considered at one moment."""

    standing: Sequence[Alarm]
    """All alarms that stand."""
    passed: Sequence[Alarm]
    """Those that began to stand since the last look, and may be gone already."""
    now_s: float
    time: datetime
    """Site time."""
    quiet: bool = False
    priority: int = 2
    """Least urgent priority that is told."""


def restored(known: Known, now_s: float) -> Known:
    """What an earlier process knew, in the time of this one's clock."""
    causes = {
        cause: replace(seen, seen_s=now_s - GATHER_S, told_s=now_s, gone_s=None) for cause, seen in known.causes.items()
    }
    return replace(known, causes=causes)


def look(known: Known, at: Look, name: str) -> tuple[Known, tuple[Message, ...]]:
    """What is known after one more look, and what is to be told; `name` begins the names of messages."""
    standing = _worst(at.standing, at.priority)
    causes = dict(known.causes)
    for cause, alarm in {**_worst(at.passed, at.priority), **standing}.items():
        causes[cause] = _met(causes.get(cause), alarm, at.now_s)
    teller = _Teller(name, known.count, at)
    for cause, seen in list(causes.items()):
        after = teller.consider(cause, seen, cause in standing)
        if after is None:
            del causes[cause]
        else:
            causes[cause] = after
    return Known(causes, teller.count), tuple(teller.messages)


def _worst(alarms: Sequence[Alarm], priority: int) -> dict[str, Alarm]:
    """By cause, the most urgent alarm; of equals the oldest."""
    found: dict[str, Alarm] = {}
    for alarm in sorted(alarms, key=lambda alarm: (alarm.condition.priority, alarm.id)):
        if alarm.condition.priority <= priority and not alarm.key.startswith(OWN):
            found.setdefault(family_of(alarm.key), alarm)
    return found


def _met(before: Seen | None, alarm: Alarm, now_s: float) -> Seen:
    """A cause that is there (again), in its latest words."""
    what = alarm.condition
    if before is None:
        return Seen(
            alarm.id, alarm.key, what.priority, what.source, what.title, what.text, what.advice, alarm.set_time,
            occurrences=alarm.occurrences, seen_s=now_s,
        )  # fmt: skip
    again = before.over
    return replace(
        before, alarm=alarm.id, key=alarm.key, priority=what.priority, source=what.source, title=what.title,
        text=what.text, advice=what.advice, cleared=None, occurrences=alarm.occurrences, gone_s=None, over=False,
        since=alarm.set_time if again else before.since, seen_s=now_s if again else before.seen_s,
    )  # fmt: skip


@dataclass(slots=True)
class _Teller:
    """Gathers the messages of one look."""

    name: str
    count: int
    at: Look
    messages: list[Message] = field(default_factory=list)

    def consider(self, cause: str, seen: Seen, stands: bool) -> Seen | None:
        """The cause afterwards; None once it may be forgotten."""
        now_s = self.at.now_s
        if seen.over:
            return seen if now_s - seen.told_s < MEMORY_S else None
        if not stands and seen.gone_s is None:
            seen = replace(seen, gone_s=now_s, cleared=self.at.time)
        if seen.told is None:
            return self._begin(cause, seen)
        if seen.priority < seen.told:
            self._tell(Kind.ESCALATED, cause, seen, self.at.time)
            seen = replace(seen, told=seen.priority)
        if seen.gone_s is not None and now_s - seen.gone_s >= settle_s(seen.tellings):
            self._tell(Kind.RECOVERED, cause, replace(seen, priority=seen.told or seen.priority), seen.cleared)
            return replace(seen, told=None, over=True, told_s=now_s)
        return seen

    def _begin(self, cause: str, seen: Seen) -> Seen:
        held = self.at.quiet and seen.priority > 1
        if held or self.at.now_s - seen.seen_s < GATHER_S:
            return seen
        over = seen.gone_s is not None and self.at.now_s - seen.gone_s >= SETTLE_S
        self._tell(Kind.PASSED if over else Kind.RAISED, cause, seen, seen.since)
        told = None if over else seen.priority
        return replace(seen, told=told, over=over, told_s=self.at.now_s, tellings=seen.tellings + 1)

    def _tell(self, kind: Kind, cause: str, seen: Seen, time: datetime | None) -> None:
        self.count += 1
        self.messages.append(
            Message(
                f"{self.name}-{self.count}", kind, cause, seen.priority, seen.source, seen.title, seen.text,
                seen.advice, seen.since, time or self.at.time, seen.occurrences,
            )
        )  # fmt: skip


def settle_s(tellings: int) -> float:
    """How long a cause must be gone before its end is told."""
    return float(min(SETTLE_S * 2.0 ** max(0, tellings - 1), LONGEST_SETTLE_S))
