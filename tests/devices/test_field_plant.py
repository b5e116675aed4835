"""The whole way over real sockets: readings up, set-points down, and devices that are dead, slow or lying."""

import asyncio
import contextlib
import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from leyden.devices import DeviceServer, FieldPlant, MisfitError, load_map
from leyden.devices.map_file import parse_map
from leyden.model.link_fault import LinkFault
from leyden.model.points import points_of
from leyden.model.quality import Quality
from leyden.model.readings import ROLES, BatteryReading, GenerationReading, GridReading, Reading
from leyden.model.setpoint import Setpoint
from tests.devices.places import LAYOUT, RATED_W, READINGS, HandClock, device, park, same

MAPS = {
    "gate": "sunspec-meter",
    "bms1": "leyden-bms",
    "pcs1": "sunspec-pcs",
    "inv1": "sunspec-inverter",
    "w1": "sunspec-inverter",
    "line": "sunspec-meter",
}
PLAYS = {
    "gate": "grid", "bms1": "battery", "pcs1": "converter", "inv1": "solar", "w1": "wind", "line": "load"
}  # fmt: skip
DEADLINE_S = 0.5


@dataclass
class World:
    """A plant and the devices that it talks to."""

    plant: FieldPlant
    servers: dict[str, DeviceServer]
    clock: HandClock
    told: list[tuple[str, str, dict[str, float]]] = field(default_factory=list)

    async def turn(self, seconds: float = 1.0) -> None:
        """One cycle: time passes, the control points are asked for."""
        await self.clock.advance(seconds)
        await self.plant.poll(DEADLINE_S)

    async def until(self, true) -> None:
        """Let the tasks run until something has come about."""
        async with asyncio.timeout(3.0):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    async def in_time(self, true) -> None:
        """Go on turning until something has come about."""
        async with asyncio.timeout(3.0):
            while not true():
                await self.turn(5.0)
                await asyncio.sleep(0.01)

    def written(self, name: str) -> dict[str, float]:
        """The newest of everything that a device was told."""
        return {point: value for one, _, values in self.told if one == name for point, value in values.items()}


def changed(role: str, **values: object) -> Reading:
    return replace(READINGS[role], **values)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def world(*names, maps=None, poll_s=1.0):
    """Devices at free ports, each with a reading, and a plant that has started on them. The gate is always there."""
    chosen = maps or {}
    ports, servers = {}, {}
    names = ("gate", *(name for name in names if name != "gate"))
    found = {name: chosen.get(name) or load_map(MAPS[name]) for name in names}
    draft = park(*(device(name, MAPS[name], 1) for name in names))
    clock = HandClock()
    told: list[tuple[str, str, dict[str, float]]] = []
    for name in names:
        server = servers[name] = DeviceServer.for_site(draft, name, found[name])
        server.update(PLAYS[name], READINGS[PLAYS[name]])
        server.on_write = lambda role, values, name=name: told.append((name, role, dict(values)))
        ports[name] = await server.start("127.0.0.1", 0)
    site = park(*(replace(device(name, MAPS[name], ports[name]), poll_s=poll_s) for name in names))
    plant = FieldPlant(site, found, clock)
    try:
        await plant.start()
        yield World(plant, servers, clock, told)
    finally:
        await plant.stop()
        for server in servers.values():
            await server.stop()


async def test_every_role_of_every_map_comes_through():
    async with world(*MAPS) as here:
        await here.until(lambda: all(not driver.busy for driver in here.plant._drivers.values()))
        readings = here.plant.read()
        found = {
            "grid": readings.grid,
            "battery": readings.battery["b1"],
            "converter": readings.converter["b1"],
            "solar": readings.solar["pv1"],
            "wind": readings.wind["w1"],
            "load": readings.load["line1"],
        }
        assert set(found) == set(ROLES)
        for role, reading in found.items():
            for point in points_of(ROLES[role]):
                expected, got = getattr(READINGS[role], point.name), getattr(reading, point.name)
                if point.array:
                    assert np.allclose(got, expected, atol=1e-9), (role, point.name)
                else:
                    assert same(got, expected, abs(expected) * 1e-3 + 0.06), (role, point.name)
                assert reading.stamp(point.name).quality is Quality.GOOD, (role, point.name)


