"""An alarm: one cause that an operator must answer, from its first moment until it is gone and acknowledged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from leyden.model.condition import Condition
from leyden.model.words import Words


class AlarmState(StrEnum):
    """Where an alarm is in its life; the names of ISA-18.2 in brackets."""

    UNACK = "unack"
    """Stands, and nobody has answered (unacknowledged alarm)."""
    ACK = "ack"
    """Stands, and somebody has seen it (acknowledged alarm)."""
    RTN_UNACK = "rtn_unack"
    """No longer stands, but nobody has answered (returned to normal, unacknowledged)."""
    NORMAL = "normal"
    """Gone and answered: it leaves the list (normal)."""


class ChangeKind(StrEnum):
    """What happened to an alarm."""

    RAISED = "raised"
    RETURNED = "returned"
    """It stands again: the same alarm, counted once more."""
    ESCALATED = "escalated"
    """It became more urgent, so that an earlier acknowledgement no longer counts."""
    CLEARED = "cleared"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm. All times are aware UTC, in site time."""

    id: int
    condition: Condition
    """The cause in its latest words."""
    state: AlarmState
    raised: datetime
    """When it first stood."""
    set_time: datetime
    """When it last began to stand."""
    clear_time: datetime | None = None
    """When it last ceased to stand; None while it stands."""
    ack_time: datetime | None = None
    ack_by: str | None = None
    occurrences: int = 1
    """How often it has begun to stand."""

    @property
    def key(self) -> str:
        """The cause; of all alarms in the list only one has it."""
        return self.condition.key

    @property
    def standing(self) -> bool:
        """Whether the cause is there now."""
        return self.state in (AlarmState.UNACK, AlarmState.ACK)

    def as_json(self) -> dict[str, object]:
        """What a store keeps and the API shows: plain values, times in ISO 8601."""
        cause = self.condition
        texts = {name: {"zh": words.zh, "en": words.en} for name, words in _texts(cause)}
        return {
            "id": self.id, "key": cause.key, "source": cause.source, "priority": cause.priority, **texts,
            "state": self.state.value, "raised": self.raised.isoformat(), "set_time": self.set_time.isoformat(),
            "clear_time": _written(self.clear_time), "ack_time": _written(self.ack_time), "ack_by": self.ack_by,
            "occurrences": self.occurrences,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """Something happened to an alarm; the alarm is as it is afterwards."""

    kind: ChangeKind
    alarm: Alarm


def alarm_from_json(row: Mapping[str, object]) -> Alarm:
    """The alarm that `as_json` wrote."""
    title, text, advice = (_words(row[name]) for name in ("title", "text", "advice"))
    priority, number, occurrences = (int(str(row[name])) for name in ("priority", "id", "occurrences"))
    by = row["ack_by"]
    return Alarm(
        id=number,
        condition=Condition(str(row["key"]), str(row["source"]), priority, title, text, advice),
        state=AlarmState(str(row["state"])),
        raised=datetime.fromisoformat(str(row["raised"])),
        set_time=datetime.fromisoformat(str(row["set_time"])),
        clear_time=_time(row["clear_time"]),
        ack_time=_time(row["ack_time"]),
        ack_by=None if by is None else str(by),
        occurrences=occurrences,
    )


def _texts(cause: Condition) -> tuple[tuple[str, Words], ...]:
    return (("title", cause.title), ("text", cause.text), ("advice", cause.advice))


def _words(value: object) -> Words:
    texts = cast(Mapping[str, str], value)
    return Words(zh=texts["zh"], en=texts["en"])


def _written(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))
