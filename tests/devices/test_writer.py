"""Devices are taken over, told, and handed back; silent, not one write function code goes over the wire."""

import math
from dataclasses import replace

import pytest

from leyden.devices import FieldPlant, load_map
from leyden.devices.budget import WriteCounts
from leyden.devices.field_plant import NotTakenOverError
from leyden.devices.map_file import parse_map
from leyden.model.link_fault import LinkFault
from leyden.model.setpoint import Setpoint
from leyden.pcs import Generator
from leyden.pcs.converter import Pcs, PcsRating, Surroundings
from leyden.pcs.converter import advance as pcs_advance
from leyden.pcs.converter import told as pcs_told
from leyden.pcs.generator import advance
from leyden.pcs.generator import told as sun_told
from tests.devices.places import RATED_W, same
from tests.devices.worlds import MAPS, changed, world

DISCHARGE_W = 5e5
PCS = """\
label = "PCS"
about = "A converter"
wire = "modbus"
tested_with = []
[converter]
idle = "zero"
[converter.read]
power_w = { address = 10, type = "int32", poll = "control" }
setpoint_w = { address = 20, type = "int32", poll = "control" }
[converter.write]
setpoint_w = { address = 20, type = "int32", read_back = "setpoint_w", dead_band = "1 kW" }
run = { address = 22, type = "uint16", volatile = true, read_back = "none" }
"""
ENDING = PCS.replace('idle = "zero"', 'idle = "zero"\nwatchdog = "30 s"').replace(
    'dead_band = "1 kW"', 'volatile = true, before = [{ address = 30, lasts = "1 s" }]'
)
UNWATCHED = {"pcs1": {"accept_no_watchdog": True}}


def forced(servers):
    """As a run that was killed left it: the converter discharges, the sun has a ceiling."""
    point = next(spot.write for spot in servers["pcs1"]._spots if spot.write.point.name == "setpoint_w")
    for address, registers in point.frames(DISCHARGE_W, {point.point.factor_address: 0}):
        servers["pcs1"].write(address, b"".join(one.to_bytes(2, "big") for one in registers))
    servers["pcs1"].update("converter", changed("converter", setpoint_w=DISCHARGE_W))
    if "inv1" in servers:
        limit = next(spot.write for spot in servers["inv1"]._spots if spot.write.point.name == "limit_w")
        for address, registers in limit.frames(6e5, {limit.point.factor_address: -2}):
            servers["inv1"].write(address, b"".join(one.to_bytes(2, "big") for one in registers))
        servers["inv1"].update("solar", changed("solar", limit_w=6e5))


async def test_shadow_sends_no_write_function_code_from_start_to_stop():
    async with world(*MAPS, armed=False, before=forced, tapped=True) as here:
        assert not here.plant.armed
        for _ in range(20):
            here.plant.write({"b1": Setpoint(3e5, 1e4), "pv1": Setpoint(1e5), "w1": Setpoint(0.0, run=False)})
            await here.turn(5.0)
        await here.quiet()
        await here.plant.stop()
        assert all(tap.codes[3] + tap.codes[4] > 10 for tap in here.taps.values())
        assert {name: tap.writes for name, tap in here.taps.items()} == dict.fromkeys(MAPS, 0)
        assert here.told == []
        assert set(here.plant.writes().values()) == {type(here.plant.writes()["pcs1"])(0, 0, None, 0)}


async def test_disarmed_it_hands_back_and_is_silent_and_armed_again_it_writes_again():
    async with world("pcs1", "bms1", "inv1", tapped=True) as here:
        await here.hold(3, b1=Setpoint(DISCHARGE_W, 2e4), pv1=Setpoint(4e5))
        assert here.written("pcs1")["setpoint_w"] == DISCHARGE_W
        assert await here.plant.disarm() == {}
        assert not here.plant.armed
        assert (here.written("pcs1")["setpoint_w"], here.written("pcs1")["setpoint_var"]) == (0.0, 0.0)
        assert here.written("pcs1")["run"] == 1.0  # what a person stopped stays stopped, what ran runs
        assert here.written("inv1")["limit_w"] == math.inf
        here.told.clear()
        before = {name: tap.writes for name, tap in here.taps.items()}
        await here.hold(40, b1=Setpoint(DISCHARGE_W), pv1=Setpoint(4e5))
        assert here.told == []
        assert {name: tap.writes for name, tap in here.taps.items()} == before
        await here.plant.arm()
        await here.hold(2, b1=Setpoint(DISCHARGE_W), pv1=Setpoint(4e5))
        assert here.written("pcs1")["setpoint_w"] == DISCHARGE_W
        assert same(here.written("inv1")["limit_w"], 4e5, 200.0)


