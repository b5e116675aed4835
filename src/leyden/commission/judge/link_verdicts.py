"""What a first look at all devices can find."""

from leyden.commission.judge.verdict import Mark, Verdict
from leyden.model.words import Words


class AllFresh(Verdict, frozen=True):
    """Everything answers, and makes sense."""

    devices: int
    points: int
    sentence = Words(
        "{devices} 台设备全部在线,{points} 个量均新鲜且合理",
        "all {devices} devices answer; {points} points are fresh and plausible",
    )
    mark = Mark.PASSED


class NoAnswer(Verdict, frozen=True):
    """Nobody is at its address."""

    device: str
    at: str
    error: Words
    sentence = Words("设备 {device}({at})无应答:{error}", "the device {device} ({at}) does not answer: {error}")
    mark = Mark.FAILED
    mend = Words("检查供电、网线、IP 地址、端口与单元号", "check power, cable, address, port and unit id")


class NoIdentity(Verdict, frozen=True):
    """It does not say who it is."""

    device: str
    sentence = Words(
        "设备 {device} 不提供厂家、型号与序列号", "the device {device} says no maker, model or serial number"
    )
    mark = Mark.NOTED
    mend = Words("请现场抄录铭牌", "write down its name plate")


class SameDevice(Verdict, frozen=True):
    """Two names lead to one device."""

    one: str
    other: str
    serial: str
    sentence = Words(
        "{one} 与 {other} 是同一台设备(序列号 {serial})",
        "{one} and {other} are one and the same device (serial number {serial})",
    )
    mark = Mark.FAILED
    mend = Words("改正其中一个的 at(单元号)", "correct one of their addresses (unit ids)")


class PointsMissing(Verdict, frozen=True):
    """What must be known is not."""

    device: str
    thing: str
    points: str
    sentence = Words("{device} 没有给出 {thing} 的 {points}", "{device} gives no good {points} of {thing}")
    mark = Mark.FAILED
    mend = Words("核对点表的地址与类型", "check addresses and types in its map")


class PointsNotGiven(Verdict, frozen=True):
    """What its map has and the device does not give."""

    device: str
    thing: str
    points: str
    sentence = Words("{device} 未给出 {thing} 的 {points}", "{device} does not give {points} of {thing}")
    mark = Mark.NOTED
    mend = Words("若设备没有,可忽略", "nothing to mend, if the device does not have them")


class Implausible(Verdict, frozen=True):
    """A value that cannot be."""

    device: str
    thing: str
    point: Words
    shown: Words
    least: Words
    most: Words
    sentence = Words(
        "{device} 的 {thing} {point}为 {shown},应在 {least} 与 {most} 之间",
        "{device} says {shown} as {point} of {thing}; it should be {least} to {most}",
    )
    mark = Mark.FAILED
    mend = Words("核对点表的 scale、sign 与地址", "check scale, sign and address in its map")


class VoltageDiffers(Verdict, frozen=True):
    """The DC voltage is not the sum of the cells'."""

    battery: str
    device: str
    dc_v: float
    cells_v: float
    series: int
    sentence = Words(
        "{battery} 直流电压 {dc_v} 与 {series} 串单体之和 {cells_v} 不符",
        "the DC voltage of {battery} is {dc_v}; {series} of its cells in series make {cells_v}",
    )
    mark = Mark.FAILED
    mend = Words(
        "核对 dc_voltage_v 的 scale 与站点文件的 layout", "check the scale of dc_voltage_v, and layout in site.toml"
    )


class FaultBitsSet(Verdict, frozen=True):
    """The battery's own protection has something to say."""

    battery: str
    device: str
    fault_bits: int
    sentence = Words(
        "{battery} 的 {device} 报故障(位 {fault_bits})", "{device} of {battery} reports faults (bits {fault_bits})"
    )
    mark = Mark.FAILED
    mend = Words("先排除电池故障并复位", "clear the battery's faults and reset it first")


class BalanceOff(Verdict, frozen=True):
    """The meters do not add up."""

    grid_w: float
    expected_w: float
    sentence = Words(
        "各表不平衡:关口 {grid_w},其余各表合计应为 {expected_w}",
        "the meters do not add up: the gate says {grid_w}, all others together make {expected_w}",
    )
    mark = Mark.NOTED
    mend = Words(
        "脉冲试验会指出是哪块表;也可能有未计量的负荷",
        "the pulses will tell which one it is; or something is not metered",
    )
