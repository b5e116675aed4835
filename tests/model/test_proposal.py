"""What of a state need not survive a restart makes no difference."""

import pytest

from leyden.model.proposal import Fleeting


class Timer(Fleeting, frozen=True):
    since_s: float = 0.0


class Other(Fleeting, frozen=True):
    since_s: float = 0.0


def test_a_change_of_what_is_fleeting_is_no_change():
    assert Timer(1.0) == Timer(2.0)
    assert (Timer(1.0) != Timer(2.0)) is False
    assert hash(Timer(1.0)) == hash(Timer(2.0))
    assert (Timer(1.0), "held") == (Timer(2.0), "held")
    assert Timer() != Other()
    assert Timer() != 0.0


def test_it_never_changes_in_place():
    with pytest.raises(AttributeError):
        Timer().since_s = 1.0  # type: ignore[misc]