async def test_what_a_dead_run_left_in_force_is_cancelled_before_anything_is_decided():
    async with world("pcs1", "bms1", "inv1", before=forced) as here:
        found = {one.point: one for one in here.plant.found}
        assert set(found) == {"setpoint_w", "limit_w"}
        assert (found["setpoint_w"].device, found["setpoint_w"].thing) == ("pcs1", "b1")
        assert (found["setpoint_w"].value, found["setpoint_w"].cancelled) == (DISCHARGE_W, True)
        assert same(found["limit_w"].value, 6e5, 200.0)
        assert [values for name, _, values in here.told if name == "pcs1"] == [{"setpoint_w": 0.0}]
        assert here.written("inv1")["limit_w"] == math.inf
        assert here.plant.read().converter["b1"].setpoint_w == 0.0
        said = {condition.key: condition for condition in here.plant.conditions()}
        assert set(said) == {"forced-mode:pcs1:converter.setpoint_w", "forced-mode:inv1:solar.limit_w"}
        assert said["forced-mode:pcs1:converter.setpoint_w"].priority == 3
        assert (
            said["forced-mode:pcs1:converter.setpoint_w"].text.en
            == "pcs1 was told active power 500 kW; it was cancelled"
        )
        await here.clock.advance(601.0)
        assert list(here.plant.conditions()) == []


async def test_in_shadow_nothing_is_cancelled_until_it_is_armed():
    async with world("pcs1", "bms1", before=forced, armed=False) as here:
        assert here.told == []
        assert here.plant.found == ()
        await here.plant.arm()
        assert here.plant.armed
        assert [one.value for one in here.plant.found] == [DISCHARGE_W]
        assert here.told[0] == ("pcs1", "converter", {"setpoint_w": 0.0})


async def test_devices_at_rest_are_not_touched_when_they_are_taken_over():
    async with world("pcs1", "bms1", "inv1", tapped=True) as here:
        assert here.plant.found == ()
        assert here.taps["pcs1"].writes + here.taps["inv1"].writes == 0
        here.plant.write({"pv1": Setpoint(math.inf)})
        await here.turn()
        await here.quiet()
        assert here.taps["inv1"].codes[16] == 1  # to run; there is no ceiling to take away


async def test_a_device_that_comes_late_is_taken_over_when_it_comes():
    def dead(servers):
        forced(servers)
        servers["pcs1"].fault = LinkFault("silent")

    async with world("pcs1", "bms1", before=dead, timeouts_s={"pcs1": 0.2}) as here:
        assert here.plant.found == ()
        here.servers["pcs1"].fault = None
        await here.in_time(lambda: here.plant.found)
        assert here.told[0] == ("pcs1", "converter", {"setpoint_w": 0.0})


async def test_a_device_that_is_lost_and_found_keeps_what_it_was_told():
    async with world("pcs1", "bms1") as here:
        await here.hold(2, b1=Setpoint(DISCHARGE_W))
        here.servers["pcs1"].cut()
        here.told.clear()
        await here.in_time(lambda: here.plant.links()["pcs1"].error is None)
        await here.hold(2, b1=Setpoint(DISCHARGE_W))
        assert 0.0 not in [values["setpoint_w"] for _, _, values in here.told if "setpoint_w" in values]
        assert here.plant.found == ()


