"""The whole way over real sockets: readings up, set-points down."""

import math

import numpy as np
import pytest

from leyden.devices import DeviceServer, FieldPlant, load_map
from leyden.devices.map_file import parse_map
from leyden.model.points import points_of
from leyden.model.quality import Quality
from leyden.model.readings import ROLES, BatteryReading, GenerationReading, GridReading
from leyden.model.setpoint import Setpoint
from tests.devices.places import LAYOUT, RATED_W, READINGS, device, park, same
from tests.devices.worlds import MAPS, changed, world


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
        assert len([values for _, _, values in here.told if "setpoint_w" in values]) == 2  # at 1 s and at 16 s
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
        await here.until(lambda: here.written("inv1")["limit_w"] == math.inf)
        await here.until(lambda: here.plant.read().solar["pv1"].limit_w == RATED_W)


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


async def test_a_device_whose_registers_are_slow_to_hold_is_told_again_until_they_do():
    async with world("pcs1", "bms1") as here:
        server = here.servers["pcs1"]
        honest = server.write
        reactive = next(spot for spot in server._spots if spot.write.point.name == "setpoint_var").write.point.address

        def deaf(address: int, data: bytes) -> None:
            if not address <= reactive < address + len(data) // 2:
                honest(address, data)

        server.write = deaf
        here.plant.write({"b1": Setpoint(5e5, 1e4)})
        await here.until(lambda: here.plant.links()["pcs1"].error is not None)
        assert "setpoint_var was set to 10 kvar, the device says 0 var" in str(here.plant.links()["pcs1"].error)
        server.write = honest
        await here.turn()
        here.plant.write({"b1": Setpoint(5e5, 1e4)})
        await here.until(lambda: here.plant.links()["pcs1"].error is None)
        assert here.written("pcs1")["setpoint_var"] == 1e4


async def test_a_set_point_without_a_scale_factor_is_told_and_the_device_stays_online():
    async with world("pcs1", "bms1") as here:
        driver = here.plant._drivers["pcs1"]
        assert driver._session is not None
        driver._session.factors = dict.fromkeys(driver._session.factors)
        here.plant.write({"b1": Setpoint(5e5)})
        await here.until(lambda: here.plant.links()["pcs1"].error is not None)
        assert "setpoint_w: the device gives no scale factor" in str(here.plant.links()["pcs1"].error)
        assert here.plant.links()["pcs1"].state == "online"


async def test_a_refused_write_is_told_and_the_device_stays_online():
    text = """
label = "PCS"
about = "Whose set-point register is read-only"
wire = "modbus"
tested_with = []
missing = "sunspec"
[converter]
idle = "zero"
[converter.read]
power_w = { address = 10, type = "int32", poll = "control" }
setpoint_w = { address = 12, type = "int32", poll = "control" }
[converter.write.setpoint_w]
address = %d
type = "int32"
read_back = "setpoint_w"
"""
    driven, posed = parse_map(text % 14, "pcs"), parse_map(text % 12, "pcs")
    async with world("pcs1", "bms1", maps={"pcs1": driven}, options={"pcs1": {"accept_no_watchdog": True}}) as here:
        impostor = DeviceServer(device("pcs1", "pcs", 1), posed)
        impostor.update("converter", READINGS["converter"])
        here.servers["pcs1"]._tables = impostor._tables  # now it has no register 14
        here.plant.write({"b1": Setpoint(5e5)})
        refused = "register 14: the device answers exception 2"
        await here.until(lambda: refused in str(here.plant.links()["pcs1"].error))
        await here.turn()
        assert here.plant.links()["pcs1"].state == "online"


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
