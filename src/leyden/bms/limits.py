"""What a battery management system watches, and when it derates, opens and closes: data, to be read as a table."""

from bisect import bisect_right
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from leyden.model.readings import Floats
from leyden.model.site import CellRating


class FaultBits(IntFlag):
    """Bits of `BatteryReading.fault_bits`; a bit stands as long as a rack is latched open for it."""

    CELL_OVERVOLTAGE = 1
    CELL_OVERVOLTAGE_HARD = 2
    CELL_UNDERVOLTAGE = 4
    CELL_UNDERVOLTAGE_HARD = 8
    CHARGE_HOT = 16
    HOT = 32
    CHARGE_COLD = 64
    COLD = 128
    OVERCURRENT = 256
    OVERCURRENT_HARD = 512


@dataclass(frozen=True, slots=True)
class Protection:
    """One reason to open a rack's contactor."""

    bit: FaultBits
    watched: int
    """HIGH_V and its like below; larger is worse."""
    trip: float
    clear: float
    """Where it counts as healthy again."""
    delay_s: float
    """How long it must stand; time with a healthy value counts it down again."""
    by_hand: bool = False
    """Whether only a person may close the rack again."""


# What is watched; for charging and discharging only while a rack does so.
HIGH_V, LOW_V, HOT_CHARGING, HOT_ALWAYS, COLD_CHARGING, COLD_DISCHARGING, CURRENT = range(7)


class Curve:
    """A fraction over a quantity: straight lines between points, held beyond them."""

    def __init__(self, *points: tuple[float, float]) -> None:
        self.points = points
        self._x = tuple(x for x, _ in points)

    def at(self, x: float) -> float:
        """The fraction, 0 to 1; nan allows nothing."""
        right = bisect_right(self._x, x)
        if x != x:
            return 0.0
        if right in (0, len(self._x)):
            return self.points[right and -1][1]
        (x0, y0), (x1, y1) = self.points[right - 1], self.points[right]
        return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


CHARGE_BY_TEMPERATURE = Curve((0.0, 0.0), (2.0, 0.25), (5.0, 0.5), (10.0, 1.0), (45.0, 1.0), (53.0, 0.0))
DISCHARGE_BY_TEMPERATURE = Curve((-15.0, 0.0), (0.0, 0.5), (5.0, 1.0), (50.0, 1.0), (58.0, 0.0))
"""What lithium iron phosphate is commonly allowed, as a share of its current over [degC]."""


def protections(low_v: float, high_v: float) -> tuple[Protection, ...]:
    """The rules for cells made for `low_v` to `high_v` [V]; what is beside voltage suits lithium iron phosphate.

    Trips 0.2 V above the lowest voltage and at the highest are what makers of LFP systems ship (2.70 and 3.65 V), as
    are the temperatures; current is in multiples of the continuous one. A rack heals while its direction is still
    derated to nothing, because an empty rack that stays open could never be charged again.
    """
    return (
        Protection(FaultBits.CELL_OVERVOLTAGE, HIGH_V, trip=high_v, clear=high_v - 0.05, delay_s=1.0),
        Protection(FaultBits.CELL_OVERVOLTAGE_HARD, HIGH_V, high_v + 0.1, high_v - 0.05, delay_s=0.2, by_hand=True),
        Protection(FaultBits.CELL_UNDERVOLTAGE, LOW_V, trip=-(low_v + 0.2), clear=-(low_v + 0.25), delay_s=1.0),
        Protection(FaultBits.CELL_UNDERVOLTAGE_HARD, LOW_V, -(low_v - 0.5), -(low_v + 0.25), delay_s=0.2, by_hand=True),
        Protection(FaultBits.CHARGE_HOT, HOT_CHARGING, trip=55.0, clear=50.0, delay_s=5.0),
        Protection(FaultBits.HOT, HOT_ALWAYS, trip=60.0, clear=50.0, delay_s=5.0),
        Protection(FaultBits.CHARGE_COLD, COLD_CHARGING, trip=0.0, clear=-3.0, delay_s=5.0),
        Protection(FaultBits.COLD, COLD_DISCHARGING, trip=20.0, clear=15.0, delay_s=5.0),
        Protection(FaultBits.OVERCURRENT, CURRENT, trip=1.25, clear=0.5, delay_s=1.0),
        Protection(FaultBits.OVERCURRENT_HARD, CURRENT, trip=2.0, clear=0.5, delay_s=0.3),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BmsLimits:
    """Everything that one battery management system is set to."""

    current_max_a: float
    """Continuous current of a rack, both ways."""
    capacity_ah: float
    """Nominal capacity of a rack, by which its charge is counted."""
    join_v: float
    """Racks are joined only when their voltages agree this well."""
    protections: tuple[Protection, ...]
    charge_by_voltage: Curve
    """Of the highest cell voltage."""
    discharge_by_voltage: Curve
    """Of the lowest cell voltage."""
    full_v: float
    """A rack whose highest cell is here is full, whatever was counted."""
    empty_v: float
    """A rack whose lowest cell is here is empty, whatever was counted."""
    charge_by_temperature: Curve = CHARGE_BY_TEMPERATURE
    """Of the coldest and the hottest cell, whichever allows less."""
    discharge_by_temperature: Curve = DISCHARGE_BY_TEMPERATURE
    """The same in discharge."""
    hold_s: float = 30.0
    """How long a limit that fell stays before it rises again."""
    rise_per_s: float = 0.01
    """How fast it then rises, of the full current."""
    open_wait_s: float = 3.0
    """Longest wait for the current to go before a contactor opens under load."""
    break_share: float = 0.05
    """Share of the continuous current below which a contactor opens at once."""
    join_share: float = 0.15
    """Share of the continuous current above which no further rack is joined."""
    close_s: float = 2.0
    """Pre-charge and closing of one rack."""
    heal_s: float = 60.0
    """How long a tripped rack must be healthy before it is closed again by itself."""


def limits_for(rating: CellRating, current_max_a: float, series: int) -> BmsLimits:
    """What suits racks of `series` cells; voltages keep their distance from the cell's own limits."""
    low_v, high_v = rating.voltage_min_v, rating.voltage_max_v
    return BmsLimits(
        current_max_a=current_max_a,
        capacity_ah=rating.capacity_ah,
        join_v=0.01 * series,
        protections=protections(low_v, high_v),
        charge_by_voltage=Curve((high_v - 0.2, 1.0), (high_v - 0.05, 0.0)),
        discharge_by_voltage=Curve((low_v + 0.3, 0.0), (low_v + 0.5, 1.0)),
        full_v=high_v - 0.1,
        empty_v=low_v + 0.3,
    )


@dataclass(frozen=True, eq=False)
class ProtectionTable:
    """The protections as columns, so that all of them are judged for all racks at once."""

    watched: NDArray[np.int64]
    trip: Floats
    clear: Floats
    delay_s: Floats
    bit: NDArray[np.int64]
    by_hand: NDArray[np.bool_]


def table_of(protections: tuple[Protection, ...]) -> ProtectionTable:
    """The columns of a list of rules, each (rule,)."""
    return ProtectionTable(
        watched=np.array([rule.watched for rule in protections], dtype=np.int64),
        trip=np.array([rule.trip for rule in protections]),
        clear=np.array([rule.clear for rule in protections]),
        delay_s=np.array([rule.delay_s for rule in protections]),
        bit=np.array([int(rule.bit) for rule in protections], dtype=np.int64),
        by_hand=np.array([rule.by_hand for rule in protections], dtype=np.bool_),
    )