async def test_what_could_not_be_handed_back_is_told_and_handed_back_when_asked_again():
    async with world("pcs1", "bms1", timeouts_s={"pcs1": 0.3}) as here:
        await here.hold(2, b1=Setpoint(DISCHARGE_W))
        here.servers["pcs1"].fault = LinkFault("silent")
        left = await here.plant.disarm()
        assert set(left) == {"pcs1"}
        assert "no answer" in left["pcs1"].en
        here.servers["pcs1"].fault = None
        here.told.clear()
        await here.in_time(lambda: here.plant.links()["pcs1"].error is None)
        assert here.told == []
        assert await here.plant.disarm() == {}
        assert here.written("pcs1")["setpoint_w"] == 0.0


async def test_a_device_that_keeps_to_what_it_was_told_cannot_be_taken_over():
    async with world("pcs1", "bms1", before=forced, armed=False) as here:
        here.servers["pcs1"].write = lambda address, data: None
        with pytest.raises(
            NotTakenOverError, match="pcs1: read-back: setpoint_w was set to 0 W, the device says 500 kW"
        ):
            await here.plant.arm()
        assert not here.plant.armed


async def test_an_inverters_limit_is_guarded_and_one_without_a_limit_is_left_in_peace():
    async with world("inv1", tapped=True) as here:
        await here.hold(20, pv1=Setpoint(4e5))
        heard = [values for name, _, values in here.told if name == "inv1"]
        assert [values["watchdog_s"] for values in heard if "watchdog_s" in values] == [30.0, 30.0]
        assert len([values for values in heard if "limit_w" in values]) == 2
        await here.hold(1, pv1=Setpoint(math.inf))
        assert here.written("inv1")["limit_w"] == math.inf
        before = here.taps["inv1"].writes
        await here.hold(60, pv1=Setpoint(RATED_W))
        assert here.taps["inv1"].writes == before
        assert here.plant.read().solar["pv1"].limit_w == RATED_W


async def test_a_source_that_may_not_be_curtailed_is_never_written_to():
    async with world("inv1", tapped=True) as here:
        fixed = replace(here.plant._site.solar[0], curtail=False)
        site = replace(here.plant._site, solar=(fixed,))
        await here.plant.stop()
        before = here.taps["inv1"].codes.total()
        plant = FieldPlant(site, {name: load_map(MAPS[name]) for name in ("gate", "inv1")}, here.clock)
        await plant.start()
        plant.write({"pv1": Setpoint(1e5)})
        await here.clock.advance(1.0)
        await plant.poll(20.0)
        await plant.stop()
        assert here.taps["inv1"].codes.total() > before
        assert here.taps["inv1"].writes == 0
        assert plant.writes() == {}


async def test_a_device_without_a_watchdog_gets_no_commands_unless_that_is_accepted():
    pcs = parse_map(PCS, "pcs")
    async with world("pcs1", "bms1", maps={"pcs1": pcs}, tapped=True) as here:
        await here.hold(5, b1=Setpoint(DISCHARGE_W))
        assert here.taps["pcs1"].writes == 0
        said = {condition.key: condition for condition in here.plant.conditions()}
        assert said["no-watchdog:pcs1"].priority == 2
        assert "accept_no_watchdog = true" in said["no-watchdog:pcs1"].advice.en
        assert not next(one for one in here.plant.found).cancelled
    async with world("pcs1", "bms1", maps={"pcs1": pcs}, options=UNWATCHED) as here:
        await here.hold(2, b1=Setpoint(DISCHARGE_W))
        assert here.written("pcs1")["setpoint_w"] == DISCHARGE_W
        assert "no-watchdog:pcs1" not in {condition.key for condition in here.plant.conditions()}


async def test_a_command_that_carries_its_own_end_needs_no_watchdog_and_is_renewed_in_time():
    async with world("pcs1", "bms1", maps={"pcs1": parse_map(ENDING, "pcs")}) as here:
        await here.hold(40, b1=Setpoint(DISCHARGE_W))
        assert here.servers["pcs1"].read("holding", 30, 1) == (30).to_bytes(2, "big")
        heard = [values["setpoint_w"] for _, _, values in here.told if "setpoint_w" in values]
        assert heard == [0.0, *[DISCHARGE_W] * 3]  # cancelled at the start, then at 1 s, 16 s and 31 s
        await here.hold(1, b1=Setpoint(0.0))
        before = len(here.told)
        await here.hold(40, b1=Setpoint(0.0))
        assert len(here.told) == before  # a command at rest needs no end


