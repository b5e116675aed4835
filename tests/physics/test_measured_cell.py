"""A real cell: the LFP 26650 record of Zhao's public data set, read where it is and never copied."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from leyden.bms.soc_filter import estimated, new_filter
from leyden.physics import load_cell
from leyden.physics.cell_fit import CellFit, fit_cell
from leyden.physics.fitted_cell import fitted_cell
from leyden.physics.trace import Trace

FILE = Path(__file__).parents[3] / "shared/data/reference/battery_lfp26650_stanford_discharge.csv"
FULL_S = 4477.0
"""From here on the cell is full; before, it was charged."""
CAPACITY_AH = 2.515

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not FILE.is_file(), reason="the reference data are not here"),
]


@cache
def record() -> Trace:
    rows = np.genfromtxt(FILE, delimiter=",", skip_header=1)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    kept = np.concatenate([[True], np.diff(rows[:, 0]) > 0.0]) & (rows[:, 0] > FULL_S)
    time_s, current_a, voltage_v = (np.ascontiguousarray(rows[kept, column]) for column in (0, 2, 3))
    return Trace(time_s, -current_a, voltage_v, np.full(len(time_s), 25.0))


@cache
def fit() -> CellFit:
    return fit_cell(record(), CAPACITY_AH, 1.0)


def test_a_measured_cell_is_fitted_to_its_noise():
    assert fit().rms_v < 0.010
    assert 0.02 < fit().impedance.sustained_ohm() < 0.06


@pytest.mark.parametrize("start", [0.8, 0.6])
def test_the_filter_finds_a_measured_cells_charge_and_is_honest(start):
    """The model was fitted on this very record: what is tested here is the filter, on a real sensor's data."""
    cell = fitted_cell("measured", fit(), CAPACITY_AH, load_cell("lfp-280ah"))
    _, (soc, std, _) = estimated(new_filter(np.array([start]), np.array([CAPACITY_AH])), cell, record())
    truth = record().soc(1.0, CAPACITY_AH)
    off = np.abs(soc - truth)
    assert np.mean(off < 2.0 * std) >= 0.9
    assert off[int(np.argmax(truth < 0.2)) :].max() < 0.02
