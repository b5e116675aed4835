"""Plants that were wired or set up wrongly: each tells its own lie, and only that one."""

from dataclasses import replace

import pytest

from leyden.model.setpoint import Setpoint
from tests.twin.parks import a_battery, a_site, a_twin, small_site

SITE = small_site()
TWO = a_site(a_battery("b1"), a_battery("b2"))


def running(power_w=2e3, site=SITE, **changes):
    twin = a_twin(site, meter_delay_s=0.0, **changes)
    twin.command("b1", {"setpoint_w": power_w, "run": 1})
    twin.step(5.0)
    return twin


def said(twin):
    """Everything that devices say, by role and thing."""
    readings = twin.read()
    found = {("grid", "grid"): readings.grid}
    for role in ("load", "solar", "wind", "battery", "converter"):
        found |= {(role, name): reading for name, reading in getattr(readings, role).items()}
    return found


def lies(twin, kind, target, **params):
    """(role, thing) of every reading that a fault changes, with what it was and what it is; and none when it is out."""
    before = said(twin)
    fault = twin.faults.put(kind, target, params)
    after = said(twin)
    twin.faults.take(fault.id)
    assert said(twin) == before
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}


def test_a_reversed_transformer_turns_its_meter_round_and_nothing_else():
    for target, key in (("gate", ("grid", "grid")), ("line", ("load", "line1"))):
        changed = lies(running(), "reversed-ct", target)
        assert list(changed) == [key]
        true, told = changed[key]
        assert told.power_w == -true.power_w != 0.0
        assert (told.energy_in_wh, told.energy_out_wh) == (true.energy_out_wh, true.energy_in_wh)


def test_a_reversed_direct_current_is_the_batterys_alone():
    changed = lies(running(), "reversed-dc", "b1")
    true, told = changed.pop(("battery", "b1"))
    assert not changed
    assert told.dc_current_a == -true.dc_current_a != 0.0
    assert told.rack_current_a.tolist() == (-true.rack_current_a).tolist()
    assert told.dc_voltage_v == true.dc_voltage_v


def test_a_meter_of_the_wrong_scale_says_so_many_times_what_is_true():
    true, told = lies(running(), "wrong-scale", "gate", factor=10.0)["grid", "grid"]
    assert told.power_w == pytest.approx(10.0 * true.power_w)
    assert told.voltage_v == true.voltage_v
    true, told = lies(running(), "wrong-scale", "pcs-b1.power_w", factor=0.1)["converter", "b1"]
    assert told.power_w == pytest.approx(0.1 * true.power_w)
    assert told.setpoint_w == true.setpoint_w


def test_a_converter_of_the_wrong_scale_says_what_it_was_told_and_does_another():
    twin = running(0.0)
    twin.faults.put("wrong-scale", "pcs-b1", {"factor": 10.0})
    twin.write({"b1": Setpoint(4e3)})
    twin.step(5.0)
    assert twin.read().converter["b1"].power_w == pytest.approx(4e3)
    assert twin.read().converter["b1"].setpoint_w == pytest.approx(4e3)
    assert twin.truth().battery["b1"].power_w == pytest.approx(400.0)


def test_a_meter_on_the_wrong_side_sees_all_but_the_batteries():
    for power_w in (-2e3, 0.0, 2e3):
        twin = running(power_w)
        twin.faults.put("meter-wrong-side", "gate")
        assert twin.read().grid.power_w == pytest.approx(1e6 - 5e5, rel=1e-3)


def test_swapped_meters_each_say_what_the_other_one_sees_by_their_own_count():
    changed = lies(running(), "swapped-unit", "gate+line")
    grid, load = changed.pop(("grid", "grid")), changed.pop(("load", "line1"))
    assert not changed
    assert grid[1].power_w == -load[0].power_w > 0.0
    assert load[1].power_w == -grid[0].power_w < 0.0
    assert type(grid[1]) is type(grid[0])
    assert (grid[1].energy_out_wh, grid[1].energy_in_wh) == (load[0].energy_in_wh, load[0].energy_out_wh)


