"""Quantities: what is written is what is read, and what is wrong is told with its mend."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.quantity import UNITS, Quantity, QuantityError, parse_quantity, write_quantity


@pytest.mark.parametrize(
    ("written", "unit", "value"),
    [
        ("1.5 MW", "W", 1.5e6),
        ("2.1MW", "W", 2.1e6),
        (" -950 W ", "W", -950.0),
        ("3.44 MWh", "Wh", 3.44e6),
        ("280 Ah", "Ah", 280.0),
        ("0.5 mohm", "ohm", 5e-4),
        ("10 s", "s", 10.0),
        ("250 ms", "s", 0.25),
        ("15 min", "s", 900.0),
        ("36 h", "s", 129600.0),
        ("25 °C", "degC", 25.0),
        ("500 kW/s", "W/s", 5e5),
        ("57 %", "", 0.57),
        ("10%", "", 0.1),
        (0.1, "", 0.1),
        (3, "", 3.0),
        (".5 kW", "W", 500.0),
        ("1e3 W", "W", 1000.0),
    ],
)
def test_what_people_write(written, unit, value):
    assert parse_quantity(written, unit) == value


@pytest.mark.parametrize(
    ("written", "unit", "mend"),
    [
        ("4 MWh", "W", 'expected "1.5 MW"'),
        ("4 mw", "W", 'expected "4 MW"'),
        ("4 mW", "W", 'expected "4 MW"'),
        ("500 KW", "W", 'expected "500 kW"'),
        (4, "W", 'expected "1.5 MW"'),
        (True, "", 'expected 0.1 or "10 %"'),
        ("ten", "s", 'expected "10 s"'),
        ("10", "s", 'expected "10 s"'),
        ("10 S", "s", 'expected "10 s"'),
        ("", "Ah", 'expected "280 Ah"'),
        (math.nan, "", 'expected 0.1 or "10 %"'),
        (math.inf, "", 'expected 0.1 or "10 %"'),
        ("1e999 W", "W", 'expected "1.5 MW"'),
        ([], "V", 'expected "3.65 V"'),
    ],
)
def test_what_is_wrong_names_its_mend(written, unit, mend):
    with pytest.raises(QuantityError) as caught:
        parse_quantity(written, unit)
    assert caught.value.mend.en == mend


@pytest.mark.parametrize(
    ("quantity", "written", "mend"),
    [
        (Quantity("W", low=0.0), "-4 MW", "expected at least 0 W"),
        (Quantity("", high=1.0), "120 %", "expected at most 1"),
        (Quantity("s", 0.1, 60.0), "50 ms", "expected 0.1 s to 60 s"),
    ],
)
def test_out_of_range_names_the_range(quantity, written, mend):
    with pytest.raises(QuantityError) as caught:
        quantity.read(written)
    assert caught.value.mend.en == mend


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(2.1e6, "W", "2.1 MW"), (0.1, "", "0.1"), (0.05, "", "5 %"), (900.0, "s", "900 s"), (5e-4, "ohm", "0.5 mohm")],
)
def test_the_shortest_writing(value, unit, text):
    assert write_quantity(value, unit) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15), st.sampled_from(UNITS))
def test_what_is_written_is_read_back_exactly(value, unit):
    assert parse_quantity(write_quantity(value, unit), unit) == value


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()), st.sampled_from(UNITS))
def test_anything_is_a_finite_number_or_a_quantity_error(written, unit):
    try:
        assert math.isfinite(parse_quantity(written, unit))
    except QuantityError as error:
        assert error.mend.zh


@pytest.mark.parametrize("unit", UNITS)
def test_the_key_is_the_field_without_its_unit(unit):
    suffix = {"": ""}.get(unit, "_" + unit.lower().replace("/", "_per_"))
    assert Quantity(unit).key("limit" + suffix) == "limit"