async def test_links_tell_who_is_there():
    async with world("pcs1") as here:
        link = here.plant.links()["pcs1"]
        assert (link.state, link.age_s, link.error) == ("online", 0.0, None)
        assert (link.maker, link.model, link.serial) == ("Leyden", "sunspec-pcs", "pcs1")


async def test_a_new_value_is_read_with_the_next_poll():
    async with world() as here:
        here.servers["gate"].update("grid", GridReading(power_w=1.5e6))
        assert here.plant.read().grid.power_w == 2.1e6
        await here.turn()
        assert here.plant.read().grid.power_w == 1.5e6
        assert here.plant.read().grid.stamp("power_w").age_s == 0.0


async def test_slow_points_keep_their_own_pace():
    async with world() as here:
        await here.until(lambda: here.plant.read().grid.energy_out_wh == 5e6)
        here.servers["gate"].update("grid", changed("grid", energy_out_wh=6e6))
        for _ in range(4):
            await here.turn()
        assert here.plant.read().grid.energy_out_wh == 5e6
        assert here.plant.read().grid.stamp("energy_out_wh").age_s >= 4.0
        await here.turn(1.5)
        await here.until(lambda: here.plant.read().grid.energy_out_wh == 6e6)


async def test_cells_keep_their_own_pace():
    async with world("bms1") as here:
        await here.until(lambda: here.plant.read().battery["b1"].cell_temperature_degc.size)
        first = here.plant.read().battery["b1"].cell_voltage_v
        reading = READINGS["battery"]
        assert isinstance(reading, BatteryReading)
        here.servers["bms1"].update("battery", changed("battery", cell_voltage_v=reading.cell_voltage_v + 0.05))
        await here.turn(5.0)
        assert here.plant.read().battery["b1"].cell_voltage_v is first  # shared, not copied
        await here.turn(6.0)
        await here.until(lambda: here.plant.read().battery["b1"].cell_voltage_v[0, 0, 0] > 3.24)


async def test_one_broken_sensor_is_one_missing_cell():
    cells = np.full(LAYOUT.shape, 3.3)
    cells[1, 1, 7] = math.nan
    async with world("bms1") as here:
        here.servers["bms1"].update("battery", changed("battery", cell_voltage_v=cells))
        await here.turn(11.0)
        await here.until(lambda: here.plant.read().battery["b1"].cell_voltage_v.reshape(-1)[:1].tolist() == [3.3])
        got = here.plant.read().battery["b1"]
        assert np.argwhere(np.isnan(got.cell_voltage_v)).tolist() == [[1, 1, 7]]
        assert got.stamp("cell_voltage_v").quality is Quality.GOOD


async def test_a_set_point_arrives_with_its_watchdog_and_its_echo():
    async with world("pcs1", "bms1") as here:
        here.plant.write({"b1": Setpoint(5e5, 2e4)})
        await here.until(lambda: "setpoint_var" in here.written("pcs1"))
        assert here.written("pcs1") == {"watchdog_s": 30.0, "run": 1.0, "setpoint_w": 5e5, "setpoint_var": 2e4}
        await here.until(lambda: here.plant.read().converter["b1"].setpoint_w == 5e5)


async def test_what_did_not_change_is_not_written_again():
    async with world("pcs1", "bms1") as here:
        converter = changed("converter", setpoint_w=5e5)
        for _ in range(8):
            here.plant.write({"b1": Setpoint(5e5)})
            await here.turn()
            here.servers["pcs1"].update("converter", converter)
        assert len([values for _, _, values in here.told if "setpoint_w" in values]) == 1


async def test_the_watchdog_is_fed_while_control_lives_and_starves_when_it_is_dead():
    async with world("pcs1", "bms1") as here:
        for _ in range(25):
            here.plant.write({"b1": Setpoint(5e5)})
            await here.turn()
        assert len([values for _, _, values in here.told if "setpoint_w" in values]) == 3
        here.told.clear()
        for _ in range(40):
            await here.turn()  # the devices are polled, but nobody decides any more
        assert here.told == []


