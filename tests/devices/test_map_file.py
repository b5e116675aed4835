"""Maps as people write them: the shipped ones are sound, and every slip is told with its line and its mend."""

import re

import pytest

from leyden.devices import UnknownMapError, load_map, map_names
from leyden.devices.map import WRITE_POINTS
from leyden.devices.map_file import SHIPPED, parse_map
from leyden.model.points import points_of
from leyden.model.problem import SiteFileError
from leyden.model.readings import ROLES
from leyden.model.states import ConverterState

METER = """\
label = { zh = "电表", en = "Meter" }
about = "A meter"
wire = "modbus"
tested_with = []
[grid.read]
power_w = { address = 10, type = "int32", scale = "0.1 W", poll = "control" }
"""

PCS = """\
label = "PCS"
about = "A converter"
wire = "modbus"
tested_with = []
[converter]
watchdog = "10 s"
idle = "zero"
[converter.read]
power_w = { address = 10, type = "int16", scale = "100 W", sign = -1, poll = "control" }
setpoint_w = { address = 20, type = "int16", scale = "100 W", sign = -1, poll = "control" }
state = { address = 11, type = "uint16", states = { off = [0], running = [1, 2] } }
[converter.write]
setpoint_w = { address = 20, type = "int16", scale = "100 W", sign = -1, read_back = "setpoint_w" }
watchdog_s = { address = 21, type = "uint16", volatile = true }
run = { address = 22, type = "uint16", on = 0xCF, off = 0xCE }
"""


@pytest.mark.parametrize("name", map_names())
def test_a_shipped_map_is_whole(name):
    device_map = load_map(name)
    assert device_map.label.zh != device_map.label.en
    assert re.search("[\u4e00-\u9fff]", device_map.about.zh)
    assert device_map.tested_with
    assert len(device_map.digest) == 64
    for role, said in device_map.roles.items():
        assert set(said.read) <= {point.name for point in points_of(ROLES[role])}
        assert set(said.write) <= set(WRITE_POINTS.get(role, ()))
        for write in said.write.values():
            if write.read_back in said.read:  # what is written and its echo must be the same thing
                echo = said.read[write.read_back]
                assert (echo.place, echo.coding, echo.factor) == (write.place, write.coding, write.factor)


def test_only_the_counters_that_a_meter_must_have_cannot_be_missing():
    mute = {
        (name, point.name)
        for name in map_names()
        for role in load_map(name).roles.values()
        for point in role.read.values()
        if not point.coding.missing
    }
    assert mute == {("sunspec-meter", "energy_out_wh"), ("sunspec-meter", "energy_in_wh")}


def test_the_shipped_maps_play_every_role():
    assert {role for name in map_names() for role in load_map(name).roles} == set(ROLES)


@pytest.mark.parametrize(("role", "sign"), [("grid", 1), ("load", -1)])
def test_only_the_map_turns_a_load_round(role, sign):
    assert load_map("sunspec-meter").roles[role].read["power_w"].coding.sign == sign


def test_a_map_says_what_it_says():
    role = parse_map(PCS, "pcs").roles["converter"]
    power = role.read["power_w"]
    assert (power.place.offset, power.coding.scale, power.coding.sign, power.poll) == (10, 100.0, -1, "control")
    assert role.read["state"].coding.states == {
        0: ConverterState.OFF, 1: ConverterState.RUNNING, 2: ConverterState.RUNNING
    }  # fmt: skip
    assert role.watchdog_s == 10.0
    assert role.idle == "zero"
    assert role.write["run"].coding.states == {0xCF: 1, 0xCE: 0}


def test_flat_maps_know_no_missing_bits_unless_they_say_so():
    plain = parse_map(METER, "meter").roles["grid"].read["power_w"].coding
    assert plain.missing == ()
    said = parse_map(METER.replace("tested_with", 'missing = "sunspec"\ntested_with'), "meter")
    assert said.roles["grid"].read["power_w"].coding.missing == (0x8000_0000,)
    own = parse_map(METER.replace('"int32",', '"int32", missing = [-1],'), "meter")
    assert own.roles["grid"].read["power_w"].coding.missing == (0xFFFF_FFFF,)


def test_a_role_can_be_like_another():
    text = METER.replace("[grid.read]", "[solar.read]") + '[wind]\nlike = "solar"\n'
    device_map = parse_map(text, "meter")
    assert device_map.roles["wind"].read == device_map.roles["solar"].read


def test_a_map_of_the_sites_folder_comes_before_the_shipped_one(tmp_path):
    (tmp_path / "sunspec-meter.toml").write_text(METER, encoding="utf-8")
    (tmp_path / "acme.toml").write_text(METER, encoding="utf-8")
    assert load_map("sunspec-meter", [tmp_path]).label.en == "Meter"
    assert load_map("acme", [tmp_path]).label.zh == "电表"
    assert set(map_names([tmp_path])) == {"acme", *map_names()}


def test_an_unknown_map_tells_those_there_are():
    with pytest.raises(UnknownMapError, match=r"no device map 'sunspec'; there are: leyden-bms, sunspec-inverter"):
        load_map("sunspec")


def test_the_digest_follows_the_text():
    assert parse_map(METER, "meter").digest != parse_map(METER + "\n", "meter").digest


