"""A solar or wind inverter told and advanced."""

import math

import pytest

from leyden.model.states import ConverterState
from leyden.pcs.generator import Generator, advance, told

RATED_W = 2e6


def after(generator, seconds, available_w=1e6, dt_s=0.5):
    for _ in range(round(seconds / dt_s)):
        generator = advance(generator, available_w, RATED_W, dt_s)
    return generator


def test_without_a_limit_it_delivers_what_there_is():
    assert after(Generator(), 1).power_w == 1e6
    assert after(Generator(), 1, available_w=3e6).power_w == RATED_W


def test_a_limit_is_followed_and_lifted():
    limited = after(told(Generator(), {"limit_w": 3e5}), 5)
    assert limited.power_w == pytest.approx(3e5, rel=1e-3)
    assert limited.limit_w == 3e5
    assert after(told(limited, {"limit_w": math.inf}), 10).power_w == pytest.approx(1e6)


def test_a_limit_above_what_there_is_changes_nothing():
    assert after(told(Generator(), {"limit_w": 1.5e6}), 5).power_w == 1e6


def test_its_watchdog_run_out_it_goes_back_to_full():
    limited = told(Generator(), {"limit_w": 0.0, "watchdog_s": 10})
    assert after(limited, 9).power_w < 1.0
    freed = after(limited, 20)
    assert freed.power_w == pytest.approx(1e6)
    assert freed.limit_w == math.inf
    assert freed.watchdog_left_s == 0.0


def test_its_watchdog_run_out_what_was_told_to_stop_stays_stopped():
    stopped = after(told(Generator(), {"limit_w": 0.0, "run": 0, "watchdog_s": 10}), 20)
    assert (stopped.limit_w, stopped.power_w, stopped.run) == (math.inf, 0.0, False)


def test_stopped_it_is_off_and_in_the_dark_it_rests():
    assert after(told(Generator(), {"run": 0}), 1).state is ConverterState.OFF
    assert after(Generator(), 1, available_w=0.0).state is ConverterState.STANDBY
    assert after(Generator(), 1).state is ConverterState.RUNNING


def test_one_that_ignores_what_it_is_told_goes_on():
    assert after(told(Generator(), {"limit_w": 0.0}, ignore=True), 5).power_w == 1e6


@pytest.mark.parametrize("values", [{"setpoint_w": 1.0}, {"limit_w": math.nan}])
def test_what_cannot_be_told_is_refused(values):
    with pytest.raises(ValueError, match="inverter"):
        told(Generator(), values)
