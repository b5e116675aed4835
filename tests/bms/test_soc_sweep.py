"""The filter of many cells against the filter of one, on the same record; seldom looks; and no drift in float32."""

from functools import cache

import numpy as np
import pytest

from leyden.bms import sweep_looks as looks
from leyden.bms.soc_filter import new_filter, observed
from leyden.bms.soc_sweep import new_sweep, observe, set_resistance
from leyden.physics import load_cell
from tests.bms.test_soc_filter import CASES, OFFSET_A, hysteresis_v
from tests.physics.dfn import CAPACITY_AH, GRID_START_SOC, cell, record, true_soc

LFP = load_cell("lfp-280ah")
RACKS = (-OFFSET_A, OFFSET_A)  # each with its own current sensor
SERIES = tuple(case[1:] for case in CASES if case[0] == RACKS[0])


@cache
def run(every: int) -> tuple[np.ndarray, np.ndarray]:
    """The cases of the single filter, two racks of four cells, looked at every so many rows: (2, rows, cases)."""
    grid, rng, n = record("grid"), np.random.default_rng(3), len(CASES)
    gap = hysteresis_v(grid.current_a)
    shape = (len(RACKS), len(SERIES))
    start = np.tile([GRID_START_SOC + wrong for wrong, _ in SERIES], (len(RACKS), 1))
    untold = np.array([0.0 if told else 1.0 for _, told in SERIES])
    belief = new_sweep(cell(), start, np.full(shape, CAPACITY_AH))
    soc, std = [], []
    for k in range(len(grid.time_s)):
        noise = 0.001 * rng.standard_normal(n).reshape(shape)
        seen_v = (grid.voltage_v[k] + gap[k] * untold + noise).astype(np.float32)
        current_a = grid.current_a[k] + np.array(RACKS)
        observe(belief, current_a, seen_v, np.full(shape, 25.0, np.float32), 5.0, k, every)
        soc.append(belief.soc.ravel())
        std.append(belief.soc_std.ravel())
    return np.array(soc), np.array(std)


