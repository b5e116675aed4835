"""The law of the registers: what is encoded is decoded again, one by one and in arrays alike."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leyden.devices.codec import (
    TYPES,
    Coding,
    decode,
    decode_array,
    decode_text,
    encode,
    encode_array,
    encode_text,
    factor_of,
    fitting_factor,
    joined,
    split,
)
from tests.devices.places import every_role, same

NUMBERS = [kind for kind in TYPES.values() if kind.kind != "text"]
POINTS = [
    pytest.param(point.coding, point.words, id=f"{device_map.name}.{role}.{point.name}")
    for device_map, role, locator in every_role()
    for point in (*locator.reads(role), *(write.point for write in locator.writes(role).values()))
]
CODINGS = st.builds(
    Coding,
    type=st.sampled_from(NUMBERS),
    low_word_first=st.booleans(),
    scale=st.sampled_from([1.0, 0.1, 0.01, 10.0, 1000.0]),
    sign=st.sampled_from([1, -1]),
    add=st.sampled_from([0.0, -40.0, 0.5]),
)


@pytest.mark.parametrize(("coding", "words"), POINTS)
@settings(max_examples=20)
@given(data=st.data())
def test_every_shipped_point_gives_back_its_registers(coding, words, data):
    bits = data.draw(st.integers(0, (1 << 16 * words) - 1))
    number = bits - (1 << 16 * words) if coding.type.kind == "signed" and bits >> (16 * words - 1) else bits
    assume(abs(number) < 1 << 50)  # a float64 holds no more exactly
    value = decode(coding, split(bits, words, coding.low_word_first))
    if math.isnan(value):
        assert bits in coding.missing or coding.states or not coding.low <= number * coding.scale <= coding.high
        return
    registers = encode(coding, value)
    assert registers is not None
    if coding.states is None:
        assert joined(registers, coding.low_word_first) == bits
    assert decode(coding, registers) == value


@pytest.mark.parametrize(("coding", "words"), POINTS)
def test_every_shipped_point_can_say_that_it_is_missing_unless_the_standard_has_no_word_for_it(coding, words):
    registers = encode(coding, math.nan)
    if not coding.missing:
        assert registers is None
        return
    assert registers is not None
    assert len(registers) == words
    assert math.isnan(decode(coding, registers))


@given(coding=CODINGS, value=st.floats(-1e30, 1e30), factor=st.integers(-3, 3))
def test_a_value_comes_back_within_half_a_count_or_at_the_end_of_the_type(coding, value, factor):
    registers = encode(coding, value, factor)
    assert registers is not None
    back = decode(coding, registers, factor)
    exact = (coding.sign * value - coding.add) / (coding.scale * 10.0**factor)
    if coding.type.low <= exact <= coding.type.high:
        step = coding.resolution(factor) or abs(value) * 1e-6 + 1e-30
        assert same(value, back, 0.5001 * step + 1e-6 * abs(coding.add))
    else:
        edge = coding.type.low if exact < coding.type.low else coding.type.high
        assert same(back, coding.sign * (edge * coding.scale * 10.0**factor + coding.add))


@given(coding=CODINGS, factor=st.integers(-2, 2), data=st.data())
def test_arrays_follow_the_same_law_as_single_values(coding, factor, data):
    words = coding.type.words
    bits = data.draw(st.lists(st.integers(0, (1 << 16 * words) - 1), min_size=1, max_size=5))
    missing = (coding.type.missing, bits[0])
    coding = Coding(
        coding.type, coding.low_word_first, coding.scale, coding.sign, coding.add, missing, low=-1e9, high=1e9
    )
    registers = [split(one, words, coding.low_word_first) for one in bits]
    values = decode_array(coding, np.array(registers, np.uint16).reshape(-1), factor)
    assert np.array_equal(values, [decode(coding, one, factor) for one in registers], equal_nan=True)
    back = encode_array(coding, values, factor).reshape(-1, words)
    for value, one in zip(values, back, strict=True):
        assert tuple(one.tolist()) == encode(coding, float(value), factor) or abs(value) > 1e8


def test_an_array_without_its_scale_factor_is_missing():
    assert np.isnan(decode_array(Coding(TYPES["int16"]), np.array([1, 2], np.uint16), None)).all()


def test_array_states_are_translated_and_unknown_ones_missing():
    coding = Coding(TYPES["uint16"], states={7: 1, 9: 2})
    values = decode_array(coding, np.array([7, 9, 8], np.uint16))
    assert np.array_equal(values, [1.0, 2.0, math.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("type_name", "registers", "value"),
    [
        ("int16", (0xFFFE,), -2.0),
        ("uint16", (0xFFFE,), 65534.0),
        ("int32", (0xFFFF, 0xFFFE), -2.0),
        ("uint32", (0x0001, 0x0000), 65536.0),
        ("uint64", (0, 0, 1, 0), 65536.0),
        ("int64", (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE), -2.0),
        ("float32", (0x4248, 0x0000), 50.0),
        ("float64", (0x4049, 0, 0, 0), 50.0),
        ("bitfield32", (0x8000, 0x0001), 2147483649.0),
    ],
)
def test_types_are_read_as_the_standard_says(type_name, registers, value):
    assert decode(Coding(TYPES[type_name]), registers) == value
    assert decode(Coding(TYPES[type_name], low_word_first=True), tuple(reversed(registers))) == value


def test_a_float_that_is_no_number_is_missing():
    infinity = (0x7F80, 0)
    assert math.isnan(decode(Coding(TYPES["float32"]), infinity))
    assert math.isnan(decode(Coding(TYPES["float32"]), (0x7FC0, 0)))


def test_a_value_out_of_its_range_is_not_believed():
    coding = Coding(TYPES["uint16"], scale=0.001, high=6.0)
    assert decode(coding, (3300,)) == pytest.approx(3.3)
    assert math.isnan(decode(coding, (6001,)))


def test_a_count_never_says_missing_by_accident():
    assert encode(Coding(TYPES["int16"], missing=(0x8000,)), -1e9) == (0x8001,)
    assert encode(Coding(TYPES["uint16"], missing=(0xFFFF,)), 1e9) == (0xFFFE,)
    assert encode_array(Coding(TYPES["int16"], missing=(0x8000,)), np.array([-1e9])).tolist() == [0x8001]
    assert encode_array(Coding(TYPES["uint16"], missing=(0xFFFF,)), np.array([1e9])).tolist() == [0xFFFE]


def test_what_cannot_be_said_is_none():
    assert encode(Coding(TYPES["uint16"]), math.nan) is None
    assert encode(Coding(TYPES["uint16"], states={3: 1}), 2.0) is None


@pytest.mark.parametrize(("register", "factor"), [(0, 0), (2, 2), (0xFFFE, -2), (0x8000, None), (11, None)])
def test_scale_factors(register, factor):
    assert factor_of(register) == factor


@given(value=st.floats(-3e12, 3e12))
def test_the_fitting_factor_holds_the_value_as_finely_as_it_can(value):
    coding = Coding(TYPES["int16"], missing=(0x8000,))
    factor = fitting_factor(coding, value)
    registers = encode(coding, value, factor)
    assert registers is not None
    assert same(decode(coding, registers, factor), value, 0.51 * 10.0**factor)
    assert factor == 0 or abs(value) > 32766 * 10.0 ** (factor - 1)


def test_the_fitting_factor_of_what_is_no_number_is_the_usual_one():
    assert fitting_factor(Coding(TYPES["int16"]), math.nan, usual=-2) == -2
    assert fitting_factor(Coding(TYPES["int16"]), math.inf, usual=-2) == -2


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_texts_come_back_cut_to_what_fits(text):
    text = text.strip()
    back = decode_text(encode_text(text, 16))
    assert text.startswith(back)
    assert back == text or len(text.encode()) > 32 - 4 or back == text[: len(back)].strip()
