"""Devices that are dead, slow, failing, torn off or somebody else: they are told, and hold up nobody."""

import asyncio
import math
from dataclasses import replace

import pytest

from leyden.devices import DeviceServer, FieldPlant, MisfitError, load_map
from leyden.model.link_fault import LinkFault
from leyden.model.quality import Quality
from leyden.model.readings import GridReading
from leyden.model.setpoint import Setpoint
from leyden.model.site import Layout
from tests.devices.places import READINGS, HandClock, device, park
from tests.devices.worlds import PATIENCE_S, world

SOON = {"line": 0.2}
"""A device that is silent is given up soon."""


async def test_a_dead_device_goes_stale_then_bad_and_comes_back():
    async with world("line", timeouts_s=SOON) as here:
        here.servers["line"].fault = LinkFault("silent")
        await here.turn(1.0)
        await here.until(lambda: here.plant.links()["line"].error is not None)
        assert here.plant.read().load["line1"].stamp("power_w").quality is Quality.GOOD
        await here.turn(2.5)
        load = here.plant.read().load["line1"]
        assert load.stamp("power_w").quality is Quality.STALE
        assert load.power_w == -2.9e6
        assert math.isnan(load.good("power_w"))
        assert here.plant.links()["line"].state == "offline"
        assert here.plant.read().grid.good("power_w") == 2.1e6
        await here.turn(30.0)
        assert here.plant.read().load["line1"].stamp("power_w").quality is Quality.BAD
        assert math.isnan(here.plant.read().load["line1"].power_w)
        here.servers["line"].fault = None
        await here.in_time(lambda: here.plant.read().load["line1"].good("power_w") == -2.9e6)
        assert here.plant.links()["line"].state == "online"
        assert here.plant.links()["line"].error is None


async def test_a_device_that_answers_exceptions_goes_stale():
    async with world("line") as here:
        here.servers["line"].fault = LinkFault("exceptions")
        for _ in range(4):
            await here.turn()
        link = here.plant.links()["line"]
        assert link.state == "stale"
        assert link.error is not None
        assert "exception 4 (device failure)" in link.error.en
        here.servers["line"].fault = None
        await here.turn()
        assert here.plant.links()["line"].state == "online"


@pytest.mark.parametrize("fault", [LinkFault("silent"), LinkFault("slow", 3600.0), LinkFault("exceptions")])
async def test_a_dead_slow_or_failing_device_holds_up_nobody(fault):
    waits_s = {"line": 0.2 if fault.kind == "silent" else 3600.0}
    async with world("line", "bms1", "pcs1", timeouts_s=waits_s) as here:
        here.servers["line"].fault = fault
        await here.clock.advance(1.0)
        await here.plant.poll(0.3)  # the first poll may wait for it
        for _ in range(4):
            await here.clock.advance(1.0)
            async with asyncio.timeout(PATIENCE_S):
                await here.plant.poll(3600.0)  # the slow one answers within its time-out, but nobody waits for it
            readings = here.plant.read()
            assert readings.grid.stamp("power_w").age_s == 0.0
            assert readings.converter["b1"].stamp("power_w").age_s == 0.0
        here.servers["line"].cut()


async def test_a_device_that_took_longer_last_time_is_asked_but_not_waited_for():
    async with world("line", timeouts_s={"line": 3600.0}) as here:
        here.plant._drivers["line"].took_s = 60.0
        here.servers["line"].fault = LinkFault("slow", 3600.0)
        await here.clock.advance(1.0)
        async with asyncio.timeout(PATIENCE_S):
            await here.plant.poll(59.0)
        await here.asking("line")
        here.servers["line"].cut()


async def test_a_device_that_was_slow_is_waited_for_again_once_it_is_quick():
    async with world("line") as here:
        here.plant._drivers["line"].took_s = 60.0
        await here.turn()
        await here.until(lambda: here.plant.read().load["line1"].stamp("power_w").age_s == 0.0)
        await here.turn()
        assert here.plant.read().load["line1"].stamp("power_w").age_s == 0.0


