"""The stop: told not to run, a converter goes to zero and stays there, whatever its set-point says."""

from dataclasses import dataclass

import numpy as np

from leyden.commission.judge.trace import Series
from leyden.commission.judge.verdict import Finding, Mark, Step, Verdict
from leyden.model.words import Words

REST_SHARE = 0.2
"""Of the power before: below it the converter is at rest. A pulse is a twentieth of its rating."""
LEAST_LOOKS = 3


class StopWorks(Verdict, frozen=True):
    """It went to zero and stayed."""

    battery: str
    from_w: float
    took_s: float
    held_s: float
    sentence = Words(
        "{battery} 停机有效:由 {from_w} 在 {took_s} 内归零,此后 {held_s} 内设定值未归零也保持为零",
        "the stop of {battery} works: from {from_w} to zero in {took_s}, and there it stayed for {held_s} although its "
        "set-point stood",
    )
    mark = Mark.PASSED


class ZeroWorks(Verdict, frozen=True):
    """A device without an order to stop goes to zero when told zero."""

    battery: str
    from_w: float
    took_s: float
    held_s: float
    sentence = Words(
        "{battery} 设定为零后由 {from_w} 在 {took_s} 内归零,并在 {held_s} 内保持为零",
        "told zero, {battery} went from {from_w} to zero in {took_s}, and stayed there for {held_s}",
    )
    mark = Mark.PASSED


class StopIgnored(Verdict, frozen=True):
    """It went on."""

    battery: str
    power_w: float
    waited_s: float
    sentence = Words(
        "{battery} 停机无效:停机命令 {waited_s} 后仍为 {power_w}",
        "{battery} does not stop: {waited_s} after the order it still does {power_w}",
    )
    mark = Mark.FAILED
    mend = Words(
        "核对点表 run 的地址与数值;修正前只能由急停停机",
        "check address and values of run in its map; until then only the emergency stop stops it",
    )


class StopNotKept(Verdict, frozen=True):
    """It stopped, and began again."""

    battery: str
    power_w: float
    after_s: float
    sentence = Words(
        "{battery} 停机后 {after_s} 又自行运行到 {power_w}",
        "{battery} stopped and {after_s} later began again by itself, with {power_w}",
    )
    mark = Mark.FAILED
    mend = Words(
        "检查是否有其他主站或设备自身模式在启动它", "see whether another master or a mode of its own starts it"
    )


class NoStop(Verdict, frozen=True):
    """Its map knows no order to stop."""

    battery: str
    device: str
    sentence = Words(
        "{battery} 的设备 {device} 没有停机命令;只试验了零设定",
        "the device {device} of {battery} takes no order to stop; only a set-point of zero was tried",
    )
    mark = Mark.NOTED


class StopUndecided(Verdict, frozen=True):
    """There was nothing to stop."""

    battery: str
    power_w: float
    sentence = Words(
        "{battery} 停机无法判定:停机前功率为 {power_w}",
        "nothing can be said of the stop of {battery}: before it, it did {power_w}",
    )
    mark = Mark.UNDECIDED
    mend = Words("变流器按设定执行后重做", "do it again when the converter follows its set-point")


@dataclass(frozen=True, slots=True)
class Stopping:
    """A test of the stop."""

    battery: str
    told_w: float
    stop_s: float
    end_s: float
    zero_by_s: float
    """How long it may take to zero."""
    ordered: bool = True
    """Whether it was told to stop; else only to go to zero."""


def judge_stop(power: Series, test: Stopping) -> Finding:
    """From the converter's power before and after the order."""
    before = power.between(-np.inf, test.stop_s).value
    before_w = float(before[-1]) if before.size else float("nan")
    after = power.between(test.stop_s, test.end_s)
    verdict: Verdict
    if not abs(before_w) >= 0.5 * abs(test.told_w) or len(after) < LEAST_LOOKS:
        verdict = StopUndecided(test.battery, before_w)
    else:
        verdict = _verdict(after, before_w, test)
    return Finding(Step.STOP, test.battery, verdict)


def _verdict(after: Series, before_w: float, test: Stopping) -> Verdict:
    resting = np.abs(after.value) < REST_SHARE * abs(before_w)
    rests = np.flatnonzero(resting)
    if rests.size == 0:
        return StopIgnored(test.battery, float(after.value[-1]), test.end_s - test.stop_s)
    first = int(rests[0])
    took_s = float(after.t_s[first]) - test.stop_s
    again = np.flatnonzero(~resting[first:])
    if again.size:
        at = first + int(again[0])
        return StopNotKept(test.battery, float(after.value[at]), float(after.t_s[at] - after.t_s[first]))
    seen_s = float(after.t_s[first - 1]) - test.stop_s if first else 0.0
    if seen_s > test.zero_by_s:
        return StopIgnored(test.battery, float(after.value[first - 1]), seen_s)
    kind = StopWorks if test.ordered else ZeroWorks
    return kind(test.battery, before_w, took_s, test.end_s - float(after.t_s[first]))
