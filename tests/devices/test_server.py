"""The device that is not there: readings in, registers out, and what is written handed on."""

import math
from dataclasses import replace

import numpy as np
import pytest

from leyden.devices import DeviceServer, MisfitError, load_map, map_names
from leyden.devices.codec import decode, decode_array, decode_text, factor_of
from leyden.devices.locate import Located, Locator
from leyden.devices.map_file import SHIPPED, parse_map
from leyden.devices.sunspec import laid_out
from leyden.devices.wire.modbus_server import RefuseError
from leyden.model.readings import BatteryReading, ConverterReading, GenerationReading, GridReading
from tests.devices.places import LAYOUT, RATED_W, READINGS, device, park, same

ROLES = [(name, role) for name in map_names() for role in load_map(name).roles]


def posing(map_name: str, role: str | None = None) -> DeviceServer:
    device_map = load_map(map_name)
    roles = None if role is None else [role]
    rated = dict.fromkeys(device_map.roles, RATED_W)
    return DeviceServer(device("d1", map_name, 5020), device_map, LAYOUT, rated_w=rated, roles=roles)


def locator(map_name: str) -> Locator:
    device_map = load_map(map_name)
    return Locator(device_map, laid_out(device_map.models)[0], LAYOUT, RATED_W)


def words(server: DeviceServer, address: int, count: int) -> list[int]:
    raw = server.read("holding", address, count)
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


def written(server: DeviceServer, address: int, *registers: int) -> None:
    server.write(address, b"".join(register.to_bytes(2, "big") for register in registers))


def value_of(server: DeviceServer, point: Located) -> float:
    factor = 0 if point.factor_address is None else factor_of(words(server, point.factor_address, 1)[0])
    return decode(point.coding, words(server, point.address, point.words), factor)


@pytest.mark.parametrize(("name", "role"), ROLES)
def test_what_is_put_in_comes_out(name, role):
    server = posing(name, role)
    reading = READINGS[role]
    server.update(role, reading)
    for point in locator(name).reads(role):
        expected = getattr(reading, point.name)
        if point.shape is None:
            assert same(value_of(server, point), expected, abs(expected) * 1e-3 + 0.06), point.name
        else:
            first, count = point.address, len(point.registers())
            chunks = [words(server, at, min(125, first + count - at)) for at in range(first, first + count, 125)]
            got = decode_array(point.coding, np.concatenate(chunks).astype(np.uint16)).reshape(point.shape)
            assert np.allclose(got, expected, atol=1e-9), point.name


@pytest.mark.parametrize(("name", "role"), ROLES)
def test_before_the_first_reading_everything_is_missing(name, role):
    server = posing(name, role)
    for point in locator(name).reads(role):
        if point.shape is None and point.coding.missing:
            assert math.isnan(value_of(server, point)), point.name


def test_a_value_that_becomes_nan_becomes_missing():
    server = posing("sunspec-meter", "grid")
    [power, *_] = locator("sunspec-meter").reads("grid")
    server.update("grid", GridReading(power_w=1e6))
    server.update("grid", GridReading(power_w=math.nan))
    assert math.isnan(value_of(server, power))


@pytest.mark.parametrize("power_w", [12.0, 32766.0, 32768.0, -4e5, 3.9e6, -3.9e8])
def test_the_scale_factor_follows_the_value(power_w):
    server = posing("sunspec-meter", "grid")
    [power, *_] = locator("sunspec-meter").reads("grid")
    server.update("grid", GridReading(power_w=power_w))
    assert same(value_of(server, power), power_w, max(0.5, abs(power_w) / 6000))


def test_it_tells_what_it_is():
    server = posing("sunspec-pcs")
    said = {name: decode_text(words(server, *place)) for name, place in locator("sunspec-pcs").identity().items()}
    assert said == {"maker": "Leyden", "model": "sunspec-pcs", "serial": "d1", "version": ""}


def test_cells_are_encoded_when_they_are_read_and_stand_still_while_they_are():
    server = posing("leyden-bms")
    reading = READINGS["battery"]
    assert isinstance(reading, BatteryReading)
    cells = {point.name: point for point in locator("leyden-bms").reads("battery")}["cell_voltage_v"]
    server.update("battery", reading)
    first = words(server, cells.address, 100)
    server.update("battery", replace(reading, cell_voltage_v=reading.cell_voltage_v + 0.1))
    rest = words(server, cells.address + 100, 100)
    assert rest[0] / 1000 == pytest.approx(reading.cell_voltage_v.reshape(-1)[100])
    assert words(server, cells.address, 1)[0] == first[0] + 100
    server.update("battery", replace(reading, cell_voltage_v=np.empty((0, 0, 0))))
    assert set(words(server, cells.address, 100)) == {0xFFFF}


class Heard:
    def __init__(self, server: DeviceServer) -> None:
        self.calls: list[tuple[str, dict[str, float]]] = []
        server.on_write = lambda role, values: self.calls.append((role, dict(values)))