async def test_a_device_that_is_not_there_at_the_start_is_found_later():
    async with world("line") as here:
        port = await here.servers["line"].start("127.0.0.1", 0)  # only to learn of a free port
        await here.servers["line"].stop()
        site = park(device("gate", "sunspec-meter", port))
        plant = FieldPlant(site, {"gate": load_map("sunspec-meter")}, here.clock)
        await plant.start()
        assert plant.read().grid.stamp("power_w").quality is Quality.BAD
        link = plant.links()["gate"]
        assert (link.state, link.age_s) == ("offline", math.inf)
        assert link.error is not None
        assert "cannot connect" in link.error.en
        server = DeviceServer.for_site(site, "gate", load_map("sunspec-meter"))
        server.update("grid", GridReading(power_w=77.0))
        await server.start()
        await here.clock.advance(1.0)
        await here.until(lambda: plant.read().grid.power_w == 77.0)
        await plant.stop()
        await server.stop()


async def test_attempts_become_rarer_up_to_a_minute():
    async with world() as here:
        port = int(here.plant._site.device("gate").at.rsplit(":", 1)[1].split("/")[0])
        await here.servers["gate"].stop()
        driver = here.plant._drivers["gate"]
        waits = []
        for _ in range(9):
            before = driver._pause_s
            await here.clock.advance(120.0)
            await here.plant.poll(0.01)
            await here.until(lambda before=before: driver._pause_s > before or driver._pause_s == 60.0)
            waits.append(driver._pause_s)
        assert waits[:6] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
        assert waits[-1] == 60.0
        await here.servers["gate"].start("127.0.0.1", port)
        await here.in_time(lambda: here.plant.links()["gate"].state == "online")
        assert driver._pause_s == 1.0


async def test_a_torn_connection_is_made_again_and_everything_is_told_anew():
    async with world("pcs1", "bms1") as here:
        here.plant.write({"b1": Setpoint(5e5)})
        await here.until(lambda: here.written("pcs1").get("setpoint_w") == 5e5)
        here.told.clear()
        here.servers["pcs1"].fault = LinkFault("silent")
        await here.clock.advance(1.0)
        asking = asyncio.create_task(here.plant.poll(PATIENCE_S))
        await here.asking("pcs1")
        here.servers["pcs1"].cut()
        await asking
        here.servers["pcs1"].fault = None
        await here.in_time(lambda: here.plant.links()["pcs1"].error is None)
        here.plant.write({"b1": Setpoint(5e5)})
        await here.until(lambda: here.written("pcs1").get("setpoint_w") == 5e5)
        assert here.written("pcs1")["watchdog_s"] == 30.0


async def test_two_units_behind_one_port():
    first = device("gate", "sunspec-meter", 1, unit=3)
    second = device("line", "sunspec-meter", 1, unit=7, timeout_s=0.2)
    meter = load_map("sunspec-meter")
    draft, clock = park(first, second), HandClock()
    servers = [DeviceServer.for_site(draft, name, meter) for name in ("gate", "line")]
    servers[0].update("grid", READINGS["grid"])
    servers[1].update("load", READINGS["load"])
    port = await servers[0].start("127.0.0.1", 0)
    await servers[1].start("127.0.0.1", port)
    site = park(*(replace(one, at=one.at.replace(":1/", f":{port}/")) for one in (first, second)))
    plant = FieldPlant(site, {"gate": meter, "line": meter}, clock)
    await plant.start()
    assert len(plant._wires) == 1
    assert plant.read().grid.power_w == 2.1e6
    assert plant.read().load["line1"].power_w == -2.9e6
    servers[1].fault = LinkFault("silent")
    for _ in range(3):
        await clock.advance(1.0)
        await plant.poll(PATIENCE_S)
    assert plant.read().grid.stamp("power_w").quality is Quality.GOOD
    assert plant.links()["line"].error is not None
    await plant.stop()
    for server in servers:
        await server.stop()


