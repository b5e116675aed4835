"""Modbus TCP as a client: the only place that knows pymodbus, whose minor releases break.

One connection serves every unit behind an address, one request at a time: many devices and nearly all gateways take
no more. pymodbus's own retries and reconnects are off; whoever uses the wire decides when to try again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from leyden.devices.map import Table
from leyden.devices.wire.errors import (
    ConnectionLostError,
    GarbledError,
    NoAnswerError,
    NoConnectionError,
    RefusedError,
)

# Every failure reaches the caller as an error; a line in the log for each attempt at a dead device helps nobody.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

Trace = Callable[[bool, bytes], bytes]
"""Whether a frame is sent or has come, and its bytes, which it returns."""

_NEVER_S = 3600.0
"""pymodbus's own time-out, out of the way: ours is set for each request."""


class ModbusWire:
    """One TCP connection to a device or a gateway."""

    def __init__(self, host: str, port: int, trace: Trace | None = None) -> None:
        """`trace` is shown every frame as it is sent and as it comes."""
        self.host = host
        self.port = port
        self._trace = trace
        self._lock = asyncio.Lock()
        self._client: AsyncModbusTcpClient | None = None
        self._waiting: asyncio.Timeout | None = None
        self._lost = False

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._client is not None and self._client.connected

    async def read(self, unit: int, table: Table, address: int, count: int, timeout_s: float) -> list[int]:
        """`count` registers from `address` on. Raises a WireError; `timeout_s` is wall time."""
        async with self._lock:
            client = await self._open(timeout_s)
            ask = client.read_holding_registers if table == "holding" else client.read_input_registers
            answer = await self._asked(ask(address, count=count, device_id=unit), timeout_s)
        if answer.isError():
            raise RefusedError(answer.exception_code, address)
        registers: list[int] = answer.registers
        if len(registers) != count:
            self._drop()
            raise GarbledError(f"{len(registers)} registers where {count} were asked for")
        return registers

    async def write(self, unit: int, address: int, registers: tuple[int, ...], timeout_s: float) -> None:
        """Put `registers` at `address`, in one request. Raises a WireError; `timeout_s` is wall time."""
        async with self._lock:
            client = await self._open(timeout_s)
            ask = client.write_registers(address, list(registers), device_id=unit)
            answer = await self._asked(ask, timeout_s)
        if answer.isError():
            raise RefusedError(answer.exception_code, address)

    async def close(self) -> None:
        """Give the connection up, after the request under way."""
        async with self._lock:
            self._drop()
        await asyncio.sleep(0)  # the socket ends with the loop's next turn

    async def _open(self, timeout_s: float) -> AsyncModbusTcpClient:
        """The client, connected; whoever needs the wire first after a loss connects it again."""
        if self._client is not None and self._client.connected:
            return self._client
        self._drop()
        client = AsyncModbusTcpClient(
            self.host,
            port=self.port,
            timeout=_NEVER_S,
            retries=0,
            reconnect_delay=0,  # none of its own accord
            trace_connect=self._changed,
            trace_packet=self._trace,
        )
        try:
            async with asyncio.timeout(timeout_s):
                connected = await client.connect()
        except (TimeoutError, OSError):
            connected = False
        if not connected:
            client.close()
            raise NoConnectionError(self.host, self.port)
        self._client = client
        return client

    async def _asked(self, answer: Any, timeout_s: float) -> Any:
        """The answer to a request, or the error; after anything but an answer the connection is given up."""
        self._lost = False
        answered = False
        try:
            async with asyncio.timeout(timeout_s) as self._waiting:
                found = await answer
            answered = True
            return found
        except TimeoutError:
            raise (ConnectionLostError() if self._lost else NoAnswerError(timeout_s)) from None
        except ModbusException as error:
            raise GarbledError(str(error)) from None
        finally:
            self._waiting = None
            if not answered:
                self._drop()

    def _changed(self, connected: bool) -> None:
        """pymodbus tells of a lost connection only here, and lets the request wait on: end the wait."""
        if not connected and self._waiting is not None:
            self._lost = True
            with contextlib.suppress(RuntimeError):  # it has just ended by itself
                self._waiting.reschedule(asyncio.get_running_loop().time())

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()