class Kept:
    """A store of counts that outlives plants."""

    def __init__(self) -> None:
        self.counts: WriteCounts | None = None

    def load(self):
        return self.counts

    def save(self, counts: WriteCounts) -> None:
        self.counts = counts


async def test_stored_values_have_a_budget_that_outlives_restarts_and_never_holds_up_a_zero():
    kept = Kept()
    options = {"pcs1": {"accept_no_watchdog": True, "writes_per_day": 5}}
    around = {"maps": {"pcs1": parse_map(PCS, "pcs")}, "options": options, "counts": kept}
    async with world("pcs1", "bms1", **around) as here:
        for step in range(1, 4):
            await here.hold(2, b1=Setpoint(step * 1e5))
        await here.hold(3, b1=Setpoint(3.005e5))  # within the dead band
        writes = here.plant.writes()["pcs1"]
        assert (writes.persistent_today, writes.budget, writes.refused_today) == (4, 5, 0)  # one cancelled the old one
    assert kept.counts is not None
    assert kept.counts.counts == {"pcs1": 5}  # it was handed back
    async with world("pcs1", "bms1", **around) as here:
        assert here.plant.writes()["pcs1"].persistent_today == 6  # cancelling is a zero
        here.told.clear()
        await here.hold(5, b1=Setpoint(2e5))
        assert [values for _, _, values in here.told if "setpoint_w" in values] == []
        assert here.plant.writes()["pcs1"].refused_today == 1
        [said] = [one for one in here.plant.conditions() if one.key == "write-budget:pcs1"]
        assert said.priority == 2
        assert said.text.en.startswith("pcs1 stores its active power, and today's 5 writes are used up")
        await here.hold(1, b1=Setpoint(0.0))
        assert "write-budget:pcs1" not in {one.key for one in here.plant.conditions()}
        await here.clock.advance(86400.0)
        await here.hold(2, b1=Setpoint(2e5))
        assert here.written("pcs1")["setpoint_w"] == 2e5
        assert here.plant.writes()["pcs1"].persistent_today == 1


async def test_another_master_is_told_and_not_fought_until_a_person_says_so():
    async with world("pcs1", "bms1") as here:
        await here.hold(3, b1=Setpoint(DISCHARGE_W))
        server = here.servers["pcs1"]
        server.update("converter", changed("converter", setpoint_w=DISCHARGE_W))
        await here.hold(2, b1=Setpoint(DISCHARGE_W))
        server.update("converter", changed("converter", setpoint_w=-1e5))  # the other one
        here.told.clear()
        await here.hold(40, b1=Setpoint(DISCHARGE_W))
        assert here.told == []  # not even the watchdog is fed: it is not our command
        [said] = here.plant.conditions()
        assert said.key == "another-master:pcs1:converter.setpoint_w"
        assert said.priority == 2
        assert said.text.en.startswith("another master writes active power of pcs1: −100 kW")
        await here.hold(2, b1=Setpoint(DISCHARGE_W, run=False))  # a stop yields to nobody
        assert ("pcs1", "converter", {"run": 0.0}) in here.told
        assert here.plant.acknowledge(said.key)
        assert not here.plant.acknowledge("device-silent:pcs1")
        await here.hold(1, b1=Setpoint(DISCHARGE_W))
        assert list(here.plant.conditions()) == []
        assert here.written("pcs1")["setpoint_w"] == DISCHARGE_W


async def test_another_master_of_the_reactive_power_is_seen_in_its_registers():
    async with world("pcs1", "bms1") as here:
        await here.hold(2, b1=Setpoint(0.0, 3e4))
        await here.hold(8, b1=Setpoint(0.0, 3e4))
        write = next(spot.write for spot in here.servers["pcs1"]._spots if spot.write.point.name == "setpoint_var")
        factor = here.servers["pcs1"].read("holding", write.point.factor_address, 1)
        assert factor == b"\0\0"
        here.servers["pcs1"].write(write.point.address, (7000).to_bytes(4, "big"))
        await here.hold(15, b1=Setpoint(0.0, 3e4))
        [said] = here.plant.conditions()
        assert said.text.en.startswith("another master writes reactive power of pcs1: 7 kvar")


