"""What each fault bit means to people."""

from collections.abc import Mapping
from types import MappingProxyType

from leyden.bms.fault_bits import FaultBits
from leyden.model.words import Words

FAULT_WORDS: Mapping[FaultBits, Words] = MappingProxyType(
    {
        FaultBits.CELL_OVERVOLTAGE: Words("单体过压", "cell overvoltage"),
        FaultBits.CELL_OVERVOLTAGE_HARD: Words("单体严重过压", "cell overvoltage, hard limit"),
        FaultBits.CELL_UNDERVOLTAGE: Words("单体欠压", "cell undervoltage"),
        FaultBits.CELL_UNDERVOLTAGE_HARD: Words("单体严重欠压", "cell undervoltage, hard limit"),
        FaultBits.CHARGE_HOT: Words("充电温度过高", "too hot to charge"),
        FaultBits.HOT: Words("温度过高", "too hot"),
        FaultBits.CHARGE_COLD: Words("充电温度过低", "too cold to charge"),
        FaultBits.COLD: Words("温度过低", "too cold"),
        FaultBits.OVERCURRENT: Words("过流", "overcurrent"),
        FaultBits.OVERCURRENT_HARD: Words("严重过流", "overcurrent, hard limit"),
        FaultBits.RACK_OVERVOLTAGE: Words("电池簇过压", "rack overvoltage"),
        FaultBits.RACK_UNDERVOLTAGE: Words("电池簇欠压", "rack undervoltage"),
        FaultBits.POLE_HOT: Words("极柱温度过高", "terminal too hot"),
        FaultBits.CONNECTOR_HOT: Words("连接器温度过高", "connector too hot"),
        FaultBits.INSULATION_LOW: Words("绝缘电阻过低", "insulation too low"),
        FaultBits.CELL_SPREAD: Words("单体电压极差过大", "cell voltages too far apart"),
        FaultBits.RACK_SPREAD: Words("簇间电压差过大", "rack voltages too far apart"),
        FaultBits.MODULE_SPREAD: Words("模组电压差过大", "module voltages too far apart"),
        FaultBits.TEMPERATURE_SPREAD: Words("温差过大", "temperatures too far apart"),
        FaultBits.HARNESS: Words("采集线束故障", "harness open or sensor missing"),
        FaultBits.LINK_LOST: Words("内部通信中断", "link inside the battery lost"),
        FaultBits.NOT_OBEYED: Words("限值未被执行", "a limit was not obeyed"),
        FaultBits.CONTACTOR: Words("接触器故障", "contactor fault"),
        FaultBits.PRECHARGE: Words("预充失败", "pre-charge failed"),
        FaultBits.RUNAWAY: Words("热失控", "thermal runaway"),
        FaultBits.INTERLOCK: Words("联锁动作", "interlock"),
        FaultBits.LOCKED: Words("多次跳闸后闭锁", "locked after many trips"),
    }
)


def faults_in(bits: int) -> tuple[tuple[int, Words], ...]:
    """Every bit that stands, counted from 0, with its words; one that is not known is told by its number."""
    standing = (place for place in range(bits.bit_length()) if bits >> place & 1)
    return tuple((place, _words(place)) for place in standing)


def _words(place: int) -> Words:
    known = 1 << place in FaultBits._value2member_map_
    return FAULT_WORDS[FaultBits(1 << place)] if known else Words(f"故障位 {place}", f"fault bit {place}")
