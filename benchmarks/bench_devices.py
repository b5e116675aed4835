"""What talking to devices costs: block reads beside plain pymodbus, the plant's reading, a frame of cells, a fast demo.

Both ends of every connection run in this process, so a read's cost is that of the client and of the server together.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import numpy as np
import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from leyden.devices import DeviceServer, FieldPlant, load_map
from leyden.devices.blocks import sweep_of
from leyden.devices.codec import decode_array
from leyden.devices.frame_log import MOST_BYTES, FrameLog
from leyden.devices.locate import Locator
from leyden.devices.wire.modbus import ModbusWire
from leyden.model.readings import BatteryReading
from leyden.model.setpoint import Setpoint
from leyden.model.site import Layout, Load, Site
from leyden.runtime.clock import TwinClock, WallClock
from tests.devices.places import NAME, READINGS, device, park
from tests.devices.worlds import MAPS, PLAYS

pytestmark = pytest.mark.bench

CONTAINER = Layout(10, 8, 48)
COUNT, ADDRESS = 100, 40070
READS = 200
FAST = 60.0
"""The speed of a fast demo."""
FAST_WALL_S = 3.0


@pytest.fixture
def loop():
    """An event loop of our own, since pytest-benchmark times plain functions."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def timed(benchmark, loop, once, reads):
    """Run a batch of reads again and again; how many a second, and their CPU."""
    before_s, runs = time.process_time(), 0

    def run():
        nonlocal runs
        runs += 1
        loop.run_until_complete(once())

    benchmark.pedantic(run, rounds=10, warmup_rounds=1)
    cpu_s = time.process_time() - before_s
    benchmark.extra_info["CPU per read, both ends [us]"] = round(1e6 * cpu_s / (runs * reads))
    if benchmark.stats is not None:
        benchmark.extra_info["reads per second"] = round(reads / benchmark.stats.stats.median)


async def meters(stack: AsyncExitStack, count: int) -> list[int]:
    ports = []
    for number in range(count):
        server = DeviceServer(device(f"m{number}", "sunspec-meter", 1), load_map("sunspec-meter"))
        server.update("grid", READINGS["grid"])
        ports.append(await server.start("127.0.0.1", 0))
        stack.push_async_callback(server.stop)
    return ports


async def their_server(stack: AsyncExitStack) -> int:
    registers = SimData(ADDRESS, values=list(range(COUNT)), datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, simdata=[registers]), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    stack.push_async_callback(server.shutdown)
    port: int = getattr(server.transport, "sockets")[0].getsockname()[1]  # noqa: B009
    return port


async def their_client(stack: AsyncExitStack, port: int) -> AsyncModbusTcpClient:
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    await client.connect()
    stack.callback(client.close)
    return client


async def our_wire(stack: AsyncExitStack, port: int) -> ModbusWire:
    wire = ModbusWire("127.0.0.1", port)
    stack.push_async_callback(wire.close)
    return wire


