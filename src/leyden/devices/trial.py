"""Trying a map without its device: our server poses as it, our driver talks to it, over a real socket."""

from collections.abc import Mapping
from types import TracebackType

from leyden.devices.image import RoleImage, Value
from leyden.devices.map import DeviceMap
from leyden.devices.progress import Progress
from leyden.devices.server import DeviceServer
from leyden.devices.session import Port, Session
from leyden.devices.things import Thing
from leyden.devices.wire.modbus import ModbusWire
from leyden.model.readings import Reading
from leyden.model.site import Device, Layout

_TIMEOUT_S = 20.0


class Trial:
    """`async with Trial(device_map) as trial:` and then `read` and `write`, each the whole way there and back."""

    def __init__(self, device_map: DeviceMap, layout: Layout | None = None, rated_w: float | None = None) -> None:
        """`layout` for maps with cells, `rated_w` for maps that say shares of it. Raises MisfitError."""
        self.map = device_map
        self._things = [Thing(role, "trial", layout, rated_w) for role in device_map.roles]
        ratings = {} if rated_w is None else dict.fromkeys(device_map.roles, rated_w)
        device = Device("trial", device_map.name, "tcp://127.0.0.1:1/1")
        self.server = DeviceServer(device, device_map, layout, rated_w=ratings)
        self._wire: ModbusWire | None = None
        self._session: Session | None = None

    async def __aenter__(self) -> "Trial":
        port = await self.server.start("127.0.0.1", 0)
        self._wire = ModbusWire("127.0.0.1", port)
        self._session = await Session.open(Port(self._wire, 1, _TIMEOUT_S, open=True), self.map, self._things)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wire is not None:
            await self._wire.close()
        await self.server.stop()

    async def read(self, role: str, reading: Reading) -> Reading:
        """What the driver reads where the device measures `reading`."""
        self.server.update(role, reading)
        image = RoleImage(role, dict.fromkeys(self.map.roles[role].read, 1.0))
        for (of, name), value in (await read_once(self._opened())).items():
            if of == role:
                image.put(name, value, 0.0)
        return image.reading(0.0)

    async def write(self, role: str, **values: float) -> Mapping[str, float]:
        """What the device understands where the driver writes `values`; only a role that was read hears anything."""
        heard: dict[str, float] = {}
        self.server.on_write = lambda to, said: heard.update(said if to == role else {})
        for name, value in values.items():
            await self._opened().put(role, name, value, self.map.roles[role].watchdog_s or 0.0)
        return heard

    def _opened(self) -> Session:
        if self._session is None:
            raise RuntimeError("use it as `async with Trial(...) as trial`")
        return self._session


async def read_once(session: Session) -> Mapping[tuple[str, str], Value]:
    """Every point of a device, by role and name. Raises WireError."""
    found: dict[tuple[str, str], Value] = {}
    for sweep in session.sweeps.values():
        progress = Progress(sweep, 0.0)
        for block in sweep.blocks:
            registers = await session.port.read(block.table, block.address, block.count)
            found.update({(role, name): value for role, name, value in session.decoded(block, registers)})
            for part, words, _ in progress.take(registers, 0.0):
                found[part.point.role, part.point.name] = session.array(part.point, words)
    return found
