"""The wire over real sockets: what comes back, and every way in which it does not."""

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from leyden.devices.registers import Registers
from leyden.devices.wire.errors import (
    ConnectionLostError,
    GarbledError,
    NoAnswerError,
    NoConnectionError,
    RefusedError,
)
from leyden.devices.wire.modbus import ModbusWire
from leyden.devices.wire.modbus_server import Listener
from leyden.model.link_fault import LinkFault

TIMEOUT_S = 60.0
"""Longer than any stumble of this computer; whoever tests a time-out names a short one."""
SHORT_S = 0.15


class Memory:
    """A unit that is nothing but registers 0 to 199, of which 100 to 199 can be written."""

    def __init__(self, start: int = 0) -> None:
        self.link_fault: LinkFault | None = None
        self._holding = Registers()
        self._holding.define(0, 100)
        self._holding.open(100, 100)
        self._holding.put(0, range(start, start + 200))

    def read(self, table, address, count):
        return self._holding.answer(address, count)

    def write(self, address, data):
        self._holding.take(address, data)


@contextlib.asynccontextmanager
async def served(*units):
    """A listener with units 1, 2, ... and a wire to it."""
    listener = await Listener.at("127.0.0.1", 0)
    for number, unit in enumerate(units, 1):
        listener.add(number, unit)
    wire = ModbusWire("127.0.0.1", listener.port)
    try:
        yield wire, listener
    finally:
        await wire.close()
        for unit in units:
            await listener.remove(unit)


