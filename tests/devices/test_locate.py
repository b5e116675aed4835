"""Placing a map: strides, rooms, ratings, and what is written in one frame."""

import numpy as np
import pytest

from leyden.devices.codec import decode
from leyden.devices.locate import Locator, MisfitError, MissingFactorError
from leyden.devices.map_file import load_map, parse_map
from leyden.devices.sunspec import laid_out
from leyden.model.site import Layout

CELLS = """\
label = "BMS"
about = "Cells with holes between them"
wire = "modbus"
tested_with = []
[battery.read]
soc = { address = 5, type = "uint16", scale = "1 %" }
cell_voltage_v = { address = 1000, type = "uint32", poll = "bulk", stride = { rack = 400, module = 100 } }
"""


def test_an_array_is_packed_from_the_inside_out():
    [point] = [
        p for p in Locator(load_map("leyden-bms"), {}, Layout(2, 3, 4)).reads("battery") if p.name == "cell_voltage_v"
    ]
    assert point.shape == (2, 3, 4)
    assert np.array_equal(point.registers(), 1000 + np.arange(24))


def test_strides_leave_the_holes_that_the_device_has():
    [_, point] = Locator(parse_map(CELLS, "bms"), {}, Layout(2, 2, 2)).reads("battery")
    firsts = point.registers().reshape(2, 2, 2, 2)[..., 0]
    assert firsts.tolist() == [[[1000, 1002], [1100, 1102]], [[1400, 1402], [1500, 1502]]]


@pytest.mark.parametrize("layout", [Layout(101, 1, 1), Layout(40, 20, 40)])
def test_more_than_a_map_has_room_for_is_told(layout):
    with pytest.raises(MisfitError, match=r"leyden-bms: \w+ runs into \w+ at \d+: too many cells for it"):
        Locator(load_map("leyden-bms"), {}, layout).reads("battery")


def test_registers_beyond_the_last_are_told():
    with pytest.raises(MisfitError, match="beyond 65535"):
        Locator(parse_map(CELLS, "bms"), {}, Layout(200, 1, 2)).reads("battery")


def test_cells_need_a_layout():
    with pytest.raises(MisfitError, match=r"battery.rack_soc needs a layout"):
        Locator(load_map("leyden-bms"), {}).reads("battery")


SHARE = """\
label = "Inverter"
about = "Limited in percent"
wire = "modbus"
tested_with = []
[solar.read]
limit_w = { address = 10, type = "uint16", scale = "1 %", share_of_rating = true }
"""


def test_a_share_of_the_rating_needs_the_rating():
    device_map = parse_map(SHARE, "share")
    with pytest.raises(MisfitError, match=r"share: solar.limit_w is a share of the rated power, which nobody says"):
        Locator(device_map, {}).reads("solar")
    [limit] = Locator(device_map, {}, rated_w=2e6).reads("solar")
    assert decode(limit.coding, (75,)) == 1.5e6


def test_a_limit_is_enabled_and_written_in_one_frame():
    device_map = load_map("sunspec-inverter")
    bases, _ = laid_out(device_map.models)
    limit = Locator(device_map, bases, rated_w=2e6).writes("solar")["limit_w"]
    factors = {bases[704] + 54: -2}
    assert limit.frames(1.5e6, factors) == ((bases[704] + 14, (1, 7500)),)
    assert limit.released(factors) == ((bases[704] + 14, (0,)),)
    with pytest.raises(MissingFactorError):
        limit.frames(1.5e6, {bases[704] + 54: None})


@pytest.mark.parametrize(("factor", "counts"), [(-2, 10_000), (-1, 1000), (0, 100)])
def test_a_limit_reverts_to_all_of_the_rating_whatever_its_scale_factor(factor, counts):
    device_map = load_map("sunspec-inverter")
    bases, _ = laid_out(device_map.models)
    watchdog = Locator(device_map, bases, rated_w=2e6).writes("solar")["watchdog_s"]
    assert watchdog.factor_addresses == {bases[704] + 54}
    assert watchdog.frames(30.0, {bases[704] + 54: factor}) == ((bases[704] + 16, (counts, 1, 0, 30)),)


def test_neighbours_go_out_in_one_frame_and_what_follows_in_the_next():
    device_map = load_map("sunspec-pcs")
    bases, _ = laid_out(device_map.models)
    writes = Locator(device_map, bases).writes("converter")
    base = bases[704]
    factors = {base + 55: 0, base + 57: 0}
    assert writes["setpoint_w"].frames(-1.0, factors) == ((base + 22, (1, 1, 0xFFFF, 0xFFFF)),)
    assert writes["watchdog_s"].frames(30.0, factors) == ((base + 26, (0, 0)), (base + 30, (1, 0, 30)))


def test_reactive_power_carries_its_own_end():
    device_map = load_map("sunspec-pcs")
    bases, _ = laid_out(device_map.models)
    write, base = Locator(device_map, bases).writes("converter")["setpoint_var"], bases[704]
    assert write.about.ends
    reverts, lasts = (base + 40, (0, 0)), (base + 44, (1, 0, 45))
    assert write.frames(7.0, {base + 57: 0}, 45.0) == (reverts, lasts, (base + 35, (1, 4, 0, 0, 7)))


def test_points_of_a_model_that_the_device_lacks_are_not_there():
    device_map = load_map("sunspec-pcs")
    bases, _ = laid_out(device_map.models)
    without = {model: base for model, base in bases.items() if model != 715}
    assert "run" not in Locator(device_map, without).writes("converter")
    assert "run" in Locator(device_map, bases).writes("converter")
