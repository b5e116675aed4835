"""How often something may be done: laws over any order of tries."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.web.limits import Attempts, Book, Bucket, Limits, Meter, Mistakes, Patience, Rate, whole_seconds

waits_s = st.lists(st.floats(0.0, 1e4), max_size=60)
rates = st.builds(Rate, burst=st.floats(1.0, 100.0), per_s=st.floats(0.01, 100.0))
patience = st.builds(Patience, free=st.integers(0, 10), first_s=st.floats(0.1, 10.0), longest_s=st.floats(10.0, 600.0))


@given(rates, waits_s)
def test_no_span_sees_more_than_the_burst_and_what_has_filled_since(rate, waits):
    taken_s, bucket, now_s = [], None, 0.0
    for wait_s in waits:
        now_s += wait_s
        bucket, refused_s = rate.take(bucket, now_s)
        assert 0.0 <= bucket.left <= rate.burst
        if refused_s == 0.0:
            taken_s.append(now_s)
    for first, start_s in enumerate(taken_s):
        for last in range(first, len(taken_s)):
            most = rate.burst + rate.per_s * (taken_s[last] - start_s)
            assert last - first + 1 <= most * (1.0 + 1e-9) + 1e-6


@given(rates, waits_s, st.floats(0.0, 1e4))
def test_who_waits_as_long_as_told_is_served(rate, waits, now_s):
    bucket, refused_s = None, 0.0
    for wait_s in waits:
        now_s += wait_s / 1e4  # fast enough to be refused
        bucket, refused_s = rate.take(bucket, now_s)
        if refused_s:
            break
    if refused_s:
        assert rate.take(bucket, now_s + refused_s * (1.0 + 1e-9) + 1e-6)[1] == 0.0
        assert rate.take(bucket, now_s + 0.5 * refused_s)[1] > 0.0


@given(rates, st.floats(0.0, 1e6), st.floats(-1e6, 0.0))
def test_a_clock_that_stood_still_or_went_back_fills_nothing(rate, now_s, back_s):
    empty = Bucket(0.0, now_s)
    bucket, refused_s = rate.take(empty, now_s + back_s)
    assert bucket.left == 0.0
    assert refused_s == pytest.approx(1.0 / rate.per_s)


@given(patience, st.integers(1, 2000))
def test_a_wait_doubles_with_each_mistake_up_to_the_longest(patience, mistakes):
    attempts, waits = None, []
    for _ in range(mistakes):
        attempts = patience.after_mistake(attempts, 100.0)
        waits.append(patience.wait_s(attempts, 100.0))
    assert waits[: patience.free] == [0.0] * min(mistakes, patience.free)
    told = waits[patience.free :]
    assert told[:1] == ([patience.first_s] if told else [])
    assert all(wait <= patience.longest_s for wait in told)
    for before, after in pairwise(told):
        assert after == pytest.approx(min(patience.longest_s, 2.0 * before))


@given(patience, st.integers(1, 100), st.floats(0.0, 3599.0))
def test_time_that_passed_is_taken_off_the_wait(patience, failed, passed_s):
    attempts = Attempts(failed, 50.0)
    whole_s = patience.wait_s(attempts, 50.0)
    assert patience.wait_s(attempts, 50.0 + passed_s) == pytest.approx(max(0.0, whole_s - passed_s), abs=1e-6)


@given(patience, st.integers(1, 100))
def test_all_is_forgotten_after_a_while(patience, failed):
    attempts = Attempts(failed, 50.0)
    assert patience.wait_s(attempts, 50.0 + patience.forgotten_s) == 0.0
    assert patience.after_mistake(attempts, 50.0 + patience.forgotten_s).failed == 1


def test_a_guesser_gets_through_a_handful_in_a_day():
    """Against a password of ten characters a day's guesses are nothing."""
    name, now_s, tries, attempts = Limits().name, 0.0, 0, None
    while now_s < 86400.0:
        now_s += name.wait_s(attempts, now_s)
        attempts = name.after_mistake(attempts, now_s)
        tries += 1
    assert tries < 1500


@given(st.lists(st.sampled_from("abcdefgh"), max_size=40), st.integers(1, 10))
def test_a_book_keeps_the_latest_and_no_more(keys, most):
    book: Book[str] = Book(most)
    for key in keys:
        book.put(key, key)
    latest = list(dict.fromkeys(reversed(keys)))[:most]
    assert [key for key in set(keys) if book.get(key) is not None] == [key for key in set(keys) if key in latest]


def test_keys_have_budgets_of_their_own():
    meter = Meter(Rate(2.0, 1.0), lambda: 0.0)
    assert [meter.take("a") for _ in range(3)] == [0.0, 0.0, 1.0]
    assert meter.take("b") == 0.0


def test_what_was_right_forgets_the_mistakes():
    mistakes = Mistakes(Patience(free=0), lambda: 0.0)
    assert mistakes.wait_s("ann") == 0.0
    assert mistakes.add("ann")
    assert mistakes.wait_s("ann") == 1.0
    assert mistakes.wait_s("bob") == 0.0
    mistakes.forget("ann")
    assert mistakes.wait_s("ann") == 0.0


@given(st.floats(0.0, 1e6))
def test_the_header_says_whole_seconds_that_are_enough(wait_s):
    said = int(whole_seconds(wait_s))
    assert wait_s <= said <= max(1, math.ceil(wait_s))
