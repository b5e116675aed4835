"""What steps can tell of times and ramps."""

from leyden.commission.judge.verdict import Mark, Verdict
from leyden.model.words import Words


class DeadTime(Verdict, frozen=True):
    """From a command until anything moves."""

    battery: str
    dead_time_s: float
    spread_s: float
    steps: int
    sentence = Words(
        "{battery} 变流器死区时间 {dead_time_s} ± {spread_s}({steps} 次阶跃)",
        "the converter of {battery} does nothing for {dead_time_s} ± {spread_s} after a command ({steps} steps)",
    )
    mark = Mark.PASSED


class Ramp(Verdict, frozen=True):
    """How fast its power changes."""

    battery: str
    ramp: str
    spread: str
    steps: int
    sentence = Words(
        "{battery} 变流器爬坡 {ramp} ± {spread}({steps} 次阶跃)",
        "the converter of {battery} ramps by {ramp} ± {spread} ({steps} steps)",
    )
    mark = Mark.PASSED


class RampAtLeast(Verdict, frozen=True):
    """Too fast to be seen between two looks."""

    battery: str
    ramp: str
    look_s: float
    sentence = Words(
        "{battery} 变流器爬坡不低于 {ramp};每 {look_s} 一次读数,更快则分辨不出",
        "the converter of {battery} ramps by {ramp} or more; with a look every {look_s} no more can be seen",
    )
    mark = Mark.PASSED


class MeterDelay(Verdict, frozen=True):
    """How old the gate meter's value is."""

    device: str
    delay_s: float
    spread_s: float
    steps: int
    sentence = Words(
        "关口表 {device} 的数值滞后 {delay_s} ± {spread_s}({steps} 次阶跃)",
        "what the gate meter {device} says is {delay_s} ± {spread_s} old ({steps} steps)",
    )
    mark = Mark.PASSED


class DelayUndecided(Verdict, frozen=True):
    """The load hides it."""

    device: str
    steps: int
    sentence = Words(
        "关口表 {device} 的延迟无法测定:只有 {steps} 次阶跃可辨认",
        "the delay of the gate meter {device} could not be measured: only {steps} steps stood out from the load",
    )
    mark = Mark.UNDECIDED
    mend = Words("在负荷平稳时重做", "do it again in a quieter hour")


class DelayNotMeasured(Verdict, frozen=True):
    """The gate meter is not to be trusted yet."""

    device: str
    sentence = Words(
        "关口表 {device} 在本次调试中未通过方向与比例试验,未测其延迟",
        "the gate meter {device} has not passed signs and scale in this run: its delay is not measured",
    )
    mark = Mark.UNDECIDED
    mend = Words("先改正关口表,再重做本步骤", "mend the meter first, then do this step again")


class TimesUndecided(Verdict, frozen=True):
    """Too few steps arrived."""

    battery: str
    steps: int
    sentence = Words(
        "{battery} 的死区与爬坡无法测定:只有 {steps} 次阶跃到位",
        "dead time and ramp of {battery} could not be measured: only {steps} steps arrived",
    )
    mark = Mark.UNDECIDED
    mend = Words("检查变流器是否按设定执行,再重做", "see whether the converter follows, then do it again")