async def test_what_another_master_holds_is_left_to_it():
    async with world("pcs1", "bms1") as here:
        await here.hold(3, b1=Setpoint(DISCHARGE_W))
        here.servers["pcs1"].update("converter", changed("converter", setpoint_w=DISCHARGE_W))
        await here.hold(1, b1=Setpoint(DISCHARGE_W))
        here.servers["pcs1"].update("converter", changed("converter", setpoint_w=-1e5))
        await here.hold(3, b1=Setpoint(DISCHARGE_W))
        here.told.clear()
        await here.plant.disarm()
        assert [values for _, _, values in here.told if "setpoint_w" in values] == []
        await here.plant.arm()  # armed anew, it is ours again
        assert [one.value for one in here.plant.found] == [-1e5]
        assert here.told[-1][2] == {"setpoint_w": 0.0} or here.written("pcs1")["setpoint_w"] == 0.0


async def test_the_last_frames_are_kept_as_they_stood_on_the_wire():
    async with world("pcs1", "bms1", tapped=True) as here:
        begin_s = here.clock.elapsed_s()
        await here.hold(2, b1=Setpoint(DISCHARGE_W))
        frames = here.plant.frames.between(begin_s, here.clock.elapsed_s())
        assert {frame.device for frame in frames} == {"gate", "pcs1", "bms1"}
        sent = [frame.data for frame in frames if frame.device == "pcs1" and frame.direction == "sent"]
        assert len(here.plant.frames) >= sum(tap.codes.total() for tap in here.taps.values())
        assert {data[7] for data in sent} == {3, 16}
        assert sum(data[7] == 16 for data in sent) == here.taps["pcs1"].writes
        came = [frame for frame in frames if frame.device == "pcs1" and frame.direction == "came"]
        assert {frame.data[:2] for frame in came} == {data[:2] for data in sent}
        await here.turn(901.0)
        assert here.plant.frames.between(0.0, begin_s + 10.0) == []


async def test_what_is_stored_already_is_not_stored_again():
    def resting(servers):
        servers["pcs1"].update("converter", changed("converter", setpoint_w=0.0))

    pcs = parse_map(PCS, "pcs")
    async with world("pcs1", "bms1", maps={"pcs1": pcs}, options=UNWATCHED, before=resting) as here:
        await here.hold(20, b1=Setpoint(0.0))
        assert here.plant.writes()["pcs1"].persistent_today == 0
        assert here.written("pcs1") == {"run": 1.0}


async def test_when_everything_of_ours_is_dead_the_twins_inverter_frees_itself_and_its_converter_rests():
    async with world("pcs1", "bms1", "inv1") as here:
        generator, pcs = Generator(), Pcs()
        rating = PcsRating(1.5e6, 1.65e6, 1e6)

        def sun(role, values):
            nonlocal generator
            generator = sun_told(generator, values)

        def battery(role, values):
            nonlocal pcs
            pcs = pcs_told(pcs, rating, values)

        here.servers["inv1"].on_write, here.servers["pcs1"].on_write = sun, battery
        await here.hold(2, b1=Setpoint(DISCHARGE_W, 1e4), pv1=Setpoint(4e5))
        assert same(generator.limit_w, 4e5, 200.0)
        assert (generator.watchdog_s, pcs.watchdog_s) == (30.0, 30.0)
        assert pcs.echo.power_w == DISCHARGE_W
        for _ in range(31):
            generator = advance(generator, 1e6, RATED_W, 1.0)
            pcs = pcs_advance(pcs, rating, Surroundings(1e6, 1e6), 1.0)
        assert generator.limit_w == math.inf
        assert (pcs.echo.power_w, pcs.echo.reactive_power_var) == (0.0, 0.0)


async def test_a_watchdog_outlasts_a_stumble_of_ours():
    async with world("pcs1", "bms1", stumble_s=30.0) as here:
        await here.hold(2, b1=Setpoint(DISCHARGE_W))
        assert here.written("pcs1")["watchdog_s"] == 60.0
