"""What sets a limit, in words: "charge limit 62 A: cell 7-3-12 at 3.46 V"."""

from leyden.bms.derate import Binding, Source
from leyden.bms.protection import ProtectionTable
from leyden.model.reason import Reason
from leyden.model.site import Layout
from leyden.model.words import Words

CHARGE, DISCHARGE = Words("充电限流", "charge limit"), Words("放电限流", "discharge limit")


class LimitRated(Reason, frozen=True):
    """Nothing narrows the limit."""

    way: Words
    limit_a: float
    sentence = Words("{way} {limit_a}:持续电流", "{way} {limit_a}: the continuous current")


class LimitByVoltage(Reason, frozen=True):
    """A cell is near the end of its voltage."""

    way: Words
    limit_a: float
    cell: str
    cell_v: float
    sentence = Words("{way} {limit_a}:电芯 {cell} 为 {cell_v}", "{way} {limit_a}: cell {cell} at {cell_v}")


class LimitByTemperature(Reason, frozen=True):
    """A cell is too cold or too hot for more."""

    way: Words
    limit_a: float
    cell: str
    cell_degc: float
    sentence = Words("{way} {limit_a}:电芯 {cell} 为 {cell_degc}", "{way} {limit_a}: cell {cell} at {cell_degc}")


class LimitBySoc(Reason, frozen=True):
    """A rack is nearly full or empty as counted."""

    way: Words
    limit_a: float
    rack: int
    soc: float
    sentence = Words("{way} {limit_a}:第 {rack} 簇荷电 {soc}", "{way} {limit_a}: rack {rack} at {soc}")


class LimitByCoolant(Reason, frozen=True):
    """Too little coolant flows."""

    way: Words
    limit_a: float
    flow_ratio: float
    sentence = Words(
        "{way} {limit_a}:冷却流量为额定的 {flow_ratio}",
        "{way} {limit_a}: coolant flow at {flow_ratio} of what it should be",
    )


class LimitByRule(Reason, frozen=True):
    """A rule of the protection table stands."""

    way: Words
    limit_a: float
    rack: int
    rule: Words
    sentence = Words("{way} {limit_a}:第 {rack} 簇{rule}", "{way} {limit_a}: rack {rack}: {rule}")


class LimitByBatteryRule(Reason, frozen=True):
    """A rule of the protection table stands, on the battery as a whole."""

    way: Words
    limit_a: float
    rule: Words
    sentence = Words("{way} {limit_a}:{rule}", "{way} {limit_a}: {rule}")


class StandingRule(Reason, frozen=True):
    """A rule of the protection table that stands."""

    rule: Words
    sentence = Words("{rule}", "{rule}")


class LimitByInterlock(Reason, frozen=True):
    """Gas, smoke, a door or a switch."""

    way: Words
    limit_a: float
    sentence = Words("{way} {limit_a}:联锁动作", "{way} {limit_a}: an interlock stands")


class LimitByOpening(Reason, frozen=True):
    """A rack that tripped waits for its current to go."""

    way: Words
    limit_a: float
    rack: int
    sentence = Words("{way} {limit_a}:第 {rack} 簇正在断开", "{way} {limit_a}: rack {rack} is opening")


class LimitByOpenContactors(Reason, frozen=True):
    """No rack is on the bus."""

    way: Words
    limit_a: float
    sentence = Words("{way} {limit_a}:无电池簇接入", "{way} {limit_a}: no rack is on the bus")


def cell_name(layout: Layout, rack: int, place: int) -> str:
    """Rack, module and cell from 1: "7-3-12"; a dash for one that is not known."""
    if rack < 0 or place < 0:
        return "–"
    return f"{rack + 1}-{place // layout.cell + 1}-{place % layout.cell + 1}"


def told(binding: Binding, way: Words, limit_a: float, layout: Layout, table: ProtectionTable) -> Reason:
    """A binding as a reason; `way` is CHARGE or DISCHARGE, `limit_a` what one rack may carry."""
    rack = binding.rack + 1
    where = cell_name(layout, binding.rack, binding.place)
    match binding.source:
        case Source.CELL_VOLTAGE:
            return LimitByVoltage(way, limit_a, where, binding.value)
        case Source.COLD | Source.HOT:
            return LimitByTemperature(way, limit_a, where, binding.value)
        case Source.SOC:
            return LimitBySoc(way, limit_a, rack, binding.value)
        case Source.COOLANT:
            return LimitByCoolant(way, limit_a, binding.value)
        case Source.PROTECTION:
            rule = table.rows[binding.rule][0].label
            return LimitByRule(way, limit_a, rack, rule) if rack > 0 else LimitByBatteryRule(way, limit_a, rule)
        case Source.INTERLOCK:
            return LimitByInterlock(way, 0.0)
        case Source.OPENING:
            return LimitByOpening(way, 0.0, rack)
        case Source.DISCONNECTED:
            return LimitByOpenContactors(way, 0.0)
    return LimitRated(way, limit_a)
