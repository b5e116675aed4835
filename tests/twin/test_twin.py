"""The whole plant: energy, time, repetition, limits."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.errors import LeydenError
from leyden.model.plant import Plant
from leyden.model.quality import FRESH, MISSING
from leyden.model.setpoint import Setpoint
from leyden.model.site import Layout
from leyden.model.states import BatteryState, ConverterState
from leyden.twin import ProfileError, ProfileOptions, ProfileStep, Twin, TwinOptions
from tests.twin.parks import CELLS, STILL, a_battery, a_site, a_twin, small_site

SMALL = small_site()
MOVING = TwinOptions(
    load={"line1": ProfileOptions("simbench-g3m", 8e3, power_factor=0.9)},
    solar={"pv1": ProfileOptions("simbench-pv5", 4e3)},
    converter_lag_s=0.3,
    converter_dead_time_s=0.4,
    soc_spread=0.02,
)

orders = st.tuples(
    st.floats(-7e3, 7e3),
    st.floats(-3e3, 3e3),
    st.sampled_from([0.0, 1.0, 1.0, 1.0]),
    st.sampled_from([0.05, 0.3, 1.0, 1.7, 10.0, 60.0]) | st.floats(0.05, 60.0),
)
faults = st.sampled_from(
    [
        None, None, None, ("trip", "b1", {}), ("load-trip", "line1", {}), ("setpoint-ignored", "b1", {}),
        ("weak-cell", "b1", {"rack": 2, "module": 1, "cell": 3, "capacity_factor": 0.5}),
        ("hot-cell", "b1", {"rack": 1, "module": 2, "cell": 1, "heat_w": 80}),
    ]
)  # fmt: skip


@given(
    st.lists(st.tuples(orders, faults, st.booleans()), min_size=1, max_size=12),
    st.floats(0.02, 0.98),
    st.integers(0, 99),
)
def test_energy_is_never_made_or_lost(story, soc, seed):
    twin = a_twin(SMALL, MOVING, soc=soc, seed=seed)
    start = twin.truth().battery["b1"]
    for (power_w, reactive_var, run, dt_s), fault, take in story:
        if take and twin.faults.active():
            twin.faults.take(twin.faults.active()[0].id)
        if fault is not None:
            twin.faults.put(*fault)
        twin.command("b1", {"setpoint_w": power_w, "setpoint_var": reactive_var, "run": run})
        twin.command("pv1", {"limit_w": abs(power_w)})
        twin.step(dt_s)
        truth = twin.truth()
        flows = [*truth.load_w.values(), *truth.solar_w.values(), truth.grid_w, truth.battery["b1"].power_w]
        assert abs(truth.bus_w) <= 1e-6 * max(1.0, *map(abs, flows))
    holds(start, twin.truth().battery["b1"], link=2e-5)  # racks far apart on the steepest part of the curve


def holds(start, now, link):
    """AC, losses, chemistry, heat and warmth close to a millionth of what flowed; nothing gathers in the link."""
    book, before = now.energies, start.energies
    through_j = 1.0 + book.discharged_j + book.charged_j + book.joule_j + book.outside_heat_j + abs(book.moved_j)
    floor_j = 1e-12 * now.stored_j  # the last digits of the state of charge itself
    ac_j = book.discharged_j - book.charged_j
    assert book.converter_loss_j >= 0.0
    assert abs(ac_j + book.converter_loss_j - book.dc_j) <= 1e-6 * through_j
    stored_j = now.stored_j - start.stored_j
    assert abs(stored_j + book.link_j + book.dc_j + book.joule_j - book.moved_j) <= 1e-6 * through_j + floor_j
    assert abs(book.link_j) <= link * through_j
    warmed_j = now.warmth_j - start.warmth_j
    assert abs(book.heat_j - book.cooled_j - warmed_j) <= 1e-6 * through_j + 1e-9 * now.warmth_j
    assert before.dc_j == 0.0


def test_a_day_of_the_container_closes_too():
    twin = a_twin(options=TwinOptions(load={"line1": ProfileOptions("simbench-g3m", 3e6)}), step_s=10.0)
    start = twin.truth().battery["b1"]
    for hour in range(24):
        twin.command("b1", {"setpoint_w": 7e5 * math.sin(hour / 3.0)})
        twin.step(3600.0)
    holds(start, twin.truth().battery["b1"], link=1e-9)


def test_it_is_a_plant():
    plant: Plant = a_twin(SMALL)
    plant.write({"b1": Setpoint(2e3), "pv1": Setpoint(1e5)})
    reading = plant.read()
    assert reading.converter["b1"].setpoint_w == 2e3
    assert reading.solar["pv1"].limit_w == 1e5


def test_the_same_seed_and_steps_are_the_same_to_the_bit():
    def run(seed):
        twin = a_twin(SMALL, MOVING, seed=seed, meter_noise=0.01)
        twin.command("b1", {"setpoint_w": 3e3, "run": 1})
        for dt_s in (0.3, 1.0, 7.5, 60.0):
            twin.step(dt_s)
        truth = twin.truth()
        return truth.battery["b1"].cell_soc.tobytes(), truth.grid_w, repr(twin.read().grid)

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_reading_more_often_changes_nothing():
    once, often = (a_twin(SMALL, MOVING, meter_noise=0.01) for _ in range(2))
    for _ in range(5):
        often.step(1.0)
        often.read()
    once.step(5.0)
    assert repr(once.read().grid) == repr(often.read().grid)


def test_a_minute_at_once_is_sixty_seconds():
    whole, parts = (a_twin(SMALL, MOVING) for _ in range(2))
    for twin in (whole, parts):
        twin.command("b1", {"setpoint_w": 4e3, "run": 1, "watchdog_s": 90})
    for _ in range(10):
        whole.step(60.0)
        for _ in range(60):
            parts.step(1.0)
    assert whole.truth().battery["b1"].cell_soc == pytest.approx(parts.truth().battery["b1"].cell_soc, rel=1e-12)
    assert whole.truth().grid_w == parts.truth().grid_w


def test_internal_steps_of_a_minute_give_the_charge_and_energy_of_seconds():
    """Within 0.2 % of what flows through a whole discharge and charge, knees included."""
    fine, coarse = (a_twin(SMALL, soc=0.9, soc_spread=0.01, step_s=step_s) for step_s in (1.0, 60.0))
    moved_j, difference_j = 0.0, 0.0
    for power_w in (*[4e3] * 10, *[-4e3] * 10):
        for twin in (fine, coarse):
            twin.command("b1", {"setpoint_w": power_w, "run": 1})
            twin.step(600.0)
        a, b = fine.truth().battery["b1"], coarse.truth().battery["b1"]
        moved_j = a.energies.discharged_j + a.energies.charged_j
        difference_j = max(difference_j, abs(a.stored_j - b.stored_j))
        assert a.soc == pytest.approx(b.soc, abs=0.004)
    assert moved_j > 1e7
    assert difference_j < 2e-3 * moved_j


def test_a_set_point_is_followed_by_ramp_and_lag_and_metered_late():
    twin = a_twin(options=STILL, meter_delay_s=2.0, converter_lag_s=0.0)
    twin.command("b1", {"setpoint_w": 1e6})
    seen = []
    for _ in range(5):
        twin.step(1.0)
        reading = twin.read()
        seen.append((reading.converter["b1"].power_w, reading.grid.power_w))
    assert [power for power, _ in seen] == [1e6] * 5
    assert [grid for _, grid in seen] == [5e5, 5e5, -5e5, -5e5, -5e5]


@pytest.mark.parametrize("delay_s", [0.0, 0.2, 1.0, 2.7])
def test_the_meter_shows_what_flowed_its_delay_ago(delay_s):
    steps = tuple(ProfileStep(float(k), 1e5 * k) for k in range(1, 60))
    options = replace(
        STILL, load={"line1": ProfileOptions("steps", steps=steps)}, solar={"pv1": ProfileOptions("constant", 0)}
    )
    twin = a_twin(options=options, meter_delay_s=delay_s)
    for _ in range(20):
        twin.step(0.5)
    # A step of time that ends at t carries the load of t; 10 - delay is within the step that ends at the next half.
    expected = math.floor(math.ceil((10.0 - delay_s) * 2 - 1e-9) / 2)
    assert twin.read().grid.power_w == pytest.approx(1e5 * expected)


def test_counters_count_what_flowed():
    twin = a_twin(options=STILL)
    twin.command("b1", {"setpoint_w": -1e6})
    twin.step(3600.0)
    reading = twin.read()
    assert reading.load["line1"].energy_in_wh == pytest.approx(1e6)
    assert reading.solar["pv1"].energy_out_wh == pytest.approx(5e5)
    assert reading.converter["b1"].energy_charged_wh == pytest.approx(1e6, rel=1e-3)
    assert reading.grid.energy_out_wh == pytest.approx(1.5e6, rel=2e-3)
    assert reading.grid.energy_in_wh == 0.0


def test_curtailed_the_sun_gives_less_and_comes_back_by_itself():
    twin = a_twin(options=STILL)
    twin.command("pv1", {"limit_w": 1e5, "watchdog_s": 30})
    twin.step(20.0)
    assert twin.read().solar["pv1"].power_w == pytest.approx(1e5)
    assert twin.truth().available_w["pv1"] == 5e5
    twin.step(20.0)
    assert twin.read().solar["pv1"].power_w == pytest.approx(5e5)


def test_when_the_energy_system_dies_the_converter_goes_to_zero():
    twin = a_twin(options=STILL)
    twin.command("b1", {"setpoint_w": 1e6, "watchdog_s": 10})
    twin.step(8.0)
    assert twin.read().converter["b1"].power_w == pytest.approx(1e6)
    assert twin.read().converter["b1"].watchdog_remaining_s == pytest.approx(2.0)
    twin.step(5.0)
    assert twin.read().converter["b1"].power_w == 0.0
    assert twin.read().converter["b1"].setpoint_w == 0.0


@pytest.mark.parametrize(("soc", "power_w"), [(0.06, 1.5e6), (0.95, -1.5e6)])
def test_whatever_is_asked_no_cell_leaves_its_limits_by_much(soc, power_w):
    twin = a_twin(options=STILL, soc=soc)
    for _ in range(40):
        twin.command("b1", {"setpoint_w": power_w})
        twin.step(60.0)
        cells_v = twin.truth().battery["b1"].cell_voltage_v
        assert cells_v.min() > 2.5
        assert cells_v.max() < 3.66
    assert abs(twin.read().converter["b1"].power_w) < 1e5
    assert twin.read().battery["b1"].soc == pytest.approx(0.0 if power_w > 0 else 1.0, abs=0.06)


def test_the_management_opens_at_hard_limits_even_if_the_set_point_insists():
    """No derating helps a cell with a short in it: its rack opens."""
    twin = a_twin(options=STILL, soc=0.3)
    twin.faults.put("internal-short", "b1", {"rack": 4, "module": 8, "cell": 48, "short_ohm": 0.05})
    lowest_v = 9.0
    for _ in range(1200):
        twin.command("b1", {"setpoint_w": 1.5e6})
        twin.step(1.0)
        lowest_v = min(lowest_v, twin.truth().battery["b1"].cell_voltage_v[3, 7, 47])
    battery = twin.read().battery["b1"]
    assert battery.fault_bits != 0
    assert battery.rack_current_a[3] == 0.0
    assert twin.truth().battery["b1"].closed.sum() == 9
    assert battery.state == BatteryState.CONNECTED
    assert lowest_v > 2.5


def test_it_may_begin_with_everything_open():
    twin = a_twin(SMALL, connected=False)
    assert twin.read().battery["b1"].state == BatteryState.DISCONNECTED
    assert twin.read().converter["b1"].state == ConverterState.OFF
    twin.command("b1", {"setpoint_w": 2e3, "run": 1})
    twin.step(1.0)
    assert twin.read().battery["b1"].state == BatteryState.CONNECTING
    twin.step(20.0)
    assert twin.read().battery["b1"].state == BatteryState.CONNECTED
    assert twin.read().converter["b1"].power_w == pytest.approx(2e3)


def test_readings_are_fresh_whole_and_shaped():
    twin = a_twin()
    assert twin.read().converter["b1"].stamp("watchdog_remaining_s") == MISSING
    twin.command("b1", {"watchdog_s": 10})
    twin.step(1.0)
    reading = twin.read()
    battery = reading.battery["b1"]
    assert battery.cell_voltage_v.shape == battery.cell_temperature_degc.shape == (10, 8, 48)
    assert battery.rack_soc.shape == battery.rack_current_a.shape == battery.rack_voltage_v.shape == (10,)
    for part in (
        reading.grid,
        reading.load["line1"],
        reading.solar["pv1"],
        reading.wind["w1"],
        battery,
        reading.converter["b1"],
    ):
        values = {name: getattr(part, name) for name in part.stamps}
        assert all(stamp == FRESH for stamp in part.stamps.values())
        assert all(np.all(np.isfinite(value)) for value in values.values()), values
    assert battery.cell_voltage_min_v == battery.cell_voltage_v.min()
    assert battery.soc == pytest.approx(twin.truth().battery["b1"].soc, abs=0.02)
    assert battery.dc_voltage_v * battery.dc_current_a == pytest.approx(0.0, abs=1000.0)


def test_dc_power_is_what_the_converter_takes():
    twin = a_twin()
    twin.command("b1", {"setpoint_w": 1e6})
    twin.step(10.0)
    battery, truth = twin.read().battery["b1"], twin.truth().battery["b1"]
    assert truth.converter_loss_w == pytest.approx(0.027e6, rel=0.2)
    assert battery.dc_voltage_v * battery.dc_current_a == pytest.approx(truth.dc_power_w, rel=2e-3)
    assert battery.rack_current_a.sum() == pytest.approx(battery.dc_current_a)


def test_a_reading_is_the_same_object_until_something_changes():
    twin = a_twin(SMALL)
    first = twin.read()
    assert twin.read() is first
    twin.step(0.1)
    assert twin.read() is not first
    assert twin.read().battery["b1"].cell_voltage_v is first.battery["b1"].cell_voltage_v
    twin.step(1.0)
    assert twin.read().battery["b1"].cell_voltage_v is not first.battery["b1"].cell_voltage_v


def test_time_is_the_sites_own():
    twin = a_twin(SMALL)
    assert twin.time == datetime(2026, 7, 14, 16, tzinfo=UTC)
    assert Twin(SMALL, STILL, CELLS, datetime(2026, 1, 1, tzinfo=UTC)).time == datetime(2026, 1, 1, tzinfo=UTC)
    twin.step(90.0)
    assert twin.time == datetime(2026, 7, 14, 16, 1, 30, tzinfo=UTC)
    assert twin.elapsed_s == pytest.approx(90.0)


def test_two_batteries_share_a_bus():
    twin = a_twin(a_site(a_battery("b1", Layout(2, 2, 3), 5e3), a_battery("b2", Layout(1, 2, 3), 2e3)))
    twin.write({"b1": Setpoint(3e3), "b2": Setpoint(-1e3)})
    twin.step(10.0)
    truth = twin.truth()
    assert truth.battery["b1"].power_w == pytest.approx(3e3)
    assert truth.battery["b2"].power_w == pytest.approx(-1e3)
    assert truth.grid_w == pytest.approx(1e6 - 5e5 - 2e3)
    assert not np.array_equal(truth.battery["b1"].cell_soc[:1], truth.battery["b2"].cell_soc)


@pytest.mark.parametrize("dt_s", [-1.0, math.nan, math.inf])
def test_time_only_goes_on(dt_s):
    with pytest.raises(ValueError, match="step of time"):
        a_twin(SMALL).step(dt_s)


def test_what_cannot_be_told_is_refused():
    twin = a_twin(SMALL)
    with pytest.raises(ValueError, match="'grid' takes no commands; these do: b1, pv1, w1"):
        twin.command("grid", {"setpoint_w": 1.0})
    with pytest.raises(ValueError, match="no write point 'limit_w'"):
        twin.command("b1", {"limit_w": 1.0})


def test_what_is_missing_is_told_with_its_mend():
    with pytest.raises(ProfileError, match=r"add load\.line1"):
        Twin(SMALL, TwinOptions(), CELLS)
    with pytest.raises(ProfileError, match="there is no profile 'sun'; there are: simbench-g1a"):
        a_twin(SMALL, solar={"pv1": ProfileOptions("sun")})
    with pytest.raises(ProfileError, match="needs a peak"):
        a_twin(SMALL, load={"line1": ProfileOptions("simbench-g3m")})
    with pytest.raises(LeydenError, match="needs the cell 'lfp-280ah'"):
        Twin(SMALL, STILL, {})
