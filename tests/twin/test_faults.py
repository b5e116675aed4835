"""Every fault has its effect and its end."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.link_fault import LinkFault
from leyden.model.quality import MISSING, Quality
from leyden.model.setpoint import Setpoint
from leyden.model.states import ConverterState
from leyden.twin import FaultError
from leyden.twin.fault_kinds import KINDS
from tests.twin.parks import a_twin, small_site

SITE = small_site()


def running(power_w=2e3, **changes):
    twin = a_twin(SITE, **changes)
    twin.command("b1", {"setpoint_w": power_w, "run": 1})
    twin.step(5.0)
    return twin


def test_every_kind_can_be_put_on_every_target_and_taken_out_again():
    healthy, twin = running(), running()
    for kind in twin.faults.kinds():
        for target in kind.targets:
            twin.faults.put(kind.kind, target, {param.name: param.default for param in kind.params})
    assert len(twin.faults.active()) > 50
    twin.step(1.0)
    twin.read()
    for fault in twin.faults.active():
        twin.faults.take(fault.id)
    healthy.step(1.0)
    for one in (healthy, twin):
        one.command("b1", {"setpoint_w": 2e3, "run": 1})
        one.step(1000.0)
    assert twin.faults.active() == []
    assert twin.read().converter["b1"].power_w == pytest.approx(healthy.read().converter["b1"].power_w)
    assert twin.read().grid.power_w == pytest.approx(healthy.read().grid.power_w)
    assert (
        twin.truth().battery["b1"].cell_capacity_ah.tobytes()
        == healthy.truth().battery["b1"].cell_capacity_ah.tobytes()
    )


def test_kinds_are_labelled_in_both_languages_and_name_their_targets():
    kinds = {kind.kind: kind for kind in a_twin(SITE).faults.kinds()}
    assert len(kinds) == len(KINDS)
    for kind in kinds.values():
        assert kind.label.zh != kind.label.en
        assert all(param.low <= param.default <= param.high and param.label.zh for param in kind.params)
    assert kinds["silent"].targets == tuple(device.name for device in SITE.devices)
    assert "gate.power_w" in kinds["frozen"].targets
    assert "bms-b1.soc" in kinds["nan"].targets
    assert kinds["load-trip"].targets == ("line1",)
    assert kinds["setpoint-ignored"].targets == ("b1", "pv1", "w1")


def test_a_fault_says_what_it_is_and_since_when():
    twin = running()
    fault = twin.faults.put("slow", "gate", {"delay_s": 5})
    assert (fault.id, fault.kind, fault.target, dict(fault.params)) == (1, "slow", "gate", {"delay_s": 5.0})
    assert fault.since == twin.time
    assert twin.faults.active() == [fault]
    assert twin.faults.put("trip", "b1").id == 2


@pytest.mark.parametrize(
    ("kind", "target", "params", "told"),
    [
        ("gremlin", "gate", {}, "there is no fault 'gremlin'; there are: silent"),
        ("silent", "b1", {}, "there is no target 'b1'; there are: gate"),
        ("slow", "gate", {"delay": 2}, "there is no parameter 'delay'; there are: delay_s"),
        ("slow", "gate", {"delay_s": -1}, "delay_s must be 0 … 60, not -1"),
        ("slow", "gate", {"delay_s": math.nan}, "delay_s must be"),
        ("slow", "gate", {"delay_s": "2 s"}, "delay_s must be"),
        ("weak-cell", "b1", {"rack": 3}, "there is only rack 1 … 2"),
        ("hot-cell", "b1", {"cell": 1.5}, "there is only cell 1 … 3"),
    ],
)
def test_what_cannot_be_put_in_is_told_with_what_could(kind, target, params, told):
    twin = running()
    with pytest.raises(FaultError, match=told) as raised:
        twin.faults.put(kind, target, params)
    assert raised.value.words.zh != raised.value.words.en
    assert twin.faults.active() == []


def test_what_is_not_in_cannot_be_taken_out():
    with pytest.raises(KeyError):
        a_twin(SITE).faults.take(1)


@pytest.mark.parametrize("kind", ["silent", "slow", "exceptions"])
def test_link_faults_are_handed_to_the_device_server(kind):
    twin = running()
    fault = twin.faults.put(kind, "gate")
    assert twin.link_fault("gate") == LinkFault(kind, 2.0)
    assert twin.link_fault("inv") is None
    twin.faults.take(fault.id)
    assert twin.link_fault("gate") is None


def test_a_silent_device_grows_old_and_hears_nothing():
    twin = running()
    before = twin.read().converter["b1"].power_w
    fault = twin.faults.put("silent", "pcs-b1")
    twin.write({"b1": Setpoint(-1e3)})
    twin.step(2.0)
    assert twin.read().converter["b1"].stamp("power_w").age_s == pytest.approx(2.0)
    assert twin.read().converter["b1"].stamp("power_w").quality is Quality.GOOD
    twin.step(10.0)
    late = twin.read().converter["b1"]
    assert late.stamp("power_w").quality is Quality.STALE
    assert late.power_w == before
    assert twin.truth().battery["b1"].power_w == pytest.approx(before)
    twin.faults.take(fault.id)
    twin.write({"b1": Setpoint(-1e3)})
    twin.step(5.0)
    assert twin.read().converter["b1"].good("power_w") == pytest.approx(-1e3)


def test_a_device_that_answers_exceptions_has_no_values():
    twin = running()
    fault = twin.faults.put("exceptions", "gate")
    assert math.isnan(twin.read().grid.power_w)
    assert twin.read().grid.stamp("power_w") == MISSING
    twin.faults.take(fault.id)
    assert math.isfinite(twin.read().grid.good("power_w"))


def test_a_slow_device_is_only_older():
    twin = running()
    twin.faults.put("slow", "gate", {"delay_s": 10})
    assert twin.read().grid.stamp("power_w").quality is Quality.STALE
    assert math.isfinite(twin.read().grid.power_w)


def test_a_frozen_device_looks_fresh_but_stands_still():
    twin = running()
    before = twin.read()
    fault = twin.faults.put("frozen", "pcs-b1")
    twin.command("b1", {"setpoint_w": -1e3})
    twin.step(10.0)
    held = twin.read().converter["b1"]
    assert held == before.converter["b1"]
    assert held.good("power_w") == held.power_w
    assert twin.truth().battery["b1"].power_w == pytest.approx(-1e3)
    twin.faults.take(fault.id)
    assert twin.read().converter["b1"].power_w == pytest.approx(-1e3)


def test_a_single_frozen_point_lets_the_others_go_on():
    twin = running()
    before = twin.read().converter["b1"].power_w
    twin.faults.put("frozen", "pcs-b1.power_w")
    twin.command("b1", {"setpoint_w": -1e3})
    twin.step(10.0)
    assert twin.read().converter["b1"].power_w == before
    assert twin.read().converter["b1"].setpoint_w == -1e3


def test_a_missing_value_is_nan_and_bad_and_the_others_are_not():
    twin = running()
    fault = twin.faults.put("nan", "bms-b1.soc")
    battery = twin.read().battery["b1"]
    assert math.isnan(battery.soc)
    assert battery.stamp("soc").quality is Quality.BAD
    assert battery.stamp("soh").quality is Quality.GOOD
    twin.faults.take(fault.id)
    assert math.isfinite(twin.read().battery["b1"].good("soc"))
    twin.faults.put("nan", "bms-b1")
    assert np.isnan(twin.read().battery["b1"].cell_voltage_v).all()


def test_a_converter_that_ignores_its_set_point_echoes_it():
    twin = running()
    fault = twin.faults.put("setpoint-ignored", "b1")
    twin.write({"b1": Setpoint(-1e3)})
    twin.step(10.0)
    assert twin.read().converter["b1"].setpoint_w == -1e3
    assert twin.read().converter["b1"].power_w == pytest.approx(2e3)
    twin.faults.take(fault.id)
    twin.write({"b1": Setpoint(-1e3)})
    twin.step(10.0)
    assert twin.read().converter["b1"].power_w == pytest.approx(-1e3)


def test_a_trip_stops_at_once_and_it_starts_again_afterwards():
    twin = running()
    fault = twin.faults.put("trip", "b1")
    twin.step(0.1)
    assert twin.read().converter["b1"].power_w == 0.0
    assert twin.read().converter["b1"].state == ConverterState.FAULT
    twin.faults.take(fault.id)
    twin.step(20.0)
    assert twin.read().converter["b1"].power_w == pytest.approx(2e3)


def test_a_load_trips_at_once():
    twin = running(meter_delay_s=0.0)
    fault = twin.faults.put("load-trip", "line1")
    twin.step(0.1)
    assert twin.read().load["line1"].power_w == 0.0
    assert twin.read().grid.power_w == pytest.approx(-5e5 - 2e3, rel=1e-3)
    twin.faults.take(fault.id)
    twin.step(0.1)
    assert twin.read().load["line1"].power_w == -1e6


def test_a_weak_cell_sags_and_empties_first_and_is_its_old_self_afterwards():
    healthy, twin = running(5e3, soc=0.3, soc_spread=0.0), running(5e3, soc=0.3, soc_spread=0.0)
    index = (1, 0, 2)
    where = {"rack": 2, "module": 1, "cell": 3}
    fault = twin.faults.put("weak-cell", "b1", {**where, "capacity_factor": 0.5, "resistance_factor": 3})
    before = twin.truth().battery["b1"]
    assert before.cell_soc[index] == pytest.approx(healthy.truth().battery["b1"].cell_soc[index])
    assert before.cell_capacity_ah[index] == pytest.approx(0.5 * healthy.truth().battery["b1"].cell_capacity_ah[index])
    for one in (healthy, twin):
        one.step(900.0)
    weak, sound = twin.truth().battery["b1"], healthy.truth().battery["b1"]
    assert before.cell_soc[index] - weak.cell_soc[index] > 1.6 * (before.cell_soc[index] - sound.cell_soc[index])
    assert weak.cell_voltage_v[index] == weak.cell_voltage_v.min() < sound.cell_voltage_v.min() - 0.02
    assert weak.energies.moved_j < 0.0
    twin.faults.take(fault.id)
    mended = twin.truth().battery["b1"]
    assert mended.cell_capacity_ah[index] == sound.cell_capacity_ah[index]
    assert mended.cell_resistance_ohm[index] == sound.cell_resistance_ohm[index]
    assert mended.cell_soc[index] == weak.cell_soc[index]
    assert mended.cell_voltage_v[index] > weak.cell_voltage_v[index]


def test_a_hot_cell_warms_until_its_rack_opens_and_cools_afterwards():
    twin = running(0.0)
    fault = twin.faults.put("hot-cell", "b1", {"rack": 1, "module": 2, "cell": 1, "heat_w": 60})
    twin.step(3600.0)
    assert twin.truth().battery["b1"].cell_temperature_degc[0, 1, 0] == pytest.approx(55.6, abs=1.0)
    assert twin.read().battery["b1"].cell_temperature_max_degc > 50.0
    twin.step(3600.0)
    assert twin.truth().battery["b1"].closed.tolist() == [0.0, 1.0]
    twin.faults.take(fault.id)
    twin.step(8 * 3600.0)
    assert twin.truth().battery["b1"].cell_temperature_degc.max() == pytest.approx(25.0, abs=2.5)
    assert twin.truth().battery["b1"].closed.all()


def test_two_faults_on_one_cell_leave_one_when_one_goes():
    twin = running()
    where = {"rack": 1, "module": 1, "cell": 1, "resistance_factor": 1.0}
    sound_ah = twin.truth().battery["b1"].cell_capacity_ah[0, 0, 0]
    first = twin.faults.put("weak-cell", "b1", {**where, "capacity_factor": 0.5})
    second = twin.faults.put("weak-cell", "b1", {**where, "capacity_factor": 0.8})
    assert twin.truth().battery["b1"].cell_capacity_ah[0, 0, 0] == pytest.approx(0.4 * sound_ah)
    twin.faults.take(first.id)
    assert twin.truth().battery["b1"].cell_capacity_ah[0, 0, 0] == pytest.approx(0.8 * sound_ah)
    twin.faults.take(second.id)
    assert twin.truth().battery["b1"].cell_capacity_ah[0, 0, 0] == sound_ah


def test_a_person_resets_what_only_a_person_may():
    twin = running(0.0, soc=0.5)
    fault = twin.faults.put("hot-cell", "b1", {"rack": 1, "heat_w": 130})
    twin.step(1800.0)
    twin.faults.take(fault.id)
    assert twin.read().battery["b1"].fault_bits != 0
    twin.reset("b1")
    assert twin.batteries["b1"].bms.fault_bits == 0


@given(st.lists(st.sampled_from(KINDS), max_size=6), st.floats(0.1, 30.0))
def test_no_faults_whatever_stop_the_twin_or_make_it_lie_about_the_bus(kinds, dt_s):
    twin = running()
    for kind in kinds:
        targets = next(found.targets for found in twin.faults.kinds() if found.kind == kind.kind)
        twin.faults.put(kind.kind, targets[-1])
        twin.write({"b1": Setpoint(1e3), "pv1": Setpoint(0.0)})
        twin.step(dt_s)
        twin.read()
        assert abs(twin.truth().bus_w) < 1e-6 * 1e6
