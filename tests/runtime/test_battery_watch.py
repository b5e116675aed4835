"""A battery whose own protection acts is an alarm; one that says nothing is not that one."""

from dataclasses import replace

import pytest

from leyden.model.quality import FRESH, MISSING
from leyden.model.states import BatteryState
from leyden.runtime.battery_watch import protection_conditions
from tests.whole.inside import configured, inside


@pytest.fixture(scope="module")
def ins(tmp_path_factory):
    with inside(configured(tmp_path_factory.mktemp("site"), "home.toml"), "2026-05-28 12:00") as ins:
        ins.run(5.0)
        yield ins


def told(snapshot, stamp=FRESH, **said):
    reading = snapshot.readings.battery["b1"]
    reading = replace(reading, stamps={**reading.stamps, **dict.fromkeys(said, stamp)}, **said)
    readings = replace(snapshot.readings, battery={"b1": reading})
    return [(c.key, c.priority, c.text.en) for c in protection_conditions(replace(snapshot, readings=readings))]


def test_what_protection_says_is_told_with_its_bits(ins):
    snapshot = ins.moment.snapshot
    assert told(snapshot) == []
    assert told(snapshot, fault_bits=5.0) == [
        ("battery-protection:b1", 1, "the BMS of b1 reports faults (bits 5): in part off the bus")
    ]
    (fault,) = told(snapshot, fault_bits=0.0, state=float(BatteryState.FAULT))
    assert fault[2] == "the BMS of b1 reports faults (bits 0): fault"


def test_what_is_not_known_is_no_fault(ins):
    snapshot = ins.moment.snapshot
    assert told(snapshot, MISSING, fault_bits=float("nan")) == []
    assert told(snapshot, MISSING, fault_bits=4.0) == []


def test_a_cell_that_trips_is_heard_of_and_ends(ins):
    ins.twin.faults.put("hot-cell", "b1", {"rack": 1, "module": 1, "cell": 3, "heat_w": 200.0})

    def standing():
        return {alarm.key for alarm in ins.station.alarms.active() if alarm.standing}

    for _ in range(60):
        ins.run(60.0)
        if "battery-protection:b1" in standing():
            break
    assert "battery-protection:b1" in standing()
    for fault in ins.twin.faults.active():
        ins.twin.faults.take(fault.id)
    for _ in range(120):
        ins.run(60.0)
        if "battery-protection:b1" not in standing():
            break
    assert "battery-protection:b1" not in standing()
