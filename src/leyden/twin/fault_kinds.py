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
)
"""Every kind; adding one is adding it here, and saying what it does in `distort`, `miswired` or the thing itself."""
