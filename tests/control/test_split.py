"""Sharing is exact, stays within every member's limits, and does not depend on the order of members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.control.split import split


@pytest.mark.parametrize(
    ("total", "low", "high", "weight", "expected"),
    [
        (0.0, [-1, -1], [1, 1], [1, 1], [0, 0]),
        (90.0, [0, 0], [100, 100], [2, 1], [60, 30]),
        (90.0, [0, 0], [50, 100], [2, 1], [50, 40]),
        (-90.0, [-50, -100], [0, 0], [2, 1], [-50, -40]),
        (500.0, [0, 0], [100, 100], [2, 1], [100, 100]),
        (-500.0, [-100, -7], [100, 100], [2, 1], [-100, -7]),
        (10.0, [0, 0], [100, 100], [0, 1], [0, 10]),
        (110.0, [0, 0], [100, 100], [0, 1], [10, 100]),
        (30.0, [0, 0], [20, 20], [0, 0], [20, 10]),
        (100.0, [-200, 0], [-200, 400], [1, 1], [-200, 300]),
        (5.0, [3, 0], [10, 10], [1, 1], [3, 2]),
        (0.0, [3, -10], [10, 10], [1, 1], [3, -3]),
    ],
)
def test_shares(total, low, high, weight, expected):
    assert split(total, low, high, weight) == pytest.approx(expected)


def test_nobody_shares_nothing():
    assert split(5.0, [], [], []) == []


def test_nan_is_refused():
    with pytest.raises(ValueError, match="nan"):
        split(float("nan"), [0], [1], [1])


power = st.floats(-1e6, 1e6)
member = st.tuples(power, power, st.floats(0, 1e6)).map(lambda m: (min(m[:2]), max(m[:2]), m[2]))


@given(st.floats(-5e6, 5e6), st.lists(member, min_size=1, max_size=6))
def test_the_sum_is_exact_and_no_limit_is_passed(total, members):
    low, high, weight = map(list, zip(*members, strict=True))
    shares = split(total, low, high, weight)
    reachable = min(max(total, sum(low)), sum(high))
    assert sum(shares) == pytest.approx(reachable, abs=1e-6 * max(1.0, abs(reachable)))
    assert all(a - 1e-9 <= share <= b + 1e-9 for share, a, b in zip(shares, low, high, strict=True))


@given(st.floats(-2e6, 2e6), st.lists(member, min_size=2, max_size=5), st.randoms())
def test_order_does_not_matter(total, members, random):
    order = list(range(len(members)))
    random.shuffle(order)
    weighted = [(a, b, w + 1.0) for a, b, w in members]
    straight = split(total, *map(list, zip(*weighted, strict=True)))
    shuffled = split(total, *map(list, zip(*(weighted[i] for i in order), strict=True)))
    assert [straight[i] for i in order] == pytest.approx(shuffled, abs=1e-3)