async def test_a_wrong_unit_is_told():
    async with world() as here:
        port = here.plant._site.device("gate").at.rsplit(":", 1)[1].split("/")[0]
        site = park(device("gate", "sunspec-meter", int(port), unit=9))
        plant = FieldPlant(site, {"gate": load_map("sunspec-meter")}, here.clock)
        await plant.start()
        error = plant.links()["gate"].error
        assert error is not None
        assert "exception 11" in error.en
        await plant.stop()


async def test_another_kind_of_device_than_the_map_is_told():
    async with world() as here:
        port = here.plant._site.device("gate").at.rsplit(":", 1)[1].split("/")[0]
        site = park(
            device("gate", "sunspec-meter", 1),
            device("pcs1", "sunspec-pcs", int(port)),
            device("bms1", "leyden-bms", 1),
        )
        maps = {"gate": load_map("sunspec-meter"), "pcs1": load_map("sunspec-pcs"), "bms1": load_map("leyden-bms")}
        plant = FieldPlant(site, maps, here.clock)
        await plant.start()
        error = plant.links()["pcs1"].error
        assert error is not None
        assert error.en == "the device lacks SunSpec model 701, 704, which its map needs; it has: 1, 203"
        await plant.stop()


def test_a_device_whose_map_lacks_its_role_is_told():
    site = park(device("gate", "leyden-bms", 1))
    with pytest.raises(MisfitError, match="gate: its map leyden-bms has no grid; it has: battery"):
        FieldPlant(site, {"gate": load_map("leyden-bms")}, HandClock())


async def test_cells_never_hold_up_a_control_poll():
    async with world("bms1") as here:
        server = here.servers["bms1"]
        await here.until(lambda: here.plant.read().battery["b1"].cell_temperature_degc.size)
        blocks = len(here.plant._drivers["bms1"]._sweeps[1].sweep.blocks)
        assert blocks >= 4
        asked, answer = [], server.read

        def heard(table, address, count):
            asked.append(address)
            return answer(table, address, count)

        server.read = heard
        server.fault = LinkFault("slow", 0.2)
        await here.clock.advance(11.0)  # the cells are due
        await here.until(lambda: asked)  # the first block of them is under way
        before = len(asked)
        await here.plant.poll(PATIENCE_S)
        assert asked[before] == 100  # one block, then the control block
        assert here.plant.read().battery["b1"].stamp("soc").age_s == 0.0


def test_a_layout_that_the_map_has_no_room_for_is_told_before_anything_runs():
    site = park(device("gate", "sunspec-meter", 1), device("bms1", "leyden-bms", 2), device("pcs1", "sunspec-pcs", 3))
    site = replace(site, batteries=(replace(site.batteries[0], layout=Layout(40, 20, 40)),))
    with pytest.raises(MisfitError, match="leyden-bms: cell_voltage_v runs into cell_temperature_degc at 30000"):
        FieldPlant(site, {one.name: load_map(one.map) for one in site.devices}, HandClock())


async def test_a_fault_of_ours_costs_one_device_a_pause_and_is_told(monkeypatch, caplog):
    async with world("line") as here:
        driver = here.plant._drivers["line"]
        monkeypatch.setattr(driver, "_take_over", lambda *_: 1 / 0)
        await here.turn()
        await here.until(lambda: here.plant.links()["line"].error is not None)
        error = here.plant.links()["line"].error
        assert error is not None
        assert "internal error: ZeroDivisionError" in error.en
        assert "device line" in caplog.text
        assert here.plant.read().grid.stamp("power_w").age_s == 0.0
        monkeypatch.undo()
        await here.in_time(lambda: here.plant.links()["line"].error is None)