@contextlib.asynccontextmanager
async def answering(answer):
    """Something that listens and answers each request with the bytes that `answer` makes of it; None hangs up."""

    async def serve(reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while header := await reader.readexactly(7):
                request = header + await reader.readexactly(int.from_bytes(header[4:6], "big") - 1)
                if (reply := answer(request)) is None:
                    break
                writer.write(reply)
        await hung_up(writer)

    async with listening(serve) as wire:
        yield wire


@contextlib.asynccontextmanager
async def listening(serve):
    """A server that is not ours, and a wire to it; ends when every connection to it has ended."""
    ended = asyncio.Event()

    async def once(reader, writer):
        try:
            await serve(reader, writer)
        finally:
            ended.set()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    wire = ModbusWire("127.0.0.1", server.sockets[0].getsockname()[1])
    try:
        yield wire
    finally:
        await wire.close()
        await asyncio.wait_for(ended.wait(), 20.0)
        server.close()
        await server.wait_closed()


async def hung_up(writer):
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_registers_are_read_and_written():
    async with served(Memory()) as (wire, _):
        assert await wire.read(1, "holding", 5, 3, TIMEOUT_S) == [5, 6, 7]
        assert await wire.read(1, "input", 0, 125, TIMEOUT_S) == list(range(125))
        await wire.write(1, 110, (7, 65535), TIMEOUT_S)
        assert await wire.read(1, "holding", 109, 4, TIMEOUT_S) == [109, 7, 65535, 112]


async def test_units_behind_one_port_keep_their_registers_and_share_the_connection():
    async with served(Memory(0), Memory(1000)) as (wire, listener):
        answers = await asyncio.gather(*(wire.read(unit, "holding", 5, 1, TIMEOUT_S) for unit in (1, 2) * 5))
        assert answers == [[5], [1005]] * 5
        assert len(listener._peers) == 1


@pytest.mark.parametrize(
    ("address", "count", "code"), [(99, 200, 3), (190, 20, 2), (65530, 10, 2)], ids=["too many", "beyond", "overflow"]
)
async def test_what_is_not_there_is_refused_by_the_server(address, count, code):
    async with served(Memory()) as (wire, _):
        request = bytes([0, 1, 0, 0, 0, 6, 1, 3]) + address.to_bytes(2, "big") + count.to_bytes(2, "big")
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(request)
        assert await reader.readexactly(9) == bytes([0, 1, 0, 0, 0, 3, 1, 0x83, code])
        await hung_up(writer)


async def test_a_refusal_names_register_and_reason_and_keeps_the_connection():
    async with served(Memory()) as (wire, _):
        with pytest.raises(RefusedError, match=r"register 150: the device answers exception 2 \(illegal address\)"):
            await wire.read(1, "holding", 150, 100, TIMEOUT_S)
        with pytest.raises(RefusedError, match="register 5") as told:
            await wire.write(1, 5, (1,), TIMEOUT_S)
        assert "无此地址" in told.value.words.zh
        assert wire.connected


async def test_a_wrong_unit_is_refused():
    async with served(Memory()) as (wire, _):
        with pytest.raises(RefusedError, match=r"exception 11 \(no answer from behind the gateway\)"):
            await wire.read(7, "holding", 0, 1, TIMEOUT_S)


async def test_nobody_there():
    async with served(Memory()) as (_, listener):
        port = listener.port
    with pytest.raises(NoConnectionError, match=f"cannot connect to 127.0.0.1:{port}") as told:
        await ModbusWire("127.0.0.1", port).read(1, "holding", 0, 1, TIMEOUT_S)
    assert "无法连接" in told.value.words.zh


async def test_silence_ends_in_its_time_and_the_wire_recovers():
    unit = Memory()
    async with served(unit) as (wire, _):
        unit.link_fault = LinkFault("silent")
        with pytest.raises(NoAnswerError, match=r"no answer within 0\.15 s"):
            await wire.read(1, "holding", 0, 1, SHORT_S)
        assert not wire.connected
        unit.link_fault = None
        assert await wire.read(1, "holding", 5, 1, TIMEOUT_S) == [5]


async def test_a_late_answer_is_never_taken_for_the_next_one():
    unit = Memory()
    async with served(unit) as (wire, _):
        unit.link_fault = LinkFault("slow", delay_s=2 * SHORT_S)
        with pytest.raises(NoAnswerError):
            await wire.read(1, "holding", 5, 1, SHORT_S)
        unit.link_fault = LinkFault("slow", delay_s=SHORT_S / 3)
        for address in range(10, 14):  # the late answer to 5 falls due meanwhile
            assert await wire.read(1, "holding", address, 1, TIMEOUT_S) == [address]


async def test_a_device_that_only_fails():
    unit = Memory()
    unit.link_fault = LinkFault("exceptions")
    async with served(unit) as (wire, _):
        with pytest.raises(RefusedError, match=r"exception 4 \(device failure\)"):
            await wire.read(1, "holding", 0, 1, TIMEOUT_S)


async def test_a_torn_connection_is_noticed_at_once_and_made_again():
    unit = Memory()
    async with served(unit) as (wire, listener):
        await wire.read(1, "holding", 0, 1, TIMEOUT_S)
        unit.link_fault = LinkFault("silent")
        asking = asyncio.create_task(wire.read(1, "holding", 0, 1, 3600.0))
        await asyncio.sleep(0.02)
        listener.cut()
        with pytest.raises(ConnectionLostError):
            await asyncio.wait_for(asking, 20.0)  # far sooner than its own time-out
        unit.link_fault = None
        assert await wire.read(1, "holding", 5, 1, TIMEOUT_S) == [5]


async def test_a_device_that_hangs_up_instead_of_answering():
    async with answering(lambda request: None) as wire:
        with pytest.raises(ConnectionLostError):
            await wire.read(1, "holding", 0, 1, TIMEOUT_S)


async def test_an_answer_of_another_length_is_garbled():
    def short(request):
        return request[:4] + bytes([0, 5, 1, 3, 2, 0, 9])

    async with answering(short) as wire:
        with pytest.raises(GarbledError, match="1 registers where 2 were asked for"):
            await wire.read(1, "holding", 0, 2, TIMEOUT_S)
        assert not wire.connected


async def test_the_answer_to_another_request_is_not_taken():
    def other(request):
        return bytes([0x7F, 0x7F, 0, 0, 0, 5, 1, 3, 2, 0, 9])

    async with answering(other) as wire:
        with pytest.raises(NoAnswerError):
            await wire.read(1, "holding", 0, 1, SHORT_S)


async def test_slow_bytes_are_put_together():
    async def drip(reader, writer):
        await reader.readexactly(12)
        for byte in bytes([0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 9]):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.002)
        await hung_up(writer)

    async with listening(drip) as wire:
        assert await wire.read(1, "holding", 0, 1, TIMEOUT_S) == [9]


