"""What a battery's own protection says: it acts whatever anybody asks, and a person must hear of it."""

from collections.abc import Iterator

from leyden.model.condition import Condition
from leyden.model.snapshot import Snapshot
from leyden.model.states import BATTERY_STATES, BatteryState
from leyden.model.words import Words

FAULT = float(BatteryState.FAULT)


def protection_conditions(snapshot: Snapshot) -> Iterator[Condition]:
    """One for each battery whose management reports a fault, as long as it does; one that is silent reports none."""
    for name, reading in snapshot.readings.battery.items():
        bits, fault = reading.good("fault_bits"), reading.good("state") == FAULT
        if bits > 0.0 or fault:
            yield _condition(name, int(bits) if bits > 0.0 else 0, fault)


def _condition(battery: str, bits: int, fault: bool) -> Condition:
    state = BATTERY_STATES[BatteryState.FAULT] if fault else Words("部分簇退出", "in part off the bus")
    return Condition(
        key=f"battery-protection:{battery}",
        source=battery,
        priority=1,
        title=Words("电池保护动作", "battery protection acted"),
        text=Words(
            "{battery} 的 BMS 报故障(位 {bits}),{state}", "the BMS of {battery} reports faults (bits {bits}): {state}"
        ).fill({"battery": battery, "bits": bits, "state": state}),
        advice=Words(
            "在 BMS 上查看故障位与单体;部分故障恢复后自动投入,其余须人工复位",
            "look at the bits and the cells in the BMS; some faults end by themselves, others need a reset by hand",
        ),
    )
