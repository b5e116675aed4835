"""What pulses can prove or disprove of a converter and of a battery management."""

from leyden.commission.judge.verdict import Mark, Verdict
from leyden.model.words import Words


class ConverterFollows(Verdict, frozen=True):
    """It does what it is told, and says so."""

    battery: str
    told_w: float
    said_w: float
    pulses: int
    sentence = Words(
        "{battery} 变流器按设定执行:设定 {told_w},实测 {said_w}({pulses} 次脉冲)",
        "the converter of {battery} does what it is told: told {told_w}, it says {said_w} ({pulses} pulses)",
    )
    mark = Mark.PASSED


class DcAgrees(Verdict, frozen=True):
    """DC volts times amperes agree with the converter, losses allowed for."""

    battery: str
    discharge_efficiency: float
    charge_efficiency: float
    sentence = Words(
        "{battery} 直流侧电压×电流与变流器一致;此功率下效率:放电 {discharge_efficiency},充电 {charge_efficiency}",
        "DC volts times amperes of {battery} agree with its converter; efficiency at this power: "
        "{discharge_efficiency} out, {charge_efficiency} in",
    )
    mark = Mark.PASSED


class ConverterIgnores(Verdict, frozen=True):
    """It is told, and nothing happens."""

    battery: str
    told_w: float
    echo_w: float
    sentence = Words(
        "{battery} 变流器不执行设定:设定 {told_w},回读 {echo_w},功率不变",
        "the converter of {battery} ignores its set-point: told {told_w}, its register says {echo_w}, "
        "and no power moves",
    )
    mark = Mark.FAILED
    mend = Words(
        "检查远方/就地模式、使能、并网开关与控制字;点表的写入地址是否正确",
        "check its remote mode, its enabling and its breaker, and the write addresses of its map",
    )


class ConverterReversed(Verdict, frozen=True):
    """It charges when told to discharge."""

    battery: str
    told_w: float
    sentence = Words(
        "{battery} 变流器方向反了:令其放电 {told_w} 时它在充电",
        "the converter of {battery} does the opposite: told to give {told_w}, it takes as much",
    )
    mark = Mark.FAILED
    mend = Words("反转点表写入项 setpoint_w 的 sign", "turn the sign of the written setpoint_w in its map")


class ConverterScale(Verdict, frozen=True):
    """It does a power of ten more or less than it is told, whatever it says."""

    battery: str
    told_w: float
    factor: float
    sentence = Words(
        "{battery} 变流器比例错误:设定 {told_w},实际为其 {factor} 倍",
        "the converter of {battery} has the wrong scale: told {told_w}, it does {factor} times that",
    )
    mark = Mark.FAILED
    mend = Words(
        "修正点表中变流器功率的 scale,修正前不可投入",
        "correct the scale of its powers in its map; leave it off until then",
    )


class ConverterReads(Verdict, frozen=True):
    """It does what it is told and shows something else."""

    battery: str
    told_w: float
    factor: float
    sentence = Words(
        "{battery} 变流器的功率读数错误:执行正确,但显示为实际的 {factor} 倍(设定 {told_w})",
        "the power that the converter of {battery} shows is wrong: it does what it is told ({told_w}), and shows "
        "{factor} times that",
    )
    mark = Mark.FAILED
    mend = Words("修正点表中 power_w 的 scale 或 sign", "correct scale or sign of power_w in its map")


class ConverterOff(Verdict, frozen=True):
    """It does some other share of what it is told."""

    battery: str
    told_w: float
    said_w: float
    sentence = Words(
        "{battery} 变流器未达到设定:设定 {told_w},实测 {said_w}",
        "the converter of {battery} does not reach its set-point: told {told_w}, it says {said_w}",
    )
    mark = Mark.FAILED
    mend = Words("检查其内部限值与功率标定", "check its own limits and the calibration of its power")


class MetersDisagree(Verdict, frozen=True):
    """Two meters see the battery move, each its own way."""

    battery: str
    device: str
    told_w: float
    converter_w: float
    other_w: float
    sentence = Words(
        "{battery} 读数互相矛盾:设定 {told_w},变流器显示 {converter_w},{device} 显示 {other_w},没有第三块表可判定谁对",
        "readings of {battery} disagree: told {told_w}, its converter says {converter_w} and {device} says {other_w}, "
        "and no third meter tells who is right",
    )
    mark = Mark.FAILED
    mend = Words(
        "用钳形表核对实际功率,修正点表的 sign 或 scale",
        "measure with a clamp meter, and correct sign or scale in the map",
    )