async def test_a_ceiling_for_the_sun_is_written_in_percent_and_read_in_watts():
    async with world("inv1") as here:
        here.plant.write({"pv1": Setpoint(1.234e6)})
        await here.until(lambda: "limit_w" in here.written("inv1"))
        assert here.written("inv1")["limit_w"] == pytest.approx(1.234e6, abs=RATED_W * 1e-4)
        await here.until(lambda: same(here.plant.read().solar["pv1"].limit_w, 1.234e6, RATED_W * 1e-4))
        assert here.plant.links()["inv1"].error is None
        here.plant.write({"pv1": Setpoint(math.inf)})
        await here.until(lambda: here.written("inv1")["limit_w"] == RATED_W)


async def test_shares_are_of_what_the_device_says_it_can():
    async with world("inv1") as here:
        larger = DeviceServer(device("inv1", MAPS["inv1"], 1), load_map(MAPS["inv1"]), rated_w={"solar": 3e6})
        larger.update("solar", READINGS["solar"])
        heard: list[float] = []
        larger.on_write = lambda role, values: heard.extend(v for name, v in values.items() if name == "limit_w")
        port = await larger.start("127.0.0.1", 0)
        site = park(*(d for d in here.plant._site.devices if d.name == "gate"), device("inv1", MAPS["inv1"], port))
        plant = FieldPlant(site, {"gate": load_map("sunspec-meter"), "inv1": larger.map}, here.clock)
        await plant.start()
        plant.write({"pv1": Setpoint(1.5e6)})  # site.toml says 2 MW
        await here.until(lambda: heard)
        assert heard == [1.5e6]
        await plant.stop()
        await larger.stop()


async def test_stop_hands_the_converter_back_at_zero():
    async with world("pcs1", "bms1") as here:
        here.plant.write({"b1": Setpoint(5e5)})
        await here.until(lambda: here.written("pcs1").get("setpoint_w") == 5e5)
        await here.plant.stop()
        assert here.written("pcs1")["setpoint_w"] == 0.0
        assert here.written("pcs1")["run"] == 1.0


async def test_a_plant_that_never_wrote_leaves_the_devices_alone():
    async with world("pcs1", "bms1") as here:
        await here.turn()
        await here.plant.stop()
        assert here.told == []


async def test_a_set_point_that_is_not_taken_is_seen_and_told_again():
    async with world("pcs1", "bms1") as here:
        server = here.servers["pcs1"]
        stubborn = changed("converter", setpoint_w=-7.5e5)

        def ignore(role, values):
            here.told.append(("pcs1", role, dict(values)))
            server.update("converter", stubborn)

        server.on_write = ignore
        for _ in range(3):
            here.plant.write({"b1": Setpoint(5e5)})
            await here.turn()
        await here.until(lambda: here.plant.links()["pcs1"].error is not None)
        assert here.plant.read().converter["b1"].setpoint_w == -7.5e5
        error = here.plant.links()["pcs1"].error
        assert error is not None
        assert error.en == "read-back: setpoint_w was set to 500 kW, the device says −750 kW"
        assert "回读不符" in error.zh
        assert len([values for _, _, values in here.told if values.get("setpoint_w") == 5e5]) >= 3


async def test_a_refused_write_is_told_and_the_device_stays_online():
    text = """
label = "PCS"
about = "Whose set-point register is read-only"
wire = "modbus"
tested_with = []
missing = "sunspec"
[converter.read]
power_w = { address = 10, type = "int32", poll = "control" }
setpoint_w = { address = 12, type = "int32", poll = "control" }
[converter.write.setpoint_w]
address = %d
type = "int32"
read_back = "setpoint_w"
"""
    driven, posed = parse_map(text % 14, "pcs"), parse_map(text % 12, "pcs")
    async with world("pcs1", "bms1", maps={"pcs1": driven}) as here:
        impostor = DeviceServer(device("pcs1", "pcs", 1), posed)
        impostor.update("converter", READINGS["converter"])
        here.servers["pcs1"]._tables = impostor._tables  # now it has no register 14
        here.plant.write({"b1": Setpoint(5e5)})
        await here.until(lambda: here.plant.links()["pcs1"].error is not None)
        error = here.plant.links()["pcs1"].error
        assert error is not None
        assert "register 14: the device answers exception 2" in error.en
        await here.turn()
        assert here.plant.links()["pcs1"].state == "online"


async def test_a_dead_device_goes_stale_then_bad_and_comes_back():
    async with world("line") as here:
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


