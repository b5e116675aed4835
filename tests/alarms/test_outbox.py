"""Letters that wait: none is lost but the least important, none is sent twice, none blocks the others for ever."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from leyden.alarms.notices import Kind, Message
from leyden.alarms.outbox import (
    LONGEST_PAUSE_S,
    MOST,
    REFUSALS,
    TOO_OLD,
    Outbox,
    current,
    delivered,
    next_for,
    pause_s,
    posted,
    refused,
)
from leyden.model.words import Words
from tests.alarms.test_causes import START

WORDS = Words("文", "text")
HOOKS = ("ops", "boss")


def message(number: int, priority: int = 2, kind: Kind = Kind.RAISED) -> Message:
    return Message(f"m{number}", kind, "a:1", priority, "gate", WORDS, WORDS, WORDS, START, START)


def _next(outbox: Outbox, channel: str) -> Message:
    letter = next_for(outbox, channel)
    assert letter is not None
    return letter.message


def test_every_channel_is_given_every_letter_once():
    outbox = posted(Outbox(), [message(1), message(2)], HOOKS)
    seen: dict[str, list[str]] = {name: [] for name in HOOKS}
    for name in HOOKS:
        while (letter := next_for(outbox, name)) is not None:
            seen[name].append(letter.message.id)
            outbox = delivered(outbox, letter.message.id, name)
    assert seen == {"ops": ["m1", "m2"], "boss": ["m1", "m2"]}
    assert outbox == Outbox()


def test_the_most_urgent_goes_first_and_of_those_the_oldest():
    outbox = posted(Outbox(), [message(1, 2), message(2, 1), message(3, 1)], ["ops"])
    order = []
    while (letter := next_for(outbox, "ops")) is not None:
        order.append(letter.message.id)
        outbox = delivered(outbox, letter.message.id, "ops")
    assert order == ["m2", "m3", "m1"]


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.sampled_from([Kind.RAISED, Kind.RECOVERED])), max_size=MOST + 60))
def test_it_never_holds_more_than_it_may_and_the_least_important_goes_first(letters):
    outbox = Outbox()
    for number, (priority, kind) in enumerate(letters):
        outbox = posted(outbox, [message(number, priority, kind)], HOOKS)
    assert len(outbox.letters) == min(MOST, len(letters))
    assert outbox.lost == max(0, len(letters) - MOST)
    begun = sum(priority == 1 and kind is Kind.RAISED for priority, kind in letters)
    kept = sum(x.message.priority == 1 and x.message.kind is Kind.RAISED for x in outbox.letters)
    assert kept == min(begun, MOST)


def test_a_letter_that_is_refused_again_and_again_is_given_up_by_that_channel_alone():
    outbox = posted(Outbox(), [message(1), message(2)], HOOKS)
    for _ in range(REFUSALS):
        assert _next(outbox, "ops").id == "m1"
        outbox = refused(outbox, "m1", "ops")
    assert _next(outbox, "ops").id == "m2"
    assert _next(outbox, "boss").id == "m1"
    assert outbox.lost == 1


def test_what_is_too_old_or_owed_to_nobody_goes():
    outbox = posted(Outbox(), [message(1)], HOOKS)
    assert current(outbox, ["boss"], START).letters[0].owed == ("boss",)
    assert current(outbox, [], START).letters == ()
    aged = current(outbox, HOOKS, START + TOO_OLD + timedelta(seconds=1))
    assert (aged.letters, aged.lost) == ((), 1)


def test_without_anybody_to_tell_nothing_waits():
    assert posted(Outbox(), [message(1)], []) == Outbox()


@given(st.integers(0, 10_000))
def test_patience_grows_and_ends(failures):
    assert pause_s(failures) <= pause_s(failures + 1) <= LONGEST_PAUSE_S
    assert (pause_s(failures) == 0.0) == (failures == 0)
