"""Numbers are printed by the suffix of their name, the same everywhere."""

import pytest

from leyden.model.words import Words, printed_value


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("limit_w", 2.1e6, "2.1 MW"),
        ("power_w", 812_345.0, "812 kW"),
        ("power_w", -950.0, "−950 W"),
        ("power_w", 0.0, "0 W"),
        ("power_w", 999_900.0, "1 MW"),
        ("energy_wh", 3.44e6, "3.44 MWh"),
        ("soc", 0.453, "45.3 %"),
        ("soc_max", 0.95, "95 %"),
        ("voltage_v", 3.456, "3.46 V"),
        ("age_s", 12.0, "12 s"),
        ("temperature_degc", -5.25, "−5.25 °C"),
        ("power_w", float("nan"), "—"),
        ("name", "b1", "b1"),
    ],
)
def test_printed_value(name, value, text):
    assert printed_value(name, value) == text


def test_fill_speaks_both_languages():
    filled = Words("限值 {limit_w}", "limit {limit_w}").fill({"limit_w": 4e6})
    assert (filled["zh"], filled["en"]) == ("限值 4 MW", "limit 4 MW")
