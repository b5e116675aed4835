"""The watchdog: when nobody feeds it any more, a converter must come to zero by itself, in its time."""

import math
from dataclasses import dataclass

from leyden.commission.judge.trace import Series
from leyden.commission.judge.verdict import Finding, Mark, Step, Verdict
from leyden.model.words import Words

GONE_SHARE = 0.5
"""Below this share of its power it is on its way to zero."""
TAIL_LOOKS = 3
"""So many looks beyond its time, all with power, and it is dead: one alone may be old."""
MOST_LATE_S = 5.0
"""A device counts in whole seconds, and comes down with its ramp."""


class WatchdogWorks(Verdict, frozen=True):
    """It came to zero by itself."""

    battery: str
    armed_s: float
    took_s: float
    sentence = Words(
        "{battery} 看门狗有效:停止写入后 {took_s} 自行归零(设定 {armed_s})",
        "the watchdog of {battery} works: {took_s} after the last write it went to zero by itself (armed {armed_s})",
    )
    mark = Mark.PASSED


class WatchdogLate(Verdict, frozen=True):
    """It came to zero, but not in its time."""

    battery: str
    armed_s: float
    took_s: float
    sentence = Words(
        "{battery} 看门狗动作太晚:停止写入后 {took_s} 才归零(设定 {armed_s})",
        "the watchdog of {battery} is late: {took_s} after the last write until zero (armed {armed_s})",
    )
    mark = Mark.FAILED
    mend = Words("核对看门狗寄存器的单位与数值", "check the unit and the value of its register")


class WatchdogDead(Verdict, frozen=True):
    """It went on without us."""

    battery: str
    armed_s: float
    power_w: float
    waited_s: float
    sentence = Words(
        "{battery} 看门狗失效:设定 {armed_s},停止写入 {waited_s} 后仍为 {power_w}",
        "the watchdog of {battery} is dead: armed {armed_s}, and {waited_s} after the last write it still "
        "does {power_w}",
    )
    mark = Mark.FAILED
    mend = Words(
        "在设备上启用通信超时归零;否则通信中断时它会一直运行下去。修正前不可投入",
        "enable its communication time-out to zero: without it, it goes on for ever when we die. Leave it off until "
        "then",
    )


class NoWatchdog(Verdict, frozen=True):
    """Its map knows none."""

    battery: str
    device: str
    sentence = Words(
        "{battery} 的设备 {device} 没有看门狗:上位机失联后它保持最后的设定",
        "the device {device} of {battery} has no watchdog: when we die it keeps to its last set-point",
    )
    mark = Mark.FAILED
    mend = Words(
        "请向厂家索取通信超时功能并写入点表;确认风险后才可设 accept_no_watchdog = true",
        "ask its maker for a communication time-out and put it into the map; only if the risk is taken knowingly, "
        "accept_no_watchdog = true",
    )


class WatchdogUndecided(Verdict, frozen=True):
    """There was no power to lose, or nothing was read."""

    battery: str
    power_w: float
    sentence = Words(
        "{battery} 看门狗无法判定:停止写入前功率为 {power_w}",
        "nothing can be said of the watchdog of {battery}: before the last write it did {power_w}",
    )
    mark = Mark.UNDECIDED
    mend = Words("变流器按设定执行后重做", "do it again when the converter follows its set-point")


@dataclass(frozen=True, slots=True)
class Starved:
    """A test of a watchdog: what was told last, and when."""

    battery: str
    told_w: float
    last_write_s: float
    armed_s: float
    end_s: float
    """Until when it was watched."""
    slack_s: float
    """Dead time, ramp and stumbles that come on top."""


def judge_watchdog(power: Series, test: Starved) -> Finding:
    """From the converter's power since the last write."""
    before_w = _before(power, test.last_write_s)
    verdict: Verdict
    if not abs(before_w) >= GONE_SHARE * abs(test.told_w):
        verdict = WatchdogUndecided(test.battery, before_w)
    else:
        verdict = _verdict(power.between(test.last_write_s, test.end_s), test, before_w)
    return Finding(Step.WATCHDOG, test.battery, verdict)


def _verdict(after: Series, test: Starved, before_w: float) -> Verdict:
    gone = after.value * math.copysign(1.0, before_w) < GONE_SHARE * abs(before_w)
    late_s = test.last_write_s + test.armed_s + test.slack_s + MOST_LATE_S
    if len(after) and bool(gone[-1]):
        # It is gone for good at the look after the last one with power; between the two nobody looked.
        still = [i for i in range(len(after)) if not gone[i]]
        last = still[-1] if still else -1
        seen_s = float(after.t_s[last]) if still else test.last_write_s
        gone_s = 0.5 * (seen_s + float(after.t_s[last + 1]))
        kind = WatchdogWorks if seen_s <= late_s else WatchdogLate
        return kind(test.battery, test.armed_s, gone_s - test.last_write_s)
    if int((after.t_s > late_s).sum()) >= TAIL_LOOKS:
        power_w = float(after.value[-1])
        return WatchdogDead(test.battery, test.armed_s, power_w, test.end_s - test.last_write_s)
    return WatchdogUndecided(test.battery, before_w)


def _before(power: Series, moment_s: float) -> float:
    """The power at the last look before a moment; nan where there was none."""
    values = power.between(-math.inf, moment_s).value
    return float(values[-1]) if values.size else math.nan