WRONG = {
    "unknown point": (METER.replace("power_w", "powr_w"), 6, "[grid.read] powr_w", "did you mean power_w?"),
    "unknown key": (METER.replace("poll", "pol"), 6, "[grid.read] power_w.pol", "did you mean poll?"),
    "unknown type": (METER.replace("int32", "int3"), 6, "power_w.type", 'expected one of "int16", "uint16"'),
    "wrong unit": (METER.replace("0.1 W", "0.1 V"), 6, "power_w.scale", "W"),
    "no number": (METER.replace('"0.1 W"', "true"), 6, "power_w.scale", "above 0"),
    "negative scale": (METER.replace('"0.1 W"', "-1"), 6, "power_w.scale", "sign = -1"),
    "no place": (METER.replace("address = 10, ", ""), 6, "power_w", "give address, or model and offset"),
    "two places": (METER.replace("address = 10", "address = 10, model = 1"), 6, "power_w", "give address"),
    "no such model": (METER.replace("address = 10", "model = 203, offset = 5"), 6, "power_w.model", "[[model]]"),
    "address too large": (METER.replace("10,", "70000,"), 6, "power_w.address", "65535"),
    "empty range": (METER.replace('poll = "control"', "low = 2.0, high = 1.0"), 6, "power_w.low", "below high"),
    "unknown wire": (METER.replace('"modbus"', '"smoke"'), 3, "wire", 'expected one of "modbus"'),
    "no label": (METER.replace("label", "labl"), 1, "labl", "did you mean label?"),
    "no role": (METER.split("[grid")[0], 0, "", "add at least one role"),
    "stride along what it is not": (
        METER.replace('poll = "control"', "stride = { rack = 4 }"), 6, "power_w.stride.rack", "known here"
    ),
    "unknown state": (PCS.replace("off = [0]", "of = [0]"), 11, "state.states.of", "did you mean off?"),
    "no states": (PCS.replace(", states = { off = [0], running = [1, 2] }", ""), 11, "state.states", "running"),
    "float states": (PCS.replace('11, type = "uint16"', '11, type = "float32"'), 11, "state.type", "whole-number"),
    "unknown write": (PCS.replace("\nrun =", "\nran ="), 15, "[converter.write] ran", "did you mean run?"),
    "no such echo": (PCS.replace('read_back = "setpoint_w"', 'read_back = "echo"'), 13, "read_back", "registers"),
    "no idle": (PCS.replace('idle = "zero"\n', ""), 5, "converter", 'idle = "zero"'),
    "unknown idle": (PCS.replace('"zero"', '"nil"'), 7, "idle", 'expected one of "zero", "release"'),
    "idle without a command": (METER.replace("[grid.read]", '[grid]\nidle = "zero"\n[grid.read]'), 6, "idle", "remove"),
    "nothing to release": (PCS.replace('"zero"', '"release"'), 13, "setpoint_w.release", "release = [...]"),
    "watchdog without a write": (
        PCS.replace('\nwatchdog_s = { address = 21, type = "uint16", volatile = true }', ""),
        6, "watchdog", "write.watchdog_s",
    ),
    "a stored watchdog": (PCS.replace(", volatile = true", ""), 14, "watchdog_s.volatile", "volatile = true"),
    "an end without a time": (
        PCS.replace('watchdog = "10 s"\n', "").replace(
            'read_back = "setpoint_w" }', 'volatile = true, before = [{ address = 9, lasts = "1 s" }] }'
        ),
        5, "converter", 'watchdog = "60 s"',
    ),
    "a stored end": (
        PCS.replace('read_back = "setpoint_w" }', 'before = [{ address = 9, lasts = "1 s" }] }'),
        13, "setpoint_w.volatile", "volatile = true",
    ),
    "nothing to hold": (
        PCS.replace('read_back = "setpoint_w" }', "before = [{ address = 9 }] }"), 13, "before", "give value, or lasts"
    ),
    "a dead band in amperes": (
        PCS.replace('read_back = "setpoint_w" }', 'dead_band = "1 A" }'), 13, "dead_band", "W"
    ),
    "a dead band below nothing": (
        PCS.replace('read_back = "setpoint_w" }', "dead_band = -1.0 }"), 13, "dead_band", "0 or more"
    ),
    "like nothing": (METER + '[load]\nlike = "solar"\n', 8, "[load] like", "known here"),
    "no TOML": (METER.replace('"int32"', "int32"), 6, "", "not valid TOML"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "mend"), WRONG.values(), ids=WRONG)
def test_a_slip_is_told_with_its_line_key_and_mend(text, line, key, mend):
    with pytest.raises(SiteFileError) as told:
        parse_map(text, "acme")
    problem = next(p for p in told.value.problems if key in p.key and mend in p.mend.en)
    assert (problem.file, problem.line) == ("acme.toml", line)
    assert re.search("[\u4e00-\u9fff]", problem.mend.zh)


def test_a_model_offset_beyond_its_length_is_told():
    text = (SHIPPED / "sunspec-meter.toml").read_text(encoding="utf-8").replace("offset = 46", "offset = 106")
    with pytest.raises(SiteFileError, match=r"energy_out_wh.offset: found 106: expected 2 to 105"):
        parse_map(text, "acme")
    text = (SHIPPED / "sunspec-meter.toml").read_text(encoding="utf-8").replace("factor = 54", "factor = 107")
    with pytest.raises(SiteFileError, match=r"energy_in_wh.scale_factor: found 107: expected 2 to 106"):
        parse_map(text, "acme")


def test_all_slips_are_told_at_once():
    with pytest.raises(SiteFileError) as told:
        parse_map(PCS.replace("100 W", "100 V").replace("\nrun =", "\nran ="), "acme")
    assert [problem.line for problem in told.value.problems] == [9, 10, 13, 15]
