"""The first look: who answers, who is who, and what cannot be."""

import math
from dataclasses import replace
from typing import Any

import pytest

from leyden.commission.judge.links import DeviceSeen, judge_links
from leyden.commission.judge.verdict import Mark
from leyden.model.quality import FRESH
from leyden.model.readings import ROLES, LoadReading
from leyden.model.words import Words
from tests.twin.parks import a_twin, small_site

SITE = small_site()
OFFERED = {(role, thing): ["power_w"] if role != "battery" else ["soc"] for _, role, thing in SITE.roles()}


def devices(**changes):
    return [
        replace(
            DeviceSeen(d.name, "a-map", "0123", d.at, "online", 0.1, None, "Maker", "M1", "1.0", f"s-{d.name}"),
            **changes.get(d.name.replace("-", "_"), {}),
        )
        for d in SITE.devices
    ]


def found(readings=None, offered=OFFERED, **changes):
    readings = readings or a_twin(SITE, meter_delay_s=0.0).read()
    return judge_links(SITE, devices(**changes), readings, offered)


def codes(findings):
    return {finding.verdict.code for finding in findings}


def test_all_is_well():
    (only,) = found()
    assert only.mark is Mark.PASSED
    assert only.verdict.as_json()["points"] == len(OFFERED)


def test_a_device_that_does_not_answer_is_named_with_why():
    (silent,) = found(gate={"state": "offline", "error": Words("拒绝连接", "connection refused")})
    assert silent.mark is Mark.FAILED
    assert "connection refused" in silent.verdict.words.en
    assert silent.verdict.mend.en


def test_two_names_of_one_device_are_seen_by_its_serial_number():
    same = {"serial": "X1", "maker": "A", "model": "B"}
    assert codes(found(gate=same, line=same)) == {"SameDevice"}
    assert codes(found(gate=same, line={**same, "model": "C"})) == {"AllFresh"}


def test_a_device_without_a_name_is_noted():
    nameless = {"maker": "", "model": "", "serial": ""}
    assert codes(found(gate=nameless)) == {"AllFresh", "NoIdentity"}


def test_what_must_be_known_fails_and_what_may_be_missing_is_noted():
    offered = {**OFFERED, ("grid", "grid"): ["power_w", "frequency_hz"]}
    readings = a_twin(SITE).read()
    stamps = {"power_w": FRESH}
    lacking = replace(readings, grid=replace(readings.grid, stamps=stamps))
    assert codes(found(lacking, offered)) == {"AllFresh", "PointsNotGiven"}
    blind = replace(readings, grid=replace(readings.grid, stamps={}, power_w=math.nan))
    assert "PointsMissing" in codes(found(blind, offered))


@pytest.mark.parametrize(
    ("role", "thing", "values"),
    [
        ("grid", "grid", {"power_w": 6e7}),
        ("grid", "grid", {"frequency_hz": 0.05}),
        ("load", "line1", {"power_w": 1e6}),
        ("solar", "pv1", {"power_w": -1e6}),
        ("converter", "b1", {"power_w": 5e5}),
        ("battery", "b1", {"soc": 51.0}),
        ("battery", "b1", {"cell_voltage_max_v": 33.0}),
        ("battery", "b1", {"cell_temperature_min_degc": 250.0}),
        ("battery", "b1", {"discharge_limit_w": -5e3}),
    ],
)
def test_what_cannot_be_is_told_with_what_could(role, thing, values):
    readings = a_twin(SITE, meter_delay_s=0.0).read()
    healthy = readings.grid if role == "grid" else getattr(readings, role)[thing]
    wrong = replace(healthy, **values)
    changed: dict[str, Any] = {role: wrong if role == "grid" else {**getattr(readings, role), thing: wrong}}
    readings = replace(readings, **changed)
    named = [finding for finding in found(readings) if finding.verdict.code == "Implausible"]
    assert len(named) == 1
    assert named[0].mark is Mark.FAILED
    assert named[0].target == next(device for device, r, t in SITE.roles() if (r, t) == (role, thing))


def test_volts_of_the_battery_are_its_cells_in_series():
    readings = a_twin(SITE, meter_delay_s=0.0).read()
    tenth = replace(readings.battery["b1"], dc_voltage_v=0.1 * readings.battery["b1"].dc_voltage_v)
    assert "VoltageDiffers" in codes(found(replace(readings, battery={"b1": tenth})))


def test_meters_that_do_not_add_up_are_noted():
    readings = a_twin(SITE, meter_delay_s=0.0).read()
    turned = replace(readings, grid=replace(readings.grid, power_w=-readings.grid.power_w))
    assert "BalanceOff" in codes(found(turned))


def test_every_role_is_looked_at():
    assert {role for role, _ in OFFERED} == set(ROLES)
    assert LoadReading in ROLES.values()