class ConvertersSwapped(Verdict, frozen=True):
    """Another battery's converter answers."""

    battery: str
    other: str
    sentence = Words(
        "{battery} 与 {other} 的变流器或 BMS 地址(单元号)互换:令 {battery} 动作时,{other} 有变化",
        "converter or battery management of {battery} and {other} have each other's address (unit id): {battery} is "
        "told, and {other} moves",
    )
    mark = Mark.FAILED
    mend = Words("核对并互换两台设备的 at", "check and exchange the two devices' `at`")


class DcReversed(Verdict, frozen=True):
    """The direct current has the wrong sign."""

    battery: str
    device: str
    sentence = Words(
        "{battery} 直流电流反号:放电时 {device} 显示充电",
        "the DC current of {battery} has the wrong sign: while it discharges, {device} shows charging",
    )
    mark = Mark.FAILED
    mend = Words(
        "反转点表中 dc_current_a 的 sign(或电流传感器方向)", "turn the sign of dc_current_a in its map, or the sensor"
    )


class DcScale(Verdict, frozen=True):
    """Volts or amperes are a power of ten, or another factor, off."""

    battery: str
    device: str
    factor: float
    sentence = Words(
        "{battery} 直流功率(电压×电流)为变流器的 {factor} 倍:{device} 的比例不对",
        "DC volts times amperes of {battery} are {factor} times its converter's power: the scale of {device} is wrong",
    )
    mark = Mark.FAILED
    mend = Words(
        "核对点表中 dc_voltage_v 与 dc_current_a 的 scale",
        "check the scales of dc_voltage_v and dc_current_a in its map",
    )


class DcBlind(Verdict, frozen=True):
    """The battery management sees no current."""

    battery: str
    device: str
    sentence = Words(
        "{device} 测不到 {battery} 的直流电流变化", "{device} sees nothing of the direct current of {battery}"
    )
    mark = Mark.FAILED
    mend = Words(
        "核对该设备是否属于此电池,以及电流传感器", "check whether it belongs to this battery, and its current sensor"
    )


class DcNotMeasured(Verdict, frozen=True):
    """The device says no DC volts or amperes."""

    battery: str
    sentence = Words("{battery} 不提供直流电压与电流,未核对", "{battery} says no DC volts and amperes: not compared")
    mark = Mark.NOTED


class PulsesUndecided(Verdict, frozen=True):
    """Too little was seen of a converter or a battery management."""

    battery: str
    what: Words
    moved_w: float
    error_w: float
    sentence = Words(
        "{battery} {what}无法判定:{moved_w} ± {error_w}",
        "nothing can be said of {what} of {battery}: {moved_w} ± {error_w}",
    )
    mark = Mark.UNDECIDED
    mend = Words("重做本步骤;检查通信是否过慢", "do this step again; see whether the device answers too slowly")


class PulsesSpoilt(Verdict, frozen=True):
    """No pulse was read well enough."""

    battery: str
    tried: int
    sentence = Words(
        "{battery} 的 {tried} 次脉冲读数均不足:通信或本机太慢",
        "none of {tried} pulses of {battery} was read well enough: the devices' links or this computer are too slow",
    )
    mark = Mark.UNDECIDED
    mend = Words("检查通信与本机负载后重做", "look at the links and at this computer's load, then do it again")


class OneWay(Verdict, frozen=True):
    """There was only room for pulses in one direction."""

    battery: str
    way: Words
    because: Words
    sentence = Words("{battery} 只做了{way}脉冲:{because}", "{battery} was only pulsed one way, {way}: {because}")
    mark = Mark.NOTED


class NoRoom(Verdict, frozen=True):
    """Nothing may be told now."""

    battery: str
    because: Words
    sentence = Words("{battery} 现在没有试验余地:{because}", "there is no room to test {battery} now: {because}")
    mark = Mark.UNDECIDED
    mend = Words("待条件满足后重做", "do it again when there is room")
