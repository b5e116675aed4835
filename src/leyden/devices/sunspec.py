"""The SunSpec chain: "SunS", then one model behind the other, each with its number and length, up to 0xFFFF."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from leyden.devices.locate import Bases
from leyden.devices.map import DeviceMap, Model
from leyden.model.errors import LeydenError
from leyden.model.words import Words

BASES = (40000, 0, 50000)
"""Where a chain may begin, in the order in which the standard has them tried."""
MARK = (0x5375, 0x6E53)
"""The characters SunS."""
END = 0xFFFF
LONGEST_CHAIN = 200
"""More models than any device has; a chain that is longer runs in a circle."""

Read = Callable[[int, int], Awaitable[Sequence[int] | None]]
"""Address and count -> registers, or None where the device has none there."""


@dataclass(frozen=True, slots=True)
class Found:
    """A model of a chain."""

    model: int
    address: int
    """Of its ID register."""
    length: int


class ChainError(LeydenError):
    """The device is not what the map takes it for; `words` say so to people."""

    def __init__(self, words: Words) -> None:
        self.words = words
        super().__init__(words.en)


async def walk(read: Read) -> tuple[Found, ...]:
    """The models of a device, in order. Raises ChainError where there is no chain, or one without end."""
    for base in BASES:
        mark = await read(base, 2)
        if mark is not None and tuple(mark) == MARK:
            return await _follow(read, base + 2)
    places = ", ".join(map(str, BASES))
    raise ChainError(Words(f"在 {places} 未找到 SunSpec 标识", f"no SunSpec mark at {places}"))


async def _follow(read: Read, address: int) -> tuple[Found, ...]:
    chain: list[Found] = []
    while len(chain) < LONGEST_CHAIN:
        head = await read(address, 2)
        if head is None or head[0] == END:
            return tuple(chain)
        chain.append(Found(head[0], address, head[1]))
        address += head[1] + 2
    raise ChainError(Words("SunSpec 模型链没有结尾", "the chain of SunSpec models does not end"))


def bases_of(device_map: DeviceMap, chain: Sequence[Found]) -> Bases:
    """Where the map's models are in a device. Raises ChainError where one that it needs is missing or too short."""
    bases: dict[int, int] = {}
    for found in chain:
        model = device_map.model(found.model)
        if model is not None and model.id not in bases and found.length >= model.length:
            bases[model.id] = found.address
    lacking = [str(model.id) for model in device_map.models if model.id not in bases and not model.optional]
    if lacking:
        there = ", ".join(str(found.model) for found in chain) or "-"
        needed = ", ".join(lacking)
        raise ChainError(
            Words(
                f"设备缺少点表所需的 SunSpec 模型 {needed},现有:{there}",
                f"the device lacks SunSpec model {needed}, which its map needs; it has: {there}",
            )
        )
    return bases


def laid_out(models: Sequence[Model], base: int = BASES[0]) -> tuple[Bases, Mapping[int, int]]:
    """The chain as our server lays it: where each model begins, and the registers of the chain itself."""
    bases: dict[int, int] = {}
    registers = {base: MARK[0], base + 1: MARK[1]}
    address = base + 2
    for model in models:
        bases[model.id] = address
        registers[address], registers[address + 1] = model.id, model.length
        address += model.length + 2
    registers[address], registers[address + 1] = END, 0
    return bases, registers