@settings(max_examples=30)
@given(noise=st.binary(min_size=1, max_size=300))
async def test_noise_never_stops_the_server(noise):
    async with served(Memory()) as (wire, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        with contextlib.suppress(ConnectionError):  # it may well hang up on us
            writer.write(noise)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 20.0)
        await hung_up(writer)
        assert await wire.read(1, "holding", 5, 1, TIMEOUT_S) == [5]


@pytest.mark.parametrize(
    ("request_pdu", "answer"),
    [
        (bytes([6, 0, 110, 0, 9]), bytes([6, 0, 110, 0, 9])),
        (bytes([6, 0, 5, 0, 9]), bytes([0x86, 2])),
        (bytes([16, 0, 110, 0, 1, 2, 0, 9]), bytes([16, 0, 110, 0, 1])),
        (bytes([16, 0, 110, 0, 2, 2, 0, 9]), bytes([0x90, 3])),
        (bytes([16, 0, 110]), bytes([0x90, 3])),
        (bytes([43, 14, 1, 0]), bytes([0xAB, 1])),
        (bytes([3, 0, 0, 0, 0]), bytes([0x83, 3])),
        (bytes([3, 0, 0]), bytes([0x83, 3])),
    ],
)
async def test_the_servers_answers_byte_by_byte(request_pdu, answer):
    async with served(Memory()) as (wire, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        head = bytes([0xAB, 0xCD, 0, 0])
        writer.write(head + (len(request_pdu) + 1).to_bytes(2, "big") + b"\1" + request_pdu)
        assert await reader.readexactly(7 + len(answer)) == head + bytes([0, len(answer) + 1, 1]) + answer
        await hung_up(writer)


async def test_a_unit_number_is_given_once():
    async with served(Memory()) as (_, listener):
        with pytest.raises(OSError, match=r"unit 1 at 127\.0\.0\.1:\d+ is served already"):
            listener.add(1, Memory())


async def test_our_wire_reads_a_server_that_is_not_ours():
    device = SimDevice(1, simdata=[SimData(0, values=list(range(100)), datatype=DataType.REGISTERS)])
    server = ModbusTcpServer(device, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        wire = ModbusWire("127.0.0.1", getattr(server.transport, "sockets")[0].getsockname()[1])  # noqa: B009
        assert await wire.read(1, "holding", 5, 3, TIMEOUT_S) == [5, 6, 7]
        await wire.write(1, 10, (4711, 4712), TIMEOUT_S)
        assert await wire.read(1, "holding", 10, 2, TIMEOUT_S) == [4711, 4712]
        with pytest.raises(RefusedError, match="illegal address"):
            await wire.read(1, "holding", 90, 20, TIMEOUT_S)
        await wire.close()
    finally:
        await server.shutdown()


async def test_our_server_is_read_by_a_client_that_is_not_ours():
    async with served(Memory()) as (wire, _), AsyncModbusTcpClient("127.0.0.1", port=wire.port) as client:
        assert (await client.read_holding_registers(5, count=3, device_id=1)).registers == [5, 6, 7]
        assert not (await client.write_register(110, 9, device_id=1)).isError()
        assert not (await client.write_registers(111, [8, 7], device_id=1)).isError()
        assert (await client.read_input_registers(110, count=3, device_id=1)).registers == [9, 8, 7]
        assert (await client.read_coils(0, count=8, device_id=1)).exception_code == 1
