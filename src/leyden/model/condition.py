"""Something that is wrong now and that an operator must answer; the alarm book makes alarms of it."""

from dataclasses import dataclass

from leyden.model.words import Words


@dataclass(frozen=True, slots=True)
class Condition:
    """One cause, one condition: the key is the same as long as the cause is."""

    key: str
    """`device-offline:gate`."""
    source: str
    """The thing, device or controller it is about."""
    priority: int
    """1 at once, 2 soon, 3 this shift."""
    title: Words
    text: Words
    """With its numbers; may change while the condition stands."""
    advice: Words
