"""What a role of a device map must say about the end of its commands, and what it must not say together."""

from collections.abc import Collection, Mapping

from leyden.devices.map import COMMANDS, GUARDED, WritePoint
from leyden.devices.map_tables import RoleTable
from leyden.model.read_table import TableReader
from leyden.model.words import Words

_NO_IDLE = Words(
    '应说明如何交还设备:idle = "zero"(设为零)或 idle = "release"(回到设备自身模式)',
    'say how it is handed back: idle = "zero" (commands at zero) or idle = "release" (its own mode)',
)
_NOTHING_IDLE = Words("没有可写的指令,请删除此键", "it takes no commands: remove this key")
_NO_RELEASE = Words(
    '应添加 release = [...]:写入何值后设备回到自身模式;或用 idle = "zero"',
    'add release = [...]: what gives the device back to its own mode; or say idle = "zero"',
)
_NO_WATCHDOG = Words(
    '应添加 write.watchdog_s,或在每个功率写入点加 { ..., lasts = "1 s" },或删除此键',
    'add write.watchdog_s, or { ..., lasts = "1 s" } to the power\'s write point, or remove this key',
)
_NO_TIME = Words('应添加 watchdog = "60 s":每条指令持续多久', 'add watchdog = "60 s": how long each command lasts')
_STORED = Words(
    "应添加 volatile = true;若设备会存储此值,则不能反复写入,请删除看门狗",
    "add volatile = true; if the device stores this value it must not be fed again and again: remove the watchdog",
)


def check_role(reader: TableReader, role: str, table: RoleTable, write: Mapping[str, WritePoint]) -> None:
    """Tell what is missing; points that have problems of their own count as there."""
    written = {*write, *reader.file.table((role, "write"))}
    commands = [name for name in COMMANDS if name in written]
    if commands and table.idle is None:
        reader.tell((role, "idle"), _NO_IDLE)
    if table.idle is not None and not commands:
        reader.tell((role, "idle"), _NOTHING_IDLE)
    if table.idle == "release":
        for name in commands:
            if name in write and name != "limit_w" and not write[name].release:
                reader.tell((role, "write", name, "release"), _NO_RELEASE)
    _check_watchdog(reader, role, table, write, written)


def _check_watchdog(
    reader: TableReader, role: str, table: RoleTable, write: Mapping[str, WritePoint], written: Collection[str]
) -> None:
    """A watchdog needs something that arms it, and what is fed must not be stored."""
    ends = {name for name, point in write.items() if point.ends}
    broken = any(name in written and name not in write for name in GUARDED)
    if table.watchdog_s is not None and not broken:
        carried = all(name in ends for name in GUARDED if name in write) and bool(ends)
        if "watchdog_s" not in written and not carried:
            reader.tell((role, "watchdog"), _NO_WATCHDOG)
    if ends and table.watchdog_s is None:
        reader.tell((role, "watchdog"), _NO_TIME)
    for name in sorted(ends | ({"watchdog_s"} if table.watchdog_s is not None else set())):
        if name in write and not write[name].volatile:
            reader.tell((role, "write", name, "volatile"), _STORED)
