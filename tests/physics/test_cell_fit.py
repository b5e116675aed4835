"""A cell fitted on a pulse test alone must follow what it was never shown."""

import numpy as np
import pytest

from leyden.physics import load_cell
from leyden.physics.cell_fit import OCV_SOC, FitError, fit_cell
from leyden.physics.fitted_cell import cell_toml
from leyden.physics.trace import Trace, model_voltage
from tests.physics.dfn import CAPACITY_AH, GRID_START_SOC, cell, fit, record


def made(ocv_v, ohm, minutes=10.0) -> Trace:
    """A pulse test of a cell with one resistance."""
    current, time = [], []
    now = 0.0
    for _ in range(18):
        for level, seconds in (
            (1.0, 180.0),
            (0.0, 60.0 * minutes),
            (2.0, 10.0),
            (0.0, 30.0),
            (-2.0, 10.0),
            (0.0, 60.0),
        ):
            for _ in range(max(int(seconds / 10.0), 1)):
                now += 10.0
                time.append(now)
                current.append(level)
    time_s, current_a = np.array(time), np.array(current)
    trace = Trace(time_s, current_a, np.zeros_like(time_s), np.full_like(time_s, 25.0))
    soc = trace.soc(1.0, 1.0)
    return Trace(time_s, current_a, np.interp(soc, OCV_SOC, ocv_v) - ohm * current_a, trace.temperature_degc)


def test_the_fit_follows_another_simulators_cell_through_twelve_hours_of_grid_use():
    grid = record("grid")
    off = model_voltage(cell(), grid, GRID_START_SOC, CAPACITY_AH) - grid.voltage_v
    assert np.sqrt(np.mean(off**2)) < 0.010  # 15 mV is asked for, 10 the aim; 8.0 measured
    assert fit().rms_v < 0.006


def test_a_slow_discharge_beside_the_pulses_fits_as_well():
    assert fit(with_slow=True).rms_v < 0.007
    assert fit(with_slow=True).measured[0] < fit().measured[0]


def test_a_cell_of_known_make_is_found_again():
    ocv_v = 3.0 + 0.4 * OCV_SOC + 0.1 * np.tanh(20.0 * (OCV_SOC - 0.1))
    found = fit_cell(made(ocv_v, 0.05), 1.0, 1.0)
    inside = found.measured[0] + 0.03 < OCV_SOC
    assert found.rms_v < 1e-3
    assert np.abs(found.ocv_v - ocv_v)[inside].max() < 4e-3
    assert found.impedance.sustained_ohm(0.5) == pytest.approx(0.05, rel=0.03)


def test_a_fitted_voltage_rises_and_no_resistance_is_negative():
    found = fit()
    assert np.all(np.diff(found.ocv_v) > 0.0)
    for row in (found.impedance.r1_ohm, found.impedance.r2_ohm):
        assert np.all(row >= 0.0)
    assert np.all(found.impedance.r0_charge_ohm > 0.0)
    assert found.impedance.tau1_s < found.impedance.tau2_s


def test_a_fitted_cell_reads_back_from_its_file(tmp_path):
    (tmp_path / "dfn.toml").write_text(cell_toml(cell()))
    again, grid = load_cell("dfn", [tmp_path]), record("grid")
    first, second = (model_voltage(one, grid, GRID_START_SOC, CAPACITY_AH) for one in (cell(), again))
    assert np.abs(first - second).max() < 1e-4
    assert again.resistance_ohm == pytest.approx(cell().resistance_ohm, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda i: 0.0 * i, "no current flows"),
        (lambda i: -i, "correct the capacity"),
        (lambda i: i + 0.5, "must discharge .* and rest"),
        (lambda i: 0.1 * i, "moves less than 20 %"),
        (lambda i: np.where(i > 1.5, np.nan, i), "a number in every place"),
    ],
)
def test_what_cannot_be_fitted_says_why(change, told):
    good = made(3.0 + 0.4 * OCV_SOC, 0.05)
    bad = Trace(good.time_s, change(good.current_a), good.voltage_v, good.temperature_degc)
    with pytest.raises(FitError, match=told):
        fit_cell(bad, 1.0, 1.0)
