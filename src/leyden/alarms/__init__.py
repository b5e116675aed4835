"""Alarms: what is wrong now and needs an operator's answer. What needs no answer is an event, and is not kept here.

The cycle hands all standing `Condition`s to `AlarmBook.update`, every time; the book makes one `Alarm` of each cause,
keeps it until it has both gone and been acknowledged, and tells what changed. The life of an alarm is the pure page
`life.py`, modelled on ISA-18.2 (ANSI/ISA-18.2-2016, also IEC 62682): unacknowledged, acknowledged, returned
unacknowledged, gone. Shelving, latching and suppression by design are not here, and no compliance is claimed.

The book survives a restart through an `AlarmStore`, which the ledger of `leyden.history` fits.
"""

from leyden.alarms.alarm import Alarm, AlarmChange, AlarmState, ChangeKind
from leyden.alarms.book import AlarmBook, AlarmStore, UnknownAlarmError
from leyden.alarms.causes import Wiring

__all__ = [
    "Alarm",
    "AlarmBook",
    "AlarmChange",
    "AlarmState",
    "AlarmStore",
    "ChangeKind",
    "UnknownAlarmError",
    "Wiring",
]