def test_swapped_converters_hear_what_the_other_one_is_told():
    twin = a_twin(TWO)
    twin.faults.put("swapped-unit", "pcs-b1+pcs-b2")
    twin.write({"b1": Setpoint(3e5), "b2": Setpoint(-1e5)})
    twin.step(5.0)
    assert twin.truth().battery["b2"].power_w == pytest.approx(3e5)
    assert twin.truth().battery["b1"].power_w == pytest.approx(-1e5)
    assert twin.read().converter["b1"].power_w == pytest.approx(3e5)
    assert twin.read().battery["b2"].dc_current_a > 0.0 > twin.read().battery["b1"].dc_current_a


def test_swapped_inverters_hear_each_others_limits():
    twin = running()
    twin.faults.put("swapped-unit", "inv+mill")
    assert twin.read().wind["w1"].power_w == pytest.approx(5e5)
    twin.write({"w1": Setpoint(1e5)})
    twin.step(5.0)
    assert twin.truth().solar_w["pv1"] == pytest.approx(1e5, rel=1e-2)


def test_what_can_be_swapped_is_of_one_kind():
    kinds = {kind.kind: kind for kind in a_twin(TWO).faults.kinds()}
    pairs = set(kinds["swapped-unit"].targets)
    # The parks of these tests have one map for all, so that only the role tells devices apart.
    assert pairs == {"gate+line", "inv+mill", "bms-b1+bms-b2", "pcs-b1+pcs-b2"}
    other = replace(TWO, devices=tuple(replace(d, map="y") if d.name == "line" else d for d in TWO.devices))
    kinds = {kind.kind: kind for kind in a_twin(other).faults.kinds()}
    assert set(kinds["swapped-unit"].targets) == {"inv+mill", "bms-b1+bms-b2", "pcs-b1+pcs-b2"}


def test_two_of_these_faults_add_up_in_their_order():
    twin = running()
    true_w = twin.read().grid.power_w
    twin.faults.put("reversed-ct", "gate")
    twin.faults.put("wrong-scale", "gate", {"factor": 10.0})
    assert twin.read().grid.power_w == pytest.approx(-10.0 * true_w)


@pytest.mark.parametrize("target", ["b1", "pv1"])
def test_a_dead_watchdog_says_that_it_is_armed_and_never_acts(target):
    def told(twin):
        if target == "b1":
            return twin.batteries["b1"].pcs.power_w
        return twin.sources[target].generator.power_w

    def armed():
        twin = running(0.0)
        values = {"setpoint_w": 2e3} if target == "b1" else {"limit_w": 1e5}
        twin.command(target, {**values, "watchdog_s": 10.0})
        return twin

    sound, dead = armed(), armed()
    fault = dead.faults.put("dead-watchdog", target)
    for twin in (sound, dead):
        twin.step(60.0)
    assert told(sound) == pytest.approx(0.0 if target == "b1" else 5e5, rel=1e-2)
    assert told(dead) == pytest.approx(2e3 if target == "b1" else 1e5, rel=1e-2)
    if target == "b1":
        assert dead.read().converter["b1"].watchdog_remaining_s == 10.0
    dead.faults.take(fault.id)
    dead.step(60.0)
    assert told(dead) == pytest.approx(told(sound), rel=1e-2)


def test_what_is_wired_wrongly_stays_so_over_a_restart(tmp_path):
    twin = running()
    twin.faults.put("reversed-ct", "gate")
    twin.save(tmp_path / "twin.npz")
    again = a_twin(SITE, meter_delay_s=0.0)
    again.restore(tmp_path / "twin.npz")
    assert again.read().grid.power_w == pytest.approx(twin.read().grid.power_w)
    assert again.read().grid.power_w < 0.0
