"""What pulses can prove or disprove of the gate meter and of the meters beside it."""

from leyden.commission.judge.verdict import Mark, Verdict
from leyden.model.words import Words


class GateAgrees(Verdict, frozen=True):
    """The gate meter moves by what the battery gives, the right way."""

    told_w: float
    moved_w: float
    error_w: float
    pulses: int
    sentence = Words(
        "关口表方向、比例与位置正确:放电 {told_w} 时下网减少 {moved_w} ± {error_w}({pulses} 次脉冲)",
        "sign, scale and place of the gate meter are right: {told_w} of discharge lower the import by "
        "{moved_w} ± {error_w} ({pulses} pulses)",
    )
    mark = Mark.PASSED


class _OfTheGate(Verdict, frozen=True):
    """Base of what is wrong with the gate meter: how far it moved."""

    device: str
    told_w: float
    moved_w: float
    error_w: float
    pulses: int
    mark = Mark.FAILED


class GateReversed(_OfTheGate, frozen=True):
    """Import and export are exchanged."""

    sentence = Words(
        "关口表 {device} 方向反了(互感器反接):放电 {told_w} 时下网读数增加 {moved_w} ± {error_w}({pulses} 次脉冲)",
        "the gate meter {device} is reversed (current transformers the wrong way round): {told_w} of discharge raise "
        "the import it shows by {moved_w} ± {error_w} ({pulses} pulses)",
    )
    mend = Words(
        "调换互感器二次接线(或反转点表中关口的 sign),再重做本步骤",
        "turn the current transformers or exchange their two wires (or turn the sign of the grid in its map), "
        "then do this step again",
    )


class GateScale(_OfTheGate, frozen=True):
    """A power of ten off."""

    factor: float
    sentence = Words(
        "关口表 {device} 比例错误:显示为实际的 {factor} 倍(放电 {told_w} 时读数变化 {moved_w} ± {error_w})",
        "the gate meter {device} has the wrong scale: it shows {factor} times what flows ({told_w} of discharge move "
        "it by {moved_w} ± {error_w})",
    )
    mend = Words(
        "核对互感器变比设置与点表的 scale",
        "correct the ratio of the current transformers in the meter, or scale in its map",
    )


class GateRatio(_OfTheGate, frozen=True):
    """Off by a factor that is no power of ten."""

    factor: float
    sentence = Words(
        "关口表 {device} 只变化了 {factor} 倍:放电 {told_w} 时读数变化 {moved_w} ± {error_w}",
        "the gate meter {device} moves {factor} times as far as it should: {told_w} of discharge move it by "
        "{moved_w} ± {error_w}",
    )
    mend = Words(
        "核对互感器变比与相数(是否缺一相),以及电池与表之间是否另有设备",
        "check the ratio of the current transformers and whether a phase is missing, and what else stands between",
    )


class GateBlind(_OfTheGate, frozen=True):
    """It does not see the battery."""

    sentence = Words(
        "关口表 {device} 测不到电池(位置错误):放电 {told_w} 时读数只变化 {moved_w} ± {error_w}({pulses} 次脉冲)",
        "the gate meter {device} does not see the battery (it is on the wrong side): {told_w} of discharge move it by "
        "{moved_w} ± {error_w} ({pulses} pulses)",
    )
    mend = Words(
        "应装在电网与全部用电、发电及电池之间;请核对安装位置与设备地址",
        "it must stand between the grid and everything else, batteries too: check where it is, and its address",
    )


class MetersSwapped(Verdict, frozen=True):
    """Another meter answers as the gate's should."""

    device: str
    other: str
    moved_w: float
    told_w: float
    sentence = Words(
        "关口表 {device} 与 {other} 的地址(单元号)互换:放电 {told_w} 时变化 {moved_w} 的是 {other}",
        "the gate meter {device} and {other} have each other's address (unit id): it is {other} that moves by "
        "{moved_w} for {told_w} of discharge",
    )
    mark = Mark.FAILED
    mend = Words("互换两台设备的 at,再重做本步骤", "exchange the two devices' `at`, then do this step again")


class LoadSeesBattery(Verdict, frozen=True):
    """A load's meter has the battery behind it."""

    device: str
    load: str
    told_w: float
    moved_w: float
    sentence = Words(
        "负荷 {load} 的电表 {device} 也测到了电池:脉冲 {told_w} 时变化 {moved_w}",
        "the meter {device} of the load {load} has the battery behind it: it moves by {moved_w} for {told_w}",
    )
    mark = Mark.FAILED
    mend = Words(
        "该表应只测该负荷;请核对位置与地址", "it must measure that load alone: check its place and its address"
    )


class GateUndecided(_OfTheGate, frozen=True):
    """The load moves too much."""

    noise_w: float
    needed: int
    sentence = Words(
        "关口表 {device} 无法判定:负荷自身波动 {noise_w},{pulses} 次 {told_w} 的脉冲只得 {moved_w} ± {error_w};"
        "约需 {needed} 次",
        "nothing can be said of the gate meter {device}: the load moves by {noise_w} on its own, and {pulses} pulses "
        "of {told_w} only tell {moved_w} ± {error_w}; some {needed} would be needed",
    )
    mark = Mark.UNDECIDED
    mend = Words(
        "在负荷平稳时重做,或用更大的脉冲(--pulse 0.1)",
        "do it again in a quieter hour, or with larger pulses (--pulse 0.1)",
    )
