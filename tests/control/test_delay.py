"""The delay is learned from the battery's own moves, and only from them."""

import numpy as np
import pytest

from leyden.control.delay import CANDIDATES_S, LONGEST_S, Delay, learned
from leyden.control.trace import Trace

RATED_W = 1e6


def moves(seconds: float, seed: int = 1) -> np.ndarray:
    """Battery power every 0.1 s: holds and ramps, as orders make them."""
    rng = np.random.default_rng(seed)
    told = np.repeat(rng.uniform(-RATED_W, RATED_W, int(seconds / 5) + 1), 50)
    power = np.empty(len(told))
    power[0] = told[0]
    for i in range(1, len(told)):
        power[i] = power[i - 1] + np.clip(told[i] - power[i - 1], -1e5, 1e5)
    return power


def learn(power: np.ndarray, delay_s: float, load: np.ndarray, period_s: float, start: Delay | None = None) -> Delay:
    """A meter this much behind, read every period."""
    known, grid, battery = start or Delay(), Trace(), Trace()
    late = round(delay_s * 10)
    every = round(period_s * 10)
    for i in range(100, len(power) - 100, every):
        moment_s = 0.1 * i
        grid = grid.add(moment_s, load[i - late] - power[i - late], 2.0)
        battery = battery.add(moment_s, power[i], 8.0)
        known = learned(known, grid, battery, RATED_W)
    return known


@pytest.mark.parametrize("period_s", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("delay_s", [-0.5, 0.0, 0.2, 1.0, 3.0, 4.5])
def test_it_is_found(delay_s, period_s):
    power = moves(120.0)
    known = learn(power, delay_s, np.full(len(power), 2e6), period_s)
    assert known.best_s == pytest.approx(delay_s, abs=0.3)
    low_s, high_s = known.plausible_s
    assert low_s <= delay_s <= high_s
    assert high_s - low_s <= 1.5


@pytest.mark.parametrize("delay_s", [0.2, 1.0, 3.0])
def test_a_load_that_moves_by_itself_is_no_hindrance(delay_s):
    power = moves(300.0)
    load = 2e6 + np.cumsum(np.random.default_rng(2).normal(0.0, 1.5e4, len(power)))
    known = learn(power, delay_s, load, 0.5)
    assert known.best_s == pytest.approx(delay_s, abs=0.3)


def test_a_battery_at_rest_teaches_nothing():
    load = 2e6 + np.cumsum(np.random.default_rng(2).normal(0.0, 5e4, 3000))
    known = learn(np.full(3000, 3e5), 1.0, load, 0.5)
    assert known.best_s is None
    assert known.plausible_s == (0.0, LONGEST_S)


def test_a_meter_that_does_not_show_the_battery_teaches_nothing():
    """Something else moves against it, or it is wired before the battery."""
    power = moves(120.0)
    known = learn(power, 1.0, 2e6 + power, 0.5)
    assert known.best_s is None


def test_a_meter_that_was_exchanged_is_learned_anew():
    power = moves(400.0)
    load = np.full(len(power), 2e6)
    first = learn(power, 0.2, load, 0.5)
    second = learn(power, 3.0, load, 0.5, start=first)
    assert first.best_s == pytest.approx(0.2, abs=0.3)
    assert second.best_s == pytest.approx(3.0, abs=0.3)


def test_memory_is_bounded():
    power = moves(120.0)
    known = learn(power, 1.0, np.full(len(power), 2e6), 0.1)
    assert len(known.costs) == len(CANDIDATES_S) == 25
    assert len(known.looks) == 2
