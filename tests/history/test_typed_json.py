"""What is kept as JSON comes back as the same frozen dataclass, or is refused with its place."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from leyden.history.ledger.typed_json import MisfitError, dump, load
from leyden.model.words import Words


class Mode(StrEnum):
    HOLD = "hold"
    SELF = "self"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True)
class Inner:
    since: datetime
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class State:
    power_w: Annotated[float, "W"]
    count: int = 0
    held: bool = False
    mode: Mode = Mode.HOLD
    inner: Inner | None = None
    pair: tuple[float, int] = (0.0, 0)
    seen: frozenset[str] = frozenset()
    by_name: Mapping[str, float] = field(default_factory=dict)
    kind: Literal["a", "b"] = "a"
    words: Words = field(default_factory=lambda: Words("是", "yes"))


class Part(Struct, frozen=True):
    since: datetime
    level: Level = Level.LOW
    inner: Inner | None = None


TIMES = st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(fold=0))
STATES = st.builds(
    State,
    power_w=st.floats(allow_nan=False),
    count=st.integers(),
    held=st.booleans(),
    mode=st.sampled_from(Mode),
    inner=st.none() | st.builds(Inner, TIMES, st.lists(st.sampled_from(Level)).map(tuple)),
    pair=st.tuples(st.floats(allow_nan=False), st.integers()),
    seen=st.frozensets(st.text()),
    by_name=st.dictionaries(st.text(), st.floats(allow_nan=False)),
    kind=st.sampled_from(["a", "b"]),
    words=st.builds(Words, st.text(), st.text()),
)


@given(STATES)
def test_a_state_comes_back(state):
    back = load(dump(state), State)
    assert back == state
    assert type(back.inner) is type(state.inner)
    assert dump(back) == dump(state)


@given(st.builds(Part, TIMES, st.sampled_from(Level), st.none() | st.builds(Inner, TIMES)))
def test_a_struct_comes_back_too(part):
    assert load(dump(part), Part) == part
    with pytest.raises(MisfitError, match="has no field 'former'"):
        load('{"former": 1}', Part)
    with pytest.raises(MisfitError, match="Missing required argument 'since'"):
        load("{}", Part)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1.5, -0.0])
def test_every_float_is_valid_json(value):
    assert load(dump(value), float) == value
    assert math.isnan(load(dump(math.nan), float))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"power_w": "much"}', "State.power_w: expected float, found 'much'"),
        ('{"power_w": true}', "State.power_w: expected float, found True"),
        ('{"power_w": 1, "count": 1.5}', "State.count: expected int, found 1.5"),
        ('{"power_w": 1, "mode": "loud"}', "State.mode: expected Mode, found 'loud'"),
        ('{"power_w": 1, "inner": {"since": "noon"}}', "State.inner: expected Inner | NoneType"),
        ('{"power_w": 1, "pair": [1]}', "State.pair: expected tuple"),
        ('{"power_w": 1, "by_name": {"b1": []}}', r"State.by_name['b1']: expected float"),
        ('{"power_w": 1, "former": 2}', "State: has no field 'former'"),
        ("{}", "missing 1 required positional argument: 'power_w'"),
        ("[]", "State: expected State"),
        ("{", "State: not JSON"),
    ],
)
def test_what_does_not_fit_names_its_place(text, place):
    with pytest.raises(MisfitError) as caught:
        load(text, State)
    assert place in str(caught.value)


def test_a_new_field_with_a_default_fits_an_old_text():
    assert load('{"power_w": 2.0}', State) == State(2.0)


def test_what_has_no_place_in_json_is_refused_when_it_is_written():
    holder = make_dataclass("Holder", [("thing", object)], frozen=True)
    with pytest.raises(MisfitError, match=r"value\.thing: complex cannot be kept as JSON"):
        dump(holder(1j))
    with pytest.raises(MisfitError, match="keys of a mapping must be text"):
        dump({1: 2})


def test_every_field_of_the_example_is_drawn():
    """So that a kind of field added above is tested too."""
    assert len(fields(State)) == 10