def run_singly(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The same cases and the same noise for the filter of one cell, all side by side: (rows, cases) each."""
    grid, rng, n = record("grid"), np.random.default_rng(3), len(CASES)
    gap, offset = hysteresis_v(grid.current_a), np.repeat(RACKS, len(SERIES))
    start = np.tile([GRID_START_SOC + wrong for wrong, _ in SERIES], len(RACKS))
    untold = np.tile([0.0 if told else 1.0 for _, told in SERIES], len(RACKS))
    belief = new_filter(start, np.full(n, CAPACITY_AH))
    soc, std = [], []
    for k in range(rows):
        seen_v = grid.voltage_v[k] + gap[k] * untold + 0.001 * rng.standard_normal(n)
        belief = observed(belief, cell(), grid.current_a[k] + offset, seen_v, np.full(n, 25.0), 5.0)
        soc.append(belief.soc)
        std.append(belief.soc_std)
    return np.array(soc), np.array(std)


def test_looking_each_time_it_believes_what_the_single_filter_believes():
    """Over the part of the record around its first knee, where there is most to learn."""
    truth = true_soc()
    knee = int(np.argmax((truth < 0.2) | (truth > 0.9)))
    soc, std = (found[: knee + 300] for found in run(1))
    single_soc, single_std = run_singly(knee + 300)
    assert np.abs(soc - single_soc).max() < 0.02
    assert np.sqrt(np.mean((soc - single_soc) ** 2)) < 0.003
    assert std == pytest.approx(single_std, rel=0.1, abs=0.003)


@pytest.mark.parametrize("every", [1, 12, 60])
def test_looked_at_seldom_the_charge_is_known_as_well_after_a_knee(every):
    """60 rows are 5 minutes: a look in a minute and one in five are as good as one in five seconds."""
    soc, std = run(every)
    truth = true_soc()
    knee = int(np.argmax((truth < 0.2) | (truth > 0.9))) + 2 * every
    after = (soc - truth[:, None])[knee:]
    assert np.sqrt(np.mean(after**2, axis=0)).max() < 0.015  # 2 % is asked for, 3 % with hysteresis untold
    assert np.abs(after).max() < 0.03  # 5 % is
    assert np.mean(np.abs(soc - truth[:, None]) < 2.0 * std, axis=0).min() >= 0.9
    assert std[-1].max() < 0.025


def test_between_looks_counting_on_is_the_same_in_one_step_as_in_many():
    shape, rng = (1, 40), np.random.default_rng(1)
    capacity_ah = rng.uniform(250.0, 290.0, shape)
    start = rng.uniform(0.3, 0.8, shape)
    belief = new_sweep(LFP, start, capacity_ah)
    single = new_filter(start[0], capacity_ah[0])
    blind, degc = np.full(shape, np.nan, np.float32), np.full(shape, 25.0, np.float32)
    for k in range(600):
        current_a = 140.0 * np.sin(k / 50.0)
        observe(belief, np.array([current_a]), blind, degc, 1.0, turn=1, every=2)
        single = observed(single, LFP, np.full(40, current_a), np.full(40, np.nan), np.full(40, 25.0), 1.0)
    assert belief.soc[0] == pytest.approx(single.soc, abs=1e-6)
    assert belief.soc_std[0] == pytest.approx(single.soc_std, rel=1e-5)
    observe(belief, np.zeros(1), blind, degc, 0.0)
    assert belief.soc[0] == pytest.approx(single.soc, abs=1e-6)
    assert belief.soc_std[0] == pytest.approx(single.soc_std, rel=1e-4)
    row = belief.blocks[0, :, looks.SO].ravel()[:40]
    assert row == pytest.approx(single.cov[2], rel=1e-4)


def test_a_trickle_is_counted_for_a_month_though_seconds_are_too_little_for_float32():
    belief = new_sweep(LFP, np.full((1, 2), 0.95), np.array([[280.0, 260.0]]))
    blind, degc = np.full((1, 2), np.nan, np.float32), np.full((1, 2), 25.0, np.float32)
    steps, current_a = 20_000, np.array([280.0 / 2000])
    for _ in range(steps):
        observe(belief, current_a, blind, degc, 1.0)
    taken_ah = (0.95 - belief.soc[0]) * [280.0, 260.0]
    assert taken_ah == pytest.approx(np.full(2, current_a[0] * steps / 3600.0), rel=1e-4)


def test_a_cell_without_a_voltage_learns_nothing_and_its_neighbours_do():
    start = np.full((1, 3), 0.5)
    belief = new_sweep(LFP, start, np.full((1, 3), 280.0))
    low_v = LFP.ocv.voltage_v(np.array([0.06]))[0]
    seen_v = np.array([[low_v, np.nan, low_v]], np.float32)
    for _ in range(60):
        observe(belief, np.zeros(1), seen_v, np.array([[25.0, 25.0, np.nan]], np.float32), 60.0)
    assert belief.soc[0, 1] == pytest.approx(0.5)
    assert belief.soc_std[0, 1] > 0.24
    assert belief.soc[0, [0, 2]] == pytest.approx([0.06, 0.06], abs=0.03)
    assert belief.soc_std[0, [0, 2]].max() < 0.05


def test_an_unknown_current_makes_it_as_unsure_as_in_the_single_filter():
    belief, single = (
        new_sweep(LFP, np.full((1, 1), 0.5), np.full((1, 1), 280.0)),
        new_filter(np.array([0.5]), np.array([280.0])),
    )
    for _ in range(10):
        observe(
            belief, np.array([np.nan]), np.full((1, 1), np.nan, np.float32), np.full((1, 1), 25.0, np.float32), 60.0
        )
        single = observed(single, LFP, np.array([np.nan]), np.array([np.nan]), np.array([25.0]), 60.0)
    assert belief.soc_std[0] == pytest.approx(single.soc_std, rel=1e-4)


def test_a_cell_known_to_resist_more_is_not_taken_for_emptier():
    """At 1 C a third more resistance is tens of millivolts: told of it, the filter stays with the charge it counts."""
    ohm = LFP.impedance.sustained_ohm(0.2)
    volts = LFP.ocv.voltage_v(np.array([0.2]))[0] - 280.0 * ohm * np.array([[1.0, 1.33]])
    ends = []
    for told in (1.0, 1.33):
        belief = new_sweep(LFP, np.full((1, 2), 0.2), np.full((1, 2), 280.0), soc_std=np.full((1, 2), 0.05))
        set_resistance(belief, np.array([[1.0, told]]))
        belief.racks[[looks.FAST, looks.SLOW]] = 280.0
        for _ in range(20):
            observe(belief, np.array([280.0]), volts.astype(np.float32), np.full((1, 2), 25.0, np.float32), 1.0)
        ends.append(belief.soc[0, 1] - belief.soc[0, 0])
    assert abs(ends[1]) < 0.5 * abs(ends[0])
