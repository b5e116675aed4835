"""The voltage curve: monotone, met at its points, with an exact integral."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics import load_cell
from leyden.physics.ocv import LOW, ocv_curve

OCV = load_cell("lfp-280ah").ocv
socs = st.floats(LOW, 1.05)


def test_the_voltage_never_falls_with_charge():
    assert (np.diff(OCV.nodes[:, 0]) > 0).all()


@given(socs, socs)
def test_the_integral_is_the_area_under_the_voltage(a, b):
    a, b = min(a, b), max(a, b)
    inner = OCV.soc[(OCV.soc > a) & (OCV.soc < b)]
    x = np.concatenate([[a], inner, [b]])
    area = np.trapezoid(OCV.voltage_v(x), x)
    difference = OCV.integral_v(np.array([a, b]))
    assert difference[1] - difference[0] == pytest.approx(area, abs=1e-12)


def test_shapes_are_kept():
    soc = np.full((2, 3, 4), 0.5)
    assert OCV.voltage_v(soc).shape == OCV.integral_v(soc).shape == (2, 3, 4)
    assert OCV.integral_v(np.zeros(1))[0] == 0.0


def test_beyond_the_table_the_last_line_goes_on():
    top = OCV.voltage_v(np.array([1.049, 1.05, 1.06, 1.07]))
    assert np.diff(top)[2] == pytest.approx(np.diff(top)[1], abs=1e-9)
    assert np.isnan(OCV.voltage_v(np.array([np.nan]))).all()


@given(st.sets(st.integers(1, 99), min_size=1, max_size=12), st.lists(st.floats(1e-4, 1.0), min_size=13, max_size=13))
def test_any_rising_table_gives_a_rising_curve_through_its_points(percents, rises):
    soc = np.array([0, *sorted(percents), 100]) / 100
    voltage_v = 2.0 + np.concatenate([[0.0], np.cumsum(rises[: len(soc) - 1])])
    curve = ocv_curve(soc, voltage_v)
    assert (np.diff(curve.nodes[:, 0]) >= -1e-12).all()
    assert curve.voltage_v(soc) == pytest.approx(voltage_v, abs=1e-9)
