"""Seasons and days around the batteries, and what the cells make of them."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.twin import TwinOptions
from leyden.twin.weather import weather_of
from tests.twin.parks import STILL, a_twin, small_site

SEASONS = TwinOptions(ambient_january_degc=-2.0, ambient_july_degc=31.0, day_swing_degc=8.0)


def hours_of(month, day, days=1):
    begin = datetime(2026, month, day)  # noqa: DTZ001 the site's own wall clock
    return [begin + timedelta(hours=hour) for hour in range(24 * days)]


@pytest.mark.parametrize(("month", "day", "mean_degc"), [(1, 15, -2.0), (7, 15, 31.0)])
def test_a_day_of_each_season_has_its_mean_and_its_swing(month, day, mean_degc):
    weather = weather_of(SEASONS)
    found = [weather.ambient_degc(local) for local in hours_of(month, day)]
    assert np.mean(found) == pytest.approx(mean_degc, abs=0.1)
    assert max(found) - min(found) == pytest.approx(8.0, abs=0.1)
    assert (int(np.argmin(found)), int(np.argmax(found))) == (3, 15)


def test_without_options_it_is_the_same_at_all_times():
    weather = weather_of(TwinOptions(ambient_degc=18.0))
    assert not weather.varies
    assert {weather.ambient_degc(local) for local in hours_of(1, 1, 365)} == {18.0}


def test_one_month_alone_swings_around_the_ambient_temperature():
    weather = weather_of(TwinOptions(ambient_degc=20.0, ambient_january_degc=10.0))
    assert (weather.middle_degc, weather.season_degc) == (15.0, 5.0)


@given(st.integers(0, 366 * 24 * 60))
def test_it_never_leaves_what_the_options_span(minutes):
    found = weather_of(SEASONS).ambient_degc(datetime(2028, 1, 1) + timedelta(minutes=minutes))  # noqa: DTZ001
    assert -2.0 - 4.0 - 1e-9 <= found <= 31.0 + 4.0 + 1e-9


def test_cells_at_rest_follow_the_weather():
    twin = a_twin(small_site(), replace(SEASONS, load=STILL.load, start=datetime(2026, 1, 15)))  # noqa: DTZ001
    winter = twin.truth().battery["b1"].cell_temperature_degc
    assert np.ptp(winter) == 0.0
    assert winter.flat[0] == pytest.approx(-2.0 - 4.0 * np.cos(np.pi / 4), abs=0.1)
    twin.step(12 * 3600.0)
    noon = twin.truth().battery["b1"].cell_temperature_degc
    assert (noon > winter + 2.0).all()
