"""What can be wrong around the decisions: silent devices, a record that cannot be written, a clock that jumps."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from leyden.model.condition import Condition
from leyden.model.words import Words

P1, P2, P3 = 1, 2, 3

CLOCK_JUMPED = "clock-jumped"
"""Acknowledging this one says that the time is right."""


class LinkState(Protocol):
    """How a device's link is doing."""

    @property
    def state(self) -> str:
        """online, stale or offline."""
        ...

    @property
    def age_s(self) -> float:
        """Age of its newest image, in site seconds."""
        ...

    @property
    def error(self) -> Words | None:
        """What went wrong last."""
        ...


def link_conditions(links: Mapping[str, LinkState]) -> Iterator[Condition]:
    """One condition a device that is not online, however many points it carries."""
    for name, link in links.items():
        if link.state == "online":
            continue
        values = {"device": name, "age_s": link.age_s, "error": link.error or Words("无应答", "no answer")}
        yield Condition(
            key=f"device-silent:{name}",
            source=name,
            priority=P2,
            title=Words("设备通信中断", "device does not answer"),
            text=Words("{device} 已 {age_s} 无数据:{error}", "{device}: no data for {age_s}: {error}").fill(values),
            advice=Words(
                "检查设备供电、网线与地址;恢复后自动重连",
                "check its power, cable and address; it reconnects by itself",
            ),
        )


def record_condition(failing: Words | None) -> Iterator[Condition]:
    """The record cannot be written; control goes on."""
    if failing is not None:
        yield Condition(
            key="record-failing",
            source="record",
            priority=P2,
            title=Words("历史数据无法写入", "the record cannot be written"),
            text=failing,
            advice=Words(
                "检查磁盘空间与文件占用;控制不受影响,缓存有限",
                "check disk space and who holds the file; control goes on, what waits in memory is bounded",
            ),
        )


def ledger_condition(failing: str | None) -> Iterator[Condition]:
    """What must outlive a restart cannot be kept; control goes on with what it knows."""
    if failing is not None:
        yield Condition(
            key="ledger-failing",
            source="ledger",
            priority=P2,
            title=Words("台账无法写入", "the ledger cannot be written"),
            text=Words("{error}", "{error}").fill({"error": failing}),
            advice=Words(
                "检查磁盘;控制继续,但重启后可能丢失最近的状态",
                "check the disk; control goes on, but a restart may forget what controllers learned last",
            ),
        )


def clock_condition(jumped_s: float, trusted: bool) -> Iterator[Condition]:
    """The wall clock jumped: plan and windows rest until a person has looked."""
    if not trusted:
        yield Condition(
            key=CLOCK_JUMPED,
            source="clock",
            priority=P2,
            title=Words("系统时钟跳变", "the clock jumped"),
            text=Words(
                "时钟跳变 {jump_s},计划与时段控制暂停", "the clock jumped by {jump_s}: plan and windows rest"
            ).fill({"jump_s": jumped_s}),
            advice=Words(
                "核对本机时间;时间正确则确认本告警以恢复计划",
                "check this computer's time; if it is right, acknowledge this alarm and the plan goes on",
            ),
        )


def plan_condition(failing: str | None) -> Iterator[Condition]:
    """No new plan could be made."""
    if failing is not None:
        yield Condition(
            key="plan-failing",
            source="plan",
            priority=P3,
            title=Words("计划生成失败", "no new plan"),
            text=Words("{error}", "{error}").fill({"error": failing}),
            advice=Words(
                "保留上一计划;到期后由其余控制器接管",
                "the last plan stands until it ends; then the other controllers carry on",
            ),
        )
