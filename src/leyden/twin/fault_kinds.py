"""The kinds of faults that a twin can be given: data, in the words of those who put them in."""

from dataclasses import dataclass
from typing import Literal

from leyden.model.words import Words

TargetOf = Literal["device", "point", "battery", "source", "load", "gate", "meter", "power", "power point", "pair"]
"""What a kind of fault can be put on. A point is written `device.point`; a meter is a device before the grid or a load;
`power` is a device that says a power; a pair of devices that can be taken for one another is `device+device`."""


@dataclass(frozen=True, slots=True)
class FaultParam:
    """One number that says how bad it is."""

    name: str
    unit: str
    label: Words
    default: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault, with what it can be put on at this site."""

    kind: str
    label: Words
    on: tuple[TargetOf, ...]
    params: tuple[FaultParam, ...] = ()
    targets: tuple[str, ...] = ()
    """Names at this site; filled in by the twin."""


_CELL = (
    FaultParam("rack", "", Words("簇号,从1起", "rack, from 1"), default=1, low=1, high=1e6),
    FaultParam("module", "", Words("模组号,从1起", "module, from 1"), default=1, low=1, high=1e6),
    FaultParam("cell", "", Words("电芯号,从1起", "cell, from 1"), default=1, low=1, high=1e6),
)

_RACK = _CELL[:1]


def _sensor(what: str, zh: str, en: str, unit: str, drift: float, most: float) -> tuple[FaultKind, FaultKind]:
    """A sensor that stands still, and one that goes astray."""
    where = _RACK if what == "rack-current" else _CELL
    per_hour = FaultParam("per_hour", unit, Words("每小时漂移", "drift in an hour"), drift, -most, most)
    return (
        FaultKind(f"stuck-{what}", Words(f"{zh}传感器卡死", f"{en} sensor stuck"), ("battery",), where),
        FaultKind(
            f"drifting-{what}", Words(f"{zh}传感器漂移", f"{en} sensor drifting"), ("battery",), (*where, per_hour)
        ),
    )


KINDS: tuple[FaultKind, ...] = (
    FaultKind("silent", Words("设备无应答", "device silent"), ("device",)),
    FaultKind(
        "slow",
        Words("设备应答慢", "device slow"),
        ("device",),
        (FaultParam("delay_s", "s", Words("应答延迟", "delay of its answers"), default=2.0, low=0.0, high=60.0),),
    ),
    FaultKind("exceptions", Words("设备应答异常", "device answers exceptions"), ("device",)),
    FaultKind("frozen", Words("数值冻结", "value frozen"), ("device", "point")),
    FaultKind("nan", Words("数值缺失", "value missing (nan)"), ("device", "point")),
    FaultKind("setpoint-ignored", Words("不执行设定值", "set-point ignored"), ("battery", "source")),
    FaultKind("trip", Words("变流器跳闸", "converter trip"), ("battery",)),
    FaultKind("dead-watchdog", Words("看门狗失效", "watchdog dead"), ("battery", "source")),
    FaultKind("reversed-ct", Words("电流互感器反接", "current transformer reversed"), ("meter",)),
    FaultKind("reversed-dc", Words("直流电流反号", "DC current of the wrong sign"), ("battery",)),
    FaultKind(
        "wrong-scale",
        Words("比例错误", "wrong scale"),
        ("power", "power point"),
        (FaultParam("factor", "", Words("显示为实际的倍数", "times what is true"), default=10.0, low=1e-3, high=1e3),),
    ),
    FaultKind("swapped-unit", Words("两台设备地址互换", "addresses of two devices swapped"), ("pair",)),
    FaultKind(
        "meter-wrong-side",
        Words("电表装错位置(测不到电池)", "meter on the wrong side (batteries not behind it)"),
        ("gate",),
    ),
    FaultKind("load-trip", Words("负荷跳闸", "load trip"), ("load",)),
    FaultKind(
        "weak-cell",
        Words("弱电芯", "weak cell"),
        ("battery",),
        (
            *_CELL,
            FaultParam("capacity_factor", "", Words("容量倍数", "times its capacity"), default=0.8, low=0.1, high=1.0),
            FaultParam(
                "resistance_factor", "", Words("内阻倍数", "times its resistance"), default=2.0, low=1.0, high=100.0
            ),
        ),
    ),
    FaultKind(
        "hot-cell",
        Words("热电芯", "hot cell"),
        ("battery",),
        (*_CELL, FaultParam("heat_w", "W", Words("额外发热", "extra heat"), default=100.0, low=0.0, high=1000.0)),
    ),
    FaultKind(
        "internal-short",
        Words("电芯内短路", "internal short"),
        ("battery",),
        (*_CELL, FaultParam("short_ohm", "ohm", Words("短路电阻", "of the short"), default=1.0, low=0.01, high=1e4)),
    ),
    FaultKind(
        "growing-resistance",
        Words("内阻增长", "growing resistance"),
        ("battery",),
        (
            *_CELL,
            FaultParam("per_day", "", Words("每天增加的倍数", "share of it more a day"), 0.1, low=0.0, high=100.0),
        ),
    ),
    FaultKind(
        "capacity-loss",
        Words("容量衰减", "capacity loss"),
        ("battery",),
        (
            *_CELL,
            FaultParam("per_day", "", Words("每天减少的份额", "share of it less a day"), 0.01, low=0.0, high=10.0),
        ),
    ),
    FaultKind(
        "thermal-runaway",
        Words("热失控起始", "onset of a thermal runaway"),
        ("battery",),
        (
            *_CELL,
            FaultParam("trigger_w", "W", Words("触发热量", "heat that brings it on"), 150.0, low=0.0, high=2000.0),
            FaultParam("onset_degc", "degC", Words("自发热起始温度", "self-heating from"), 70.0, low=20.0, high=150.0),
            FaultParam("heat_w", "W", Words("起始时自发热", "self-heating there"), 50.0, low=1.0, high=5000.0),
        ),
    ),
    FaultKind(
        "loose-lead",
        Words("采样线接触不良", "loose harness lead"),
        ("battery",),
        (*_CELL, FaultParam("lead_ohm", "ohm", Words("接触电阻", "of its contact"), 5e-4, low=1e-6, high=0.1)),
    ),
    FaultKind("open-wire", Words("采样线断开", "harness lead open"), ("battery",), _CELL),
    *_sensor("cell-voltage", "电芯电压", "cell voltage", "V", 0.02, 10.0),
    *_sensor("cell-temperature", "电芯温度", "cell temperature", "K", 5.0, 1000.0),
    *_sensor("rack-current", "簇电流", "rack current", "A", 2.0, 1000.0),
    FaultKind("balancing-failed", Words("均衡失效", "balancing failed"), ("battery",), _RACK),
    FaultKind("pump-failure", Words("水泵或风机故障", "pump or fans failed"), ("battery",)),
    FaultKind("heater-stuck", Words("加热膜常开", "heating film stuck on"), ("battery",)),
    FaultKind("contactor-weld", Words("接触器粘连", "contactor welded"), ("battery",), _RACK),
    FaultKind(
        "insulation-fall",
        Words("绝缘下降", "insulation falls"),
        ("battery",),
        (*_RACK, FaultParam("insulation_ohm", "ohm", Words("绝缘电阻", "against earth"), 5e4, low=0.0, high=1e9)),
    ),
)
"""Every kind; adding one is adding it here, and saying what it does in `distort`, `miswired`, `cell_faults`,
`sensors` or the thing itself."""
