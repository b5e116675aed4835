"""Messages on their way: kept until every channel has taken them, and never more than a few hundred of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from leyden.alarms.notices import Kind, Message

MOST = 200
"""Letters that may wait; beyond that the least important goes first."""
REFUSALS = 5
"""How often a channel may refuse one letter before that letter is given up there."""
TOO_OLD = timedelta(days=7)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""Between attempts at a channel that fails; doubled each time."""
BUSY = 3
"""Attempts in a row that must fail before a channel is said to fail."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message and who has not taken it yet."""

    message: Message
    owed: tuple[str, ...]
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Letters in the order in which they were written."""

    letters: tuple[Letter, ...] = ()
    lost: int = 0
    """Given up: for want of room, for age, or because a channel would not take them."""


def posted(outbox: Outbox, messages: Sequence[Message], channels: Collection[str]) -> Outbox:
    """With more letters; where there are too many, recoveries go before beginnings and the oldest first."""
    if not channels:
        return outbox
    letters = [*outbox.letters, *(Letter(message, tuple(channels)) for message in messages)]
    lost = max(0, len(letters) - MOST)
    for _ in range(lost):
        letters.remove(max(letters, key=lambda letter: (_dispensable(letter), -letters.index(letter))))
    return Outbox(tuple(letters), outbox.lost + lost)


def _dispensable(letter: Letter) -> tuple[int, bool]:
    message = letter.message
    return message.priority, message.kind in (Kind.RECOVERED, Kind.PASSED)


def next_for(outbox: Outbox, channel: str) -> Letter | None:
    """What a channel is to be given next: the most urgent, and of those the oldest."""
    mine = [letter for letter in outbox.letters if channel in letter.owed]
    return min(mine, key=lambda letter: letter.message.priority, default=None)


def delivered(outbox: Outbox, letter_id: str, channel: str) -> Outbox:
    """A channel has taken a letter."""
    return _changed(outbox, letter_id, lambda letter: _without(letter, channel))


def refused(outbox: Outbox, letter_id: str, channel: str) -> Outbox:
    """A channel would not take a letter, which is another thing than not being there."""
    count = next((x.refused.get(channel, 0) for x in outbox.letters if x.message.id == letter_id), 0) + 1
    if count >= REFUSALS:
        return replace(delivered(outbox, letter_id, channel), lost=outbox.lost + 1)
    return _changed(outbox, letter_id, lambda letter: replace(letter, refused={**letter.refused, channel: count}))


def current(outbox: Outbox, channels: Collection[str], time: datetime) -> Outbox:
    """Without what is too old, and what is owed to channels that there are no more."""
    letters = [replace(x, owed=tuple(one for one in x.owed if one in channels)) for x in outbox.letters]
    kept = tuple(letter for letter in letters if letter.owed and time - letter.message.time < TOO_OLD)
    return Outbox(kept, outbox.lost + sum(bool(letter.owed) for letter in letters) - len(kept))


def pause_s(failures: int) -> float:
    """How long to wait after so many failures in a row."""
    return 0.0 if failures == 0 else float(min(FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16), LONGEST_PAUSE_S))


def _without(letter: Letter, channel: str) -> Letter:
    return replace(letter, owed=tuple(one for one in letter.owed if one != channel))


def _changed(outbox: Outbox, letter_id: str, change: Callable[[Letter], Letter]) -> Outbox:
    letters = (change(letter) if letter.message.id == letter_id else letter for letter in outbox.letters)
    return replace(outbox, letters=tuple(letter for letter in letters if letter.owed))