@pytest.mark.parametrize("devices", [1, 10])
@pytest.mark.parametrize("ends", ["pymodbus to pymodbus", "pymodbus to ours", "ours to ours"])
def bench_block_reads(benchmark, loop, ends, devices):
    """100 registers a read, one request at a time on each connection."""
    stack = AsyncExitStack()

    async def prepare():
        theirs = ends.endswith("pymodbus")
        ports = [await their_server(stack) for _ in range(devices)] if theirs else await meters(stack, devices)
        if ends.startswith("ours"):
            return [await our_wire(stack, port) for port in ports]
        return [await their_client(stack, port) for port in ports]

    clients = loop.run_until_complete(prepare())

    async def ask(client):
        for _ in range(READS // devices):
            if isinstance(client, ModbusWire):
                await client.read(1, "holding", ADDRESS, COUNT, 1.0)
            else:
                assert len((await client.read_holding_registers(ADDRESS, count=COUNT, device_id=1)).registers) == COUNT

    async def once():
        await asyncio.gather(*(ask(client) for client in clients))

    timed(benchmark, loop, once, READS)
    loop.run_until_complete(stack.aclose())


def fast_park() -> Site:
    """Six devices, with the 3840 cells of a container."""
    site = park(*(device(name, MAPS[name], 1) for name in MAPS))
    return replace(site, batteries=(replace(site.batteries[0], layout=CONTAINER),))


def measured(moment: float) -> dict[str, object]:
    """Readings of the park that differ from moment to moment."""
    cells = np.full(CONTAINER.shape, 3.3 + 0.01 * np.sin(moment))
    battery = READINGS["battery"]
    assert isinstance(battery, BatteryReading)
    racks = np.full(CONTAINER.rack, 0.5)
    whole = replace(
        battery, cell_voltage_v=cells, cell_temperature_degc=cells + 20.0, rack_soc=racks, rack_current_a=racks,
        rack_voltage_v=racks,
    )  # fmt: skip
    return {
        name: whole if role == "battery" else replace(READINGS[role], power_w=1e6 * np.sin(moment))  # type: ignore[call-arg]
        for name, role in PLAYS.items()
    }


async def posing(stack: AsyncExitStack, draft: Site) -> tuple[Site, dict[str, DeviceServer]]:
    """Servers of all devices of a site at free ports, and the site with their addresses."""
    servers, devices = {}, []
    for one in draft.devices:
        server = servers[one.name] = DeviceServer.for_site(draft, one.name, load_map(one.map))
        port = await server.start("127.0.0.1", 0)
        stack.push_async_callback(server.stop)
        devices.append(replace(one, at=f"tcp://127.0.0.1:{port}/1"))
    return replace(draft, devices=tuple(devices)), servers


def bench_read_of_ten_devices(benchmark, loop):
    """`FieldPlant.read()` with a gate, a container, its converter, solar, wind and five loads; the aim is 300 us."""
    stack = AsyncExitStack()

    async def prepare():
        names = [f"line{number}" for number in range(1, 5)]
        draft = fast_park()
        draft = replace(
            draft,
            devices=(*draft.devices, *(device(name, "sunspec-meter", 1) for name in names)),
            loads=(*draft.loads, *(Load(name, NAME, name) for name in names)),
        )
        site, servers = await posing(stack, draft)
        for name, reading in measured(0.0).items():
            servers[name].update(PLAYS[name], reading)
        for name in names:
            servers[name].update("load", READINGS["load"])
        plant = FieldPlant(site, {one.name: load_map(one.map) for one in site.devices}, WallClock())
        await plant.start()
        while any(driver.busy for driver in plant._drivers.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return plant

    plant = loop.run_until_complete(prepare())
    assert plant.read().battery["b1"].cell_voltage_v.shape == CONTAINER.shape
    assert len(plant.links()) == 10
    benchmark(plant.read)
    loop.run_until_complete(plant.stop())
    loop.run_until_complete(stack.aclose())


def bench_decoding_a_frame_of_cells(benchmark):
    """Voltages and temperatures of 3840 cells, from registers to arrays."""
    points = {point.name: point for point in Locator(load_map("leyden-bms"), {}, CONTAINER).reads("battery")}
    registers = np.full(CONTAINER.cells, 3300, np.uint16)

    def decode():
        volts = decode_array(points["cell_voltage_v"].coding, registers).reshape(CONTAINER.shape)
        return volts, decode_array(points["cell_temperature_degc"].coding, registers).reshape(CONTAINER.shape)

    benchmark(decode)
    benchmark.extra_info["requests"] = len(sweep_of("bulk", list(points.values()), 8).blocks)


def bench_a_park_at_speed_60(benchmark, loop):
    """Cycle after cycle of a fast demo, both ends: 60 polls a second of six devices, a frame of 7680 cell registers
    every 10 s of site time, a new set-point in every cycle. Tells the share of one core."""
    stack = AsyncExitStack()
    cycles = 0

    async def prepare():
        site, servers = await posing(stack, fast_park())
        clock = TwinClock(WallClock().now(), time.monotonic(), FAST)
        plant = FieldPlant(site, {one.name: load_map(one.map) for one in site.devices}, clock)
        await plant.start()
        return plant, servers, clock

    async def serve(servers):
        while True:
            for name, reading in measured(time.monotonic()).items():
                servers[name].update(PLAYS[name], reading)
            await asyncio.sleep(0.02)

    async def run(plant, servers, clock):
        nonlocal cycles
        serving = asyncio.create_task(serve(servers))
        end_s, next_s = clock.elapsed_s() + FAST * FAST_WALL_S, clock.elapsed_s()
        while clock.elapsed_s() < end_s:
            next_s = max(next_s + 1.0, clock.elapsed_s())
            await clock.sleep_until(next_s)
            await plant.poll(0.3 / FAST)
            readings = plant.read()
            plant.write({"b1": Setpoint(round(1e5 * np.sin(next_s))), "pv1": Setpoint(2e6), "w1": Setpoint(1e6)})
            assert readings.grid.stamp("power_w").age_s < 10.0
            cycles += 1
        serving.cancel()

    plant, servers, clock = loop.run_until_complete(prepare())
    cpu_s = time.process_time()
    benchmark.pedantic(lambda: loop.run_until_complete(run(plant, servers, clock)), rounds=1)
    cpu_s = time.process_time() - cpu_s
    benchmark.extra_info["share of one core"] = round(cpu_s / FAST_WALL_S, 2)
    benchmark.extra_info["cycles per second"] = round(cycles / FAST_WALL_S)
    frame = plant.read().battery["b1"].stamp("cell_voltage_v")
    benchmark.extra_info["age of the newest cells [site s]"] = round(frame.age_s, 1)
    assert frame.age_s < 30.0
    loop.run_until_complete(plant.stop())
    loop.run_until_complete(stack.aclose())


def bench_keeping_a_frame(benchmark):
    """What the log of raw frames costs each request and each answer, a full log that forgets as much as it takes."""
    log = FrameLog(WallClock().elapsed_s)
    trace, frame = log.tracer({1: "gate"}), bytes(209)
    while len(log) < MOST_BYTES // (209 + 160):
        trace(False, frame)
    benchmark(trace, False, frame)
    benchmark.extra_info["frames kept"] = len(log)
