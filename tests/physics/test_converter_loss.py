"""The measured curve at the points its source gives, and its inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.physics import ac_power, converter_loss, dc_power
from leyden.physics.converter_loss import LossCurve


@pytest.mark.parametrize(("load", "efficiency"), [(0.02, 0.74), (0.10, 0.930), (0.50, 0.973), (1.0, 0.973)])
def test_efficiency_is_the_measured_one(load, efficiency):
    assert 1.0 - converter_loss(load, 1.0) / load == pytest.approx(efficiency, abs=1e-2)


def test_nothing_is_lost_at_rest_and_more_with_every_watt():
    p = np.linspace(0.0, 1.2, 400)
    loss = converter_loss(p, 1.0)
    assert loss[0] == 0.0
    assert (np.diff(loss) > 0).all()
    assert (np.diff(loss) < 0.6 * np.diff(p)).all()


def test_the_usual_form_is_a_case_of_ours():
    curve = LossCurve(no_load=0.0072, onset=1e9, linear=0.0, square=0.0345)
    p = 0.5
    assert p / (p + converter_loss(p, 1.0, curve)) == pytest.approx(0.5 / (0.5 + 0.0072 + 0.0345 * 0.25))


@given(st.floats(-1.5e6, 1.5e6), st.floats(-1e6, 1e6))
def test_dc_and_ac_are_each_others_inverse(power_w, reactive_var):
    dc_w = dc_power(power_w, reactive_var, 1.65e6)
    assert dc_w >= power_w
    assert ac_power(dc_w, reactive_var, 1.65e6) == pytest.approx(power_w, abs=1.0)
