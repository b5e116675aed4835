"""The alarm book: the list of alarms, kept through a store; safe to use from the cycle and the API at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import RLock
from typing import Protocol

from leyden.alarms.alarm import Alarm, AlarmChange, AlarmState, ChangeKind, alarm_from_json
from leyden.alarms.causes import Gathering, Wiring, by_cause
from leyden.alarms.life import Alarms, acknowledge, meet, worst_first
from leyden.model.condition import Condition
from leyden.model.errors import LeydenError


class UnknownAlarmError(LeydenError, KeyError):
    """No alarm of this number is in the list: it is gone and acknowledged, or never was."""

    def __str__(self) -> str:
        return f"no alarm {self.args[0]} in the list: look at the alarms again, it may have gone meanwhile"


class AlarmStore(Protocol):
    """Where the list outlives a restart. Failures are OSError; the rows are those of `Alarm.as_json`."""

    def open_alarms(self) -> Sequence[Mapping[str, object]]:
        """Every alarm whose latest state is not `normal`."""
        ...

    def last_alarm_id(self) -> int:
        """The highest number ever given, 0 at first."""
        ...

    def save_alarms(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Keep these, each under its id; what was there under it is replaced. Committed when it returns."""
        ...


class AlarmBook:
    """One alarm per cause. A store that fails does not stop the book: what it could not keep it offers again."""

    def __init__(self, store: AlarmStore, wiring: Wiring | None = None) -> None:
        """`wiring` says what is behind what, so that one lost link is one alarm."""
        self._store = store
        self._wiring = wiring or Wiring()
        self._gathering = Gathering()
        self._listeners: list[Callable[[Sequence[AlarmChange]], None]] = []
        self._lock = RLock()
        self._unsaved: dict[int, Alarm] = {}
        open_alarms = [alarm_from_json(row) for row in store.open_alarms()]
        self._alarms = Alarms({alarm.key: alarm for alarm in open_alarms}, {}, store.last_alarm_id())

    def listen(self, listener: Callable[[Sequence[AlarmChange]], None]) -> None:
        """Call this with all that changes; it is called from the cycle, and must not wait."""
        self._listeners.append(listener)

    def update(self, conditions: Sequence[Condition], time: datetime) -> Sequence[AlarmChange]:
        """Meet every condition that stands now; what is not among them has ceased. Writes only what changed."""
        with self._lock:
            standing = {key for key, alarm in self._alarms.listed.items() if alarm.standing}
            causes, self._gathering = by_cause(conditions, self._wiring, standing, self._gathering, time)
            self._alarms, changes = meet(self._alarms, causes, time)
            self._unsaved |= {change.alarm.id: change.alarm for change in changes}
            self._save()
        self._tell(changes)
        return changes

    def acknowledge(self, id: int, by: str, time: datetime) -> AlarmChange | None:  # noqa: A002 the alarm's own word
        """Somebody answered this alarm, kept before it returns; None if it was answered already.

        Raises UnknownAlarmError, and OSError if the store cannot keep it: then the alarm is as before.
        """
        with self._lock:
            before = next((alarm for alarm in self._alarms.listed.values() if alarm.id == id), None)
            if before is None:
                raise UnknownAlarmError(id)
            after = acknowledge(before, by, time)
            if after == before:
                return None
            listed = {key: alarm for key, alarm in self._alarms.listed.items() if key != after.key}
            left = dict(self._alarms.left)
            (left if after.state is AlarmState.NORMAL else listed)[after.key] = after
            self._store.save_alarms([after.as_json()])
            self._unsaved.pop(after.id, None)
            self._alarms = replace(self._alarms, listed=listed, left=left)
        change = AlarmChange(ChangeKind.ACKNOWLEDGED, after)
        self._tell((change,))
        return change

    def active(self) -> Sequence[Alarm]:
        """The list, worst first: everything that stands or has not been answered."""
        with self._lock:
            return worst_first(tuple(self._alarms.listed.values()))

    @property
    def unsaved(self) -> int:
        """How many alarms the store has not taken yet; 0 is healthy."""
        with self._lock:
            return len(self._unsaved)

    def _tell(self, changes: Sequence[AlarmChange]) -> None:
        for listener in self._listeners if changes else ():
            listener(changes)

    def _save(self) -> None:
        if not self._unsaved:
            return
        try:
            self._store.save_alarms([alarm.as_json() for alarm in self._unsaved.values()])
        except OSError:
            return  # offered again at the next update; `unsaved` tells
        self._unsaved.clear()