def converter() -> tuple[DeviceServer, Heard, dict[str, Located]]:
    server = posing("sunspec-pcs")
    server.update("converter", READINGS["converter"])
    writes = locator("sunspec-pcs").writes("converter")
    return server, Heard(server), {name: write.point for name, write in writes.items()}


def test_a_set_point_in_one_frame_takes_effect():
    server, heard, points = converter()
    written(server, points["setpoint_w"].address - 2, 1, 1, 0xFFF8, 0x5EE0)
    assert heard.calls == [("converter", {"setpoint_w": -500000.0})]


def test_a_set_point_written_before_it_is_enabled_takes_effect_with_that():
    server, heard, points = converter()
    at = points["setpoint_w"].address
    written(server, at, 0, 1000)
    assert heard.calls == []
    written(server, at - 1, 1)
    assert heard.calls == []
    written(server, at - 2, 1)
    assert heard.calls == [("converter", {"setpoint_w": 1000.0})]


def test_the_watchdog_is_armed_step_by_step():
    server, heard, points = converter()
    at = points["watchdog_s"].address
    written(server, at - 5, 0, 0)
    written(server, at - 1, 1, 0, 30)
    assert heard.calls == [("converter", {"watchdog_s": 30.0})]


def test_a_value_that_means_missing_is_refused_and_changes_nothing():
    server, heard, points = converter()
    at = points["setpoint_w"].address
    before = words(server, at - 2, 4)
    with pytest.raises(RefuseError) as told:
        written(server, at - 2, 1, 1, 0x8000, 0)
    assert told.value.code == 3
    assert words(server, at - 2, 4) == before
    assert heard.calls == []


def test_what_is_only_measured_cannot_be_written():
    server, heard, _ = converter()
    [power, *_] = locator("sunspec-pcs").reads("converter")
    with pytest.raises(RefuseError) as told:
        written(server, power.address, 5)
    assert told.value.code == 2
    assert heard.calls == []


def test_a_device_that_does_not_follow_shows_its_own_echo_again():
    server, _, points = converter()
    stubborn = READINGS["converter"]
    written(server, points["setpoint_w"].address - 2, 1, 1, 0, 1000)
    assert value_of(server, points["setpoint_w"]) == 1000.0
    server.update("converter", stubborn)
    assert value_of(server, points["setpoint_w"]) == -7.5e5


def test_the_other_steps_of_a_set_point_stay_as_written():
    server, _, points = converter()
    at = points["setpoint_var"].address
    written(server, at - 3, 1, 4, 0, 0, 77)
    server.update("converter", ConverterReading(power_w=1.0))
    assert words(server, at - 3, 5) == [1, 4, 0, 0, 77]


def test_only_a_role_that_is_played_hears_what_is_written():
    server = posing("sunspec-inverter")  # whose wind and solar share their registers
    heard = Heard(server)
    limit = locator("sunspec-inverter").writes("wind")["limit_w"].point
    server.update("wind", GenerationReading(power_w=1e5, limit_w=RATED_W))
    written(server, limit.address - 1, 1, 2500)
    assert heard.calls == [("wind", {"limit_w": 0.25 * RATED_W})]


def test_an_inverter_says_its_rating_and_its_limit_is_a_share_of_that():
    site = park(device("inv1", "sunspec-inverter", 3), device("gate", "sunspec-meter", 1))
    server = DeviceServer.for_site(site, "inv1", load_map("sunspec-inverter"))
    rated = locator("sunspec-inverter").rated("solar")
    assert rated is not None
    assert value_of(server, rated) == RATED_W


def test_a_share_of_a_rating_that_nobody_says_is_told():
    text = (SHIPPED / "sunspec-inverter.toml").read_text(encoding="utf-8").replace("[solar.rated]", "[unused]")
    text = text.split("[unused]")[0] + text[text.index("[solar.read]") :]
    with pytest.raises(MisfitError, match="which nobody says"):
        DeviceServer(device("inv1", "inverter", 5020), parse_map(text, "inverter"))


def test_a_server_for_a_site_knows_layout_rating_and_roles():
    site = park(
        device("gate", "sunspec-meter", 1), device("bms1", "leyden-bms", 2), device("inv1", "sunspec-inverter", 3)
    )
    for name, roles in (("gate", {"grid"}), ("bms1", {"battery"}), ("inv1", {"solar"})):
        server = DeviceServer.for_site(site, name, load_map(site.device(name).map))
        assert set(server._roles) == roles


async def test_servers_at_one_port_share_it_and_the_last_one_closes_it():
    first = DeviceServer(device("a", "sunspec-meter", 5020, 1), load_map("sunspec-meter"))
    second = DeviceServer(device("b", "sunspec-meter", 5020, 2), load_map("sunspec-meter"))
    port = await first.start(port=0)
    assert await second.start(port=port) == port
    await first.stop()
    await second.stop()
    assert await second.start(port=port) == port
    await second.stop()
