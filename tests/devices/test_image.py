"""Values grow old: GOOD, then STALE, then BAD and nan."""

import math

import numpy as np
import pytest

from leyden.devices.image import RoleImage
from leyden.devices.link import stale_after_s
from leyden.model.quality import MISSING, Quality


def of(reading, name):
    return getattr(reading, name)


@pytest.mark.parametrize(("period_s", "stale_s"), [(0.1, 3.0), (1.0, 3.0), (5.0, 15.0), (10.0, 30.0)])
def test_stale_is_three_seconds_or_three_polls(period_s, stale_s):
    assert stale_after_s(period_s) == stale_s


@pytest.mark.parametrize(
    ("age_s", "quality", "value"),
    [
        (0.0, Quality.GOOD, 5.0),
        (3.0, Quality.GOOD, 5.0),
        (3.01, Quality.STALE, 5.0),
        (30.0, Quality.STALE, 5.0),
        (30.01, Quality.BAD, math.nan),
    ],
)
def test_a_value_grows_old(age_s, quality, value):
    image = RoleImage("grid", {"power_w": 3.0})
    image.put("power_w", 5.0, 100.0)
    reading = image.reading(100.0 + age_s)
    stamp = reading.stamp("power_w")
    assert stamp.age_s == pytest.approx(age_s)
    assert stamp.quality is quality
    assert np.array_equal(of(reading, "power_w"), value, equal_nan=True)


def test_what_never_came_is_missing():
    reading = RoleImage("grid", {"power_w": 3.0}).reading(0.0)
    assert reading.stamp("power_w") == MISSING
    assert math.isnan(of(reading, "power_w"))


def test_a_missing_value_is_bad_however_fresh():
    image = RoleImage("grid", {"power_w": 3.0, "voltage_v": 3.0})
    image.put("power_w", math.nan, 100.0)
    image.put("voltage_v", 400.0, 100.0)
    reading = image.reading(100.5)
    assert reading.stamp("power_w").quality is Quality.BAD
    assert reading.good("voltage_v") == 400.0


def test_an_array_is_bad_only_when_all_of_it_is():
    image = RoleImage("battery", {"rack_soc": 15.0, "cell_voltage_v": 30.0})
    image.put("rack_soc", np.array([0.5, math.nan]), 100.0)
    image.put("cell_voltage_v", np.full((1, 1, 2), math.nan), 100.0)
    reading = image.reading(101.0)
    assert reading.stamp("rack_soc").quality is Quality.GOOD
    assert reading.stamp("cell_voltage_v").quality is Quality.BAD


def test_an_array_that_is_far_too_old_is_all_nan_and_the_image_keeps_its_own():
    image = RoleImage("battery", {"rack_soc": 15.0})
    image.put("rack_soc", np.array([0.5, 0.6]), 100.0)
    assert np.isnan(of(image.reading(300.0), "rack_soc")).all()
    assert of(image.reading(101.0), "rack_soc").tolist() == [0.5, 0.6]


def test_a_reading_cannot_be_changed_through_its_arrays():
    image = RoleImage("battery", {"rack_soc": 15.0})
    image.put("rack_soc", np.array([0.5, 0.6]), 100.0)
    with pytest.raises(ValueError, match="read-only"):
        of(image.reading(100.0), "rack_soc")[0] = 1.0