@pytest.mark.parametrize("fault", [LinkFault("silent"), LinkFault("slow", 0.15), LinkFault("exceptions")])
async def test_a_dead_slow_or_failing_device_holds_up_nobody(fault):
    async with world("line", "bms1", "pcs1") as here:
        here.servers["line"].fault = fault
        loop = asyncio.get_running_loop()
        await here.turn()  # the first poll may wait for it
        for _ in range(4):
            await here.clock.advance(1.0)
            begin = loop.time()
            await here.plant.poll(0.1)
            assert loop.time() - begin < 0.09  # the slow one answers within its time-out, but nobody waits for it
            readings = here.plant.read()
            assert readings.grid.stamp("power_w").age_s == 0.0
            assert readings.converter["b1"].stamp("power_w").age_s == 0.0


async def test_a_device_that_was_slow_is_waited_for_again_once_it_is_quick():
    async with world("line") as here:
        here.servers["line"].fault = LinkFault("slow", 0.1)
        await here.clock.advance(1.0)
        await here.plant.poll(0.02)
        await here.until(lambda: here.plant.read().load["line1"].stamp("power_w").age_s == 0.0)
        here.servers["line"].fault = None
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
        await here.clock.advance(60.0)
        await here.until(lambda: here.plant.links()["gate"].state == "online")
        assert driver._pause_s == 1.0


async def test_a_torn_connection_is_made_again_and_everything_is_told_anew():
    async with world("pcs1", "bms1") as here:
        here.plant.write({"b1": Setpoint(5e5)})
        await here.until(lambda: here.written("pcs1").get("setpoint_w") == 5e5)
        here.told.clear()
        here.servers["pcs1"].fault = LinkFault("silent")
        await here.clock.advance(1.0)
        asking = asyncio.create_task(here.plant.poll(DEADLINE_S))
        await asyncio.sleep(0.02)
        here.servers["pcs1"].cut()
        await asking
        here.servers["pcs1"].fault = None
        await here.turn(1.1)
        await here.until(lambda: here.plant.links()["pcs1"].error is None)
        here.plant.write({"b1": Setpoint(5e5)})
        await here.until(lambda: here.written("pcs1").get("setpoint_w") == 5e5)
        assert here.written("pcs1")["watchdog_s"] == 30.0


async def test_two_units_behind_one_port():
    first, second = device("gate", "sunspec-meter", 1, unit=3), device("line", "sunspec-meter", 1, unit=7)
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
        await plant.poll(DEADLINE_S)
        await asyncio.sleep(0.05)
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


async def test_a_sentinel_is_a_missing_value_not_a_large_one():
    async with world("inv1") as here:
        here.servers["inv1"].update("solar", GenerationReading(power_w=math.nan, state=3.0))
        await here.turn()
        solar = here.plant.read().solar["pv1"]
        assert math.isnan(solar.power_w)
        assert solar.stamp("power_w").quality is Quality.BAD
        assert solar.good("state") == 3.0


async def test_a_poll_that_comes_too_early_asks_nothing():
    async with world(poll_s=5.0) as here:
        here.servers["gate"].update("grid", GridReading(power_w=5.0))
        await here.turn(1.0)
        await here.turn(5.0)
        assert here.plant.read().grid.power_w == 5.0
        here.servers["gate"].update("grid", GridReading(power_w=6.0))
        await here.turn(3.0)
        assert here.plant.read().grid.power_w == 5.0
        await here.turn(1.0)
        assert here.plant.read().grid.power_w == 6.0


async def test_cells_never_hold_up_a_control_poll():
    async with world("bms1") as here:
        server = here.servers["bms1"]
        await here.until(lambda: here.plant.read().battery["b1"].cell_temperature_degc.size)
        blocks = len(here.plant._drivers["bms1"]._sweeps[1].sweep.blocks)
        assert blocks >= 4
        server.fault = LinkFault("slow", 0.03)
        await here.clock.advance(11.0)  # the cells are due
        await asyncio.sleep(0.01)  # the first block of them is under way
        begin = asyncio.get_running_loop().time()
        await here.plant.poll(1.0)
        assert asyncio.get_running_loop().time() - begin < 0.03 * 3  # one block, then the control block
        assert here.plant.read().battery["b1"].stamp("soc").age_s == 0.0
