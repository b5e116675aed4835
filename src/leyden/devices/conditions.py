"""What only the devices' own side can know to be wrong: other masters, worn-out budgets, commands that nothing ends."""

from collections.abc import Iterator

from leyden.devices.budget import Budget
from leyden.devices.labels import WRITTEN
from leyden.devices.writer import Found, Held, Writer
from leyden.model.condition import Condition
from leyden.model.words import Words, printed_value

P2, P3 = 2, 3
FOUND_SHOWN_S = 600.0
"""What was found at the start is shown for so long."""

ANOTHER_MASTER = "another-master"


def conditions_of(device: str, writer: Writer, budget: Budget, now_s: float) -> Iterator[Condition]:
    """Everything of one device."""
    for held in writer.held:
        yield _another_master(device, held)
    if writer.wanting is not None:
        yield _budget_used_up(device, writer.wanting, budget)
    if writer.unguarded and not writer.silent:
        yield _no_watchdog(device, ", ".join(sorted(writer.unguarded)))
    for found in writer.found:
        if now_s - found.time_s <= FOUND_SHOWN_S:
            yield _forced_mode(found)


def _value(name: str, value: float) -> Words:
    return Words(printed_value(name, value, "zh"), printed_value(name, value, "en"))


def _another_master(device: str, held: Held) -> Condition:
    values = {"device": device, "point": WRITTEN[held.point], "value": _value(held.point, held.value)}
    return Condition(
        key=f"{ANOTHER_MASTER}:{device}:{held.role}.{held.point}",
        source=device,
        priority=P2,
        title=Words("另有主站写入设备", "another master writes"),
        text=Words(
            "另有主站写入 {device} 的{point}:{value}。不再与其争写;停机仍会写入",
            "another master writes {point} of {device}: {value}. It is not fought; a stop is still written",
        ).fill(values),
        advice=Words(
            "查明并撤除另一主站(就地面板、厂家 EMS);确认本告警后恢复写入。若无其他主站,则是设备自行改值",
            "find the other master (local panel, maker's EMS) and take it away, then acknowledge this alarm and it is "
            "written again. Where there is none, the device changes the value itself",
        ),
    )


def _budget_used_up(device: str, point: str, budget: Budget) -> Condition:
    values = {"device": device, "point": WRITTEN[point], "limit": budget.limit(device)}
    return Condition(
        key=f"write-budget:{device}",
        source=device,
        priority=P2,
        title=Words("当日写入次数用尽", "the writes of the day are used up"),
        text=Words(
            "{device} 的{point}会存入其存储器,当日 {limit} 次写入已用尽;仅停机与归零仍会写入",
            "{device} stores its {point}, and today's {limit} writes are used up; only a stop or zero is still written",
        ).fill(values),
        advice=Words(
            "核对点表:设备不存储的点应写 volatile = true;或加大 dead_band、writes_per_day",
            "see the map: a point that the device does not store says volatile = true; or raise dead_band or "
            "writes_per_day",
        ),
    )


def _no_watchdog(device: str, roles: str) -> Condition:
    return Condition(
        key=f"no-watchdog:{device}",
        source=device,
        priority=P2,
        title=Words("设备无看门狗,不下发指令", "no watchdog: it gets no commands"),
        text=Words(
            "{device}({roles})没有看门狗,本机停止后指令会一直有效,因此不下发",
            "{device} ({roles}) has no watchdog: a command would stay in force when Leyden dies, so none is sent",
        ).fill({"device": device, "roles": roles}),
        advice=Words(
            "若可接受,在 [device] 中写 accept_no_watchdog = true",
            "if that can be accepted, say accept_no_watchdog = true in its [device] table",
        ),
    )


def _forced_mode(found: Found) -> Condition:
    values = {"device": found.device, "point": WRITTEN[found.point], "value": _value(found.point, found.value)}
    return Condition(
        key=f"forced-mode:{found.device}:{found.role}.{found.point}",
        source=found.device,
        priority=P3,
        title=Words("接管时发现强制指令", "a command was in force when control began"),
        text=(
            Words("{device} 的{point}原为 {value},已撤销", "{device} was told {point} {value}; it was cancelled")
            if found.cancelled
            else Words("{device} 的{point}为 {value},未作改动", "{device} is told {point} {value}; it was left alone")
        ).fill(values),
        advice=Words(
            "多为上次异常退出所留;若另有主站在控制,请先撤除",
            "most often left by a run that ended badly; if another master is in command, take it away first",
        ),
    )
