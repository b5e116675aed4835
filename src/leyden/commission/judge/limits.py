"""Limits: what is asked beyond them is cut off by us, and refused or cut off by the device too."""

import numpy as np

from leyden.commission.judge.trace import Series
from leyden.commission.judge.verdict import Mark, Verdict
from leyden.model.reason import Reason
from leyden.model.words import Words

TOLERANCE = 0.03
"""Share of its rating by which a converter may be off at full power."""


class AskedTooMuch(Reason, frozen=True):
    """Stands for a request that nobody should grant."""

    sentence = Words("调试:超限请求", "commissioning: a request beyond all limits")


class OursHolds(Verdict, frozen=True):
    """Our own protective controllers cut it off."""

    battery: str
    asked_w: float
    given_w: float
    because: Words
    sentence = Words(
        "向 {battery} 请求 {asked_w},本系统只给 {given_w}:{because}",
        "{asked_w} asked of {battery} become {given_w} with us: {because}",
    )
    mark = Mark.PASSED


class OursFails(Verdict, frozen=True):
    """It was let through."""

    battery: str
    asked_w: float
    given_w: float
    sentence = Words(
        "向 {battery} 请求 {asked_w},本系统竟给出 {given_w}", "{asked_w} asked of {battery} became {given_w}"
    )
    mark = Mark.FAILED
    mend = Words("这是 Leyden 的缺陷:请勿投入并报告", "this is a fault of Leyden: do not use it, and report it")


class DeviceRefuses(Verdict, frozen=True):
    """It answers that it will not."""

    battery: str
    asked_w: float
    said: Words
    sentence = Words(
        "{battery} 变流器拒绝超限设定 {asked_w}:{said}", "the converter of {battery} refuses {asked_w}: {said}"
    )
    mark = Mark.PASSED


class DeviceHolds(Verdict, frozen=True):
    """It takes the number and stays within its rating."""

    battery: str
    asked_w: float
    reached_w: float
    rated_w: float
    sentence = Words(
        "{battery} 变流器被令 {asked_w},只到 {reached_w}(额定 {rated_w})",
        "told {asked_w}, the converter of {battery} stops at {reached_w} (rated {rated_w})",
    )
    mark = Mark.PASSED


class DeviceExceeds(Verdict, frozen=True):
    """It goes beyond the rating of site.toml."""

    battery: str
    asked_w: float
    reached_w: float
    rated_w: float
    sentence = Words(
        "{battery} 变流器被令 {asked_w} 时到了 {reached_w},超过站点文件中的额定 {rated_w}",
        "told {asked_w}, the converter of {battery} went to {reached_w}, beyond the {rated_w} of site.toml",
    )
    mark = Mark.FAILED
    mend = Words(
        "核对站点文件中的额定功率;若无误,请在设备内设置功率限值",
        "check the rated power in site.toml; if it is right, set the limit in the device",
    )


class DeviceUnproven(Verdict, frozen=True):
    """There was no room to try."""

    battery: str
    because: Words
    sentence = Words(
        "{battery} 变流器自身的限值未试验:{because}",
        "the own limit of the converter of {battery} was not tried: {because}",
    )
    mark = Mark.UNDECIDED
    mend = Words(
        "与脉冲试验同次进行,在有满功率余地时重做",
        "do it again in one run with the pulses, when there is room for full power",
    )


def judge_device_limit(
    power: Series, battery: str, asked_w: float, rated_w: float, start_s: float, end_s: float
) -> Verdict:
    """From what the converter did while it was told more than its rating."""
    seen = np.abs(power.between(start_s, end_s).value)
    if seen.size == 0:
        return DeviceUnproven(battery, Words("没有读数", "nothing was read"))
    most_w = float(seen.max())
    if most_w > (1.0 + TOLERANCE) * rated_w:
        return DeviceExceeds(battery, asked_w, most_w, rated_w)
    if float(np.median(seen[-3:])) < 0.5 * rated_w:
        short = Words("功率未升起来", "its power did not rise")
        return DeviceUnproven(battery, short)
    return DeviceHolds(battery, asked_w, float(np.median(seen[-3:])), rated_w)
