"""A map's page in the documentation, rendered from the map itself so that the two can never disagree."""

from collections.abc import Iterable, Iterator, Mapping

from leyden.devices.labels import WRITTEN
from leyden.devices.map import POLLS, DeviceMap, Idle, ReadPoint, RegisterPoint, RoleMap, WritePoint
from leyden.model.words import Language, Words

_ROLES = {
    "grid": Words("电网关口", "Grid connection"),
    "load": Words("负荷", "Load"),
    "solar": Words("光伏", "Solar"),
    "wind": Words("风电", "Wind"),
    "battery": Words("电池", "Battery"),
    "converter": Words("变流器", "Converter"),
}
_HEAD = Words(
    "| 点 | 含义 | 寄存器 | 类型 | 每计数 | 读取 |", "| Point | Meaning | Registers | Type | One count | Read |"
)
_WRITE_HEAD = Words(
    "| 写入点 | 寄存器 | 类型 | 每计数 | 回读 | 设备存储 |",
    "| Written | Registers | Type | One count | Proven by | Stored |",
)
_HANDED_BACK: Mapping[Idle, Words] = {
    "zero": Words("交还时各指令归零。", "It is handed back with every command at zero."),
    "release": Words("交还时回到设备自身模式。", "It is handed back to its own mode."),
}
_POLLS = {
    "control": Words("每周期", "every cycle"),
    "slow": Words("慢速", "slowly"),
    "bulk": Words("整块", "in bulk"),
}
assert set(_POLLS) == set(POLLS)


def device_page(device_map: DeviceMap, language: Language = "en") -> str:
    """Markdown: what the device is, its roles, and where each point stands."""
    return "\n".join(_lines(device_map, language)) + "\n"


def _lines(device_map: DeviceMap, language: Language) -> Iterator[str]:
    tested = ", ".join(device_map.tested_with) or Words("无", "nothing yet")[language]
    yield f"# {device_map.label[language]} `{device_map.name}`"
    yield f"\n{device_map.about[language].strip()}"
    yield "\n" + Words(f"已测试:{tested}。", f"Tested with: {tested}.")[language]
    if device_map.models:
        models = ", ".join(_model(model.id, model.alternatives) for model in device_map.models)
        yield "\n" + Words(f"SunSpec 模型:{models}。", f"SunSpec models: {models}.")[language]
    for role, said in device_map.roles.items():
        yield f"\n## {_ROLES[role][language]} `{role}`\n"
        yield from _table(_HEAD[language], (_read_row(point, language) for point in said.read.values()))
        if said.write:
            yield ""
            yield from _table(_WRITE_HEAD[language], (_write_row(point, language) for point in said.write.values()))
        yield from _notes(said, language)


def _table(head: str, rows: Iterable[str]) -> Iterator[str]:
    yield head
    yield "|" + "---|" * (head.count("|") - 1)
    yield from rows


def _read_row(point: ReadPoint, language: Language) -> str:
    assert point.about is not None
    axes = "" if not point.axes else f" [{' × '.join(point.axes)}]"
    meaning = f"{point.about.label[language]}{axes}"
    poll = _POLLS[point.poll][language]
    return f"| `{point.name}` | {meaning} | {_where(point)} | {point.coding.type.name} | {_count(point)} | {poll} |"


def _write_row(point: WritePoint, language: Language) -> str:
    proof = {
        "registers": Words("寄存器", "its registers"),
        "none": Words("不回读", "nothing"),
    }.get(point.read_back, Words(f"`{point.read_back}`", f"`{point.read_back}`"))[language]
    name = f"`{point.name}` {WRITTEN[point.name][language]}"
    stored = (Words("否", "no") if point.volatile else Words("是", "yes"))[language]
    return f"| {name} | {_where(point)} | {point.coding.type.name} | {_count(point)} | {proof} | {stored} |"


def _notes(role: RoleMap, language: Language) -> Iterator[str]:
    time = f"{role.watchdog_s or 0.0:g} s"
    if role.watchdog_s is not None and "watchdog_s" in role.write:
        zh = f"看门狗设为 {time};控制停止后设备自行回到安全状态。"
        en = f"Its watchdog is armed with {time}: it falls back by itself when control stops."
        yield "\n" + Words(zh, en)[language]
    if ending := ", ".join(f"`{name}`" for name, point in role.write.items() if point.ends):
        zh = f"{ending} 每次写入自带时限,与看门狗同为 {time}。"
        en = f"Each write of {ending} carries its own end, after {time} too."
        yield "\n" + Words(zh, en)[language]
    if role.idle is not None:
        yield "\n" + _HANDED_BACK[role.idle][language]


def _model(number: int, alternatives: tuple[int, ...]) -> str:
    return "/".join(map(str, sorted((number, *alternatives))))


def _where(point: RegisterPoint) -> str:
    """`704 + 24..25`: offset in a SunSpec model; `100..101`: address."""
    first, last = point.place.offset, point.place.offset + point.words - 1
    registers = f"{first}" if last == first else f"{first}..{last}"
    table = "" if point.place.table == "holding" else "input "
    return f"{table}{registers}" if point.place.model is None else f"{table}{point.place.model} + {registers}"


def _count(point: RegisterPoint) -> str:
    """What one count is worth, with its sign and where its scale factor is."""
    if point.coding.states is not None:
        return "–"
    sign = "−" if point.coding.sign < 0 else ""
    factor = "" if point.factor is None else f" × 10^[{point.factor.offset}]"
    added = f" {point.coding.add:+g}" if point.coding.add else ""
    if point.share_of_rating:
        return f"{sign}{100 * point.coding.scale:g} %{factor}{added}"
    return f"{sign}{point.coding.scale:g}{factor}{added} {point.unit}".rstrip()
