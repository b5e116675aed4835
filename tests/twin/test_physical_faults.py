"""Faults with physics behind them: what they do in truth, what is seen from outside, and that they end."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.twin import CoolingOptions, Twin
from leyden.twin.fault_kinds import KINDS
from tests.twin.parks import CELLS, STILL, a_twin, small_site
from tests.twin.test_twin import holds

SITE = small_site()
HERE = {"rack": 2, "module": 1, "cell": 3}
INDEX = (1, 0, 2)
ON_BATTERIES = [kind for kind in KINDS if "battery" in kind.on]


def running(power_w=2e3, **changes):
    twin = a_twin(SITE, **changes)
    twin.command("b1", {"setpoint_w": power_w, "run": 1})
    twin.step(5.0)
    return twin


def of(twin):
    return twin.truth().battery["b1"]


def seen(twin):
    return twin.read().battery["b1"]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(ON_BATTERIES), st.floats(-7e3, 7e3), st.floats(0.1, 90.0), st.booleans()),
             min_size=1, max_size=8),
    st.floats(0.1, 0.9), st.sampled_from([0.5, 1.0, 20.0, 60.0]),
)  # fmt: skip
def test_energy_is_held_to_account_with_all_faults_in(story, soc, step_s):
    twin = a_twin(SITE, soc=soc, step_s=step_s, soc_spread=0.01)
    start = of(twin)
    for kind, power_w, dt_s, take in story:
        if take and twin.faults.active():
            twin.faults.take(twin.faults.active()[0].id)
        twin.faults.put(kind.kind, "b1")
        twin.command("b1", {"setpoint_w": power_w, "run": 1})
        twin.step(dt_s)
        assert abs(twin.truth().bus_w) <= 1e-6 * 1e6
    holds(start, of(twin), link=math.inf)


@pytest.mark.parametrize("step_s", [1.0, 60.0])
def test_a_short_empties_and_warms_its_cell(step_s):
    twin = running(0.0, step_s=step_s)
    fault = twin.faults.put("internal-short", "b1", {**HERE, "short_ohm": 0.5})
    before = of(twin)
    twin.step(3600.0)
    now = of(twin)
    lost_ah = (before.cell_soc - now.cell_soc) * now.cell_capacity_ah
    assert lost_ah[INDEX] - np.median(lost_ah[1]) == pytest.approx(3.3 / 0.5, rel=0.02)
    assert now.cell_temperature_degc[INDEX] > np.median(now.cell_temperature_degc) + 8.0
    assert seen(twin).cell_voltage_v[INDEX] == seen(twin).cell_voltage_v[1].min()
    twin.faults.take(fault.id)
    soc = of(twin).cell_soc[INDEX]
    twin.step(600.0)
    assert of(twin).cell_soc[INDEX] - soc == pytest.approx(np.median(of(twin).cell_soc - now.cell_soc), abs=1e-4)


def test_resistance_grows_and_capacity_goes_day_by_day():
    twin, step_s = running(0.0, step_s=60.0), 43200.0
    before = of(twin)
    twin.faults.put("growing-resistance", "b1", {**HERE, "per_day": 0.5})
    twin.faults.put("capacity-loss", "b1", {**HERE, "per_day": 0.02})
    for half_days in (1, 2):
        twin.step(step_s)
        now = of(twin)
        grown = now.cell_resistance_ohm[INDEX] / before.cell_resistance_ohm[INDEX]
        assert grown == pytest.approx(1.0 + 0.25 * half_days, rel=1e-3)
        assert now.cell_capacity_ah[INDEX] / before.cell_capacity_ah[INDEX] == pytest.approx(1 - 0.01 * half_days)
    for fault in twin.faults.active():
        twin.faults.take(fault.id)
    assert of(twin).cell_resistance_ohm[INDEX] == before.cell_resistance_ohm[INDEX]


def test_a_loose_lead_lifts_one_cell_by_what_the_other_loses_and_only_under_current():
    twin = running(4e3)
    healthy = seen(twin)
    twin.faults.put("loose-lead", "b1", {**HERE, "cell": 1, "lead_ohm": 1e-3})
    twin.step(1.0)
    off_v = seen(twin).cell_voltage_v - of(twin).cell_voltage_v
    current_a = of(twin).rack_current_a[1]
    assert off_v[1, 0, 0] == pytest.approx(-1e-3 * current_a, abs=1e-3)
    assert off_v[1, 0, 1] == pytest.approx(1e-3 * current_a, abs=1e-3)
    assert np.abs(off_v[0]).max() <= 5.1e-4
    assert seen(twin).cell_voltage_min_v < healthy.cell_voltage_min_v - 0.05


def test_an_open_wire_leaves_two_cells_without_a_value():
    twin = running()
    fault = twin.faults.put("open-wire", "b1", {**HERE, "cell": 2})
    twin.step(2.0)
    assert np.isnan(seen(twin).cell_voltage_v).sum() == 2
    assert np.isfinite(of(twin).cell_voltage_v).all()
    twin.faults.take(fault.id)
    twin.step(2.0)
    assert np.isfinite(seen(twin).cell_voltage_v).all()


def test_sensors_stand_still_or_go_astray():
    twin = running(4e3)
    held_v, held_degc = seen(twin).cell_voltage_v[INDEX], seen(twin).cell_temperature_degc[INDEX]
    twin.faults.put("stuck-cell-voltage", "b1", HERE)
    twin.faults.put("stuck-cell-temperature", "b1", HERE)
    twin.faults.put("drifting-cell-voltage", "b1", {**HERE, "rack": 1, "per_hour": 0.1})
    twin.faults.put("drifting-cell-temperature", "b1", {**HERE, "rack": 1, "per_hour": 6.0})
    twin.faults.put("drifting-rack-current", "b1", {"rack": 1, "per_hour": 10.0})
    twin.faults.put("stuck-rack-current", "b1", {"rack": 2})
    stuck_a = seen(twin).rack_current_a[1]
    twin.step(1800.0)
    twin.command("b1", {"setpoint_w": -1e3, "run": 1})
    twin.step(10.0)
    said, true = seen(twin), of(twin)
    assert said.cell_voltage_v[INDEX] == pytest.approx(held_v, abs=2e-3)
    assert said.cell_temperature_degc[INDEX] == pytest.approx(held_degc, abs=0.1)
    other = (0, 0, 2)
    assert said.cell_voltage_v[other] - true.cell_voltage_v[other] == pytest.approx(0.05, abs=2e-3)
    assert said.cell_temperature_degc[other] - true.cell_temperature_degc[other] == pytest.approx(3.0, abs=0.1)
    assert said.rack_current_a[1] == pytest.approx(stuck_a, rel=0.05)
    assert said.rack_current_a[0] - true.rack_current_a[0] == pytest.approx(5.0, abs=0.3)


def test_a_rack_whose_balancing_failed_keeps_its_charge():
    twin = running(0.0)
    twin.faults.put("balancing-failed", "b1", {"rack": 2})
    battery = twin.batteries["b1"]
    battery.balance(np.ones((2, 6), dtype=bool))
    battery.current_a[:] = 0.0
    assert (battery.made[5, 0] > 0.0).all()
    assert (battery.made[5, 1] == 0.0).all()
    battery.balance(np.empty((0, 0), dtype=bool))
    assert not battery.made[5].any()


def test_without_flow_cells_stay_warm_and_the_flow_is_seen():
    def after(*faults):
        cooled = {"b1": CoolingOptions(kind="liquid", cooling_w=2e3)}
        twin = Twin(SITE, replace(STILL, cooling=cooled, ambient_degc=38.0, soc=0.5), CELLS)
        for fault in faults:
            twin.faults.put(fault, "b1")
        twin.step(600.0)
        assert twin.batteries["b1"].warmth.flow == (0.0 if faults else 1.0)
        twin.step(3000.0)
        return twin

    healthy, failed = after(), after("pump-failure")
    assert failed.batteries["b1"].warmth.flow == failed.batteries["b1"].seen.pump_flow == 0.0
    assert of(failed).cell_temperature_degc.max() > of(healthy).cell_temperature_degc.max() + 4.0


def test_a_film_that_is_stuck_on_warms_and_draws():
    twin = running(0.0)
    fault = twin.faults.put("heater-stuck", "b1")
    twin.step(1800.0)
    film_w = twin.batteries["b1"].warmth.plant.film_w
    assert of(twin).auxiliary_w == pytest.approx(-film_w)
    assert twin.read().grid.power_w == pytest.approx(5e5 + film_w, rel=1e-3)
    assert of(twin).energies.film_j == pytest.approx(1800.0 * film_w)
    assert (of(twin).cell_temperature_degc > 26.0).all()
    twin.faults.take(fault.id)
    twin.step(1.0)
    assert of(twin).auxiliary_w == 0.0


def test_a_runaway_runs_away_by_itself_and_gives_off_gas():
    twin = running(0.0)
    fault = twin.faults.put("thermal-runaway", "b1", {**HERE, "trigger_w": 400.0})
    rates, opened_degc, last = [], math.nan, of(twin).cell_temperature_degc[INDEX]
    for _ in range(40):
        twin.step(60.0)
        now = of(twin)
        if math.isnan(opened_degc) and now.closed[1] == 0.0:
            opened_degc = now.cell_temperature_degc[INDEX]
        rates.append(now.cell_temperature_degc[INDEX] - last)
        last = now.cell_temperature_degc[INDEX]
    battery = twin.batteries["b1"]
    assert max(rates) > 2.0 * rates[0]
    assert opened_degc < 80.0
    assert battery.runaways.reacted[fault.id] > 0.99
    assert battery.runaways.gas > 0.02
    before = battery.runaways.gas
    twin.faults.take(fault.id)
    twin.step(3600.0)
    assert battery.runaways.gas == pytest.approx(before / math.e, rel=0.01)


def test_a_welded_contactor_does_not_open():
    twin = running(0.0)
    twin.faults.put("contactor-weld", "b1", {"rack": 1})
    twin.faults.put("hot-cell", "b1", {"rack": 1, "heat_w": 300.0})
    twin.step(1500.0)
    battery = twin.batteries["b1"]
    assert not battery.bms.closed[0]
    assert of(twin).closed[0] == 1.0
    assert battery.seen.contactor_closed[0] == 1.0


def test_insulation_falls_and_comes_back():
    twin = running()
    fault = twin.faults.put("insulation-fall", "b1", {"rack": 2, "insulation_ohm": 2e4})
    twin.step(1.0)
    assert twin.batteries["b1"].seen.insulation_ohm.tolist() == [50e6, 2e4]
    twin.faults.take(fault.id)
    twin.step(1.0)
    assert twin.batteries["b1"].seen.insulation_ohm.tolist() == [50e6, 50e6]


def test_faults_go_on_where_they_were(tmp_path):
    first, second = running(3e3), a_twin(SITE, seed=4)
    first.faults.put("stuck-rack-current", "b1", {"rack": 2})
    first.faults.put("thermal-runaway", "b1", {**HERE, "onset_degc": 25.0})
    first.faults.put("growing-resistance", "b1", {**HERE, "rack": 1, "per_day": 50.0})
    first.step(600.0)
    first.save(tmp_path / "twin.npz")
    second.restore(tmp_path / "twin.npz")
    for twin in (first, second):
        twin.command("b1", {"setpoint_w": -1e3, "run": 1})
        twin.step(300.0)
    a, b = of(first), of(second)
    assert b.cell_resistance_ohm == pytest.approx(a.cell_resistance_ohm, rel=1e-9)
    assert b.cell_temperature_degc == pytest.approx(a.cell_temperature_degc, abs=1e-4)
    assert seen(second).rack_current_a[1] == seen(first).rack_current_a[1]
    assert second.batteries["b1"].runaways.gas == pytest.approx(first.batteries["b1"].runaways.gas, rel=1e-6)
