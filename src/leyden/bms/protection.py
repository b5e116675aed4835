"""The protection table: families of watched quantities at their levels, as data and as columns for a kernel."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from leyden.bms.fault_bits import FaultBits
from leyden.bms.levels import Level
from leyden.model.readings import Floats
from leyden.model.words import Words

NO_BIT = FaultBits(0)
"""Of a rule that opens nothing."""


class Quantity(IntEnum):
    """What can be watched of each rack, the rows of `leyden.bms.quantities.measured`."""

    CELL_VOLTAGE_MAX_V = 0
    CELL_VOLTAGE_MIN_V = 1
    CELL_TEMPERATURE_MAX_DEGC = 2
    CELL_TEMPERATURE_MIN_DEGC = 3
    RACK_VOLTAGE_PER_CELL_V = 4
    CHARGE_SHARE = 5
    DISCHARGE_SHARE = 6
    SOC = 7
    CELL_SPREAD_V = 8
    RACK_SPREAD_V = 9
    MODULE_SPREAD_V = 10
    CELL_TEMPERATURE_SPREAD_K = 11
    MISSING = 12
    SUM_DIFFERENCE_V = 13
    SYSTEM_AGE_S = 14
    BEYOND_LIMIT_SHARE = 15
    CONTACTOR_WRONG = 16
    RUNAWAY = 17
    LINK_AGE_S = 18
    INSULATION_OHM_PER_V = 19
    POLE_TEMPERATURE_DEGC = 20
    CONNECTOR_TEMPERATURE_DEGC = 21


QUANTITIES = len(Quantity)
FITTED_ALWAYS = int(Quantity.LINK_AGE_S)
"""Quantities before this one every rack has; those from it on only where the sensor is fitted."""


class When(IntEnum):
    """In which direction of current a rule may begin to be broken; it ends by its value alone."""

    ALWAYS = 0
    CHARGING = 1
    DISCHARGING = 2


class Stops(IntEnum):
    """Which limits an alarm takes to zero, a set of bits."""

    NONE = 0
    CHARGE = 1
    DISCHARGE = 2
    BOTH = 3


class Action(IntEnum):
    """What a rule does while it stands; larger is harder."""

    TELL = 0
    BLOCK = 1
    """No rack is closed while it stands."""
    STOP = 2
    """The limits of its direction go to zero."""
    OPEN = 3
    """The rack waits a little for its current to go, opens, and is latched."""
    OPEN_NOW = 4
    """The rack opens at once and is latched."""


class Clears(IntEnum):
    """Who ends a latch."""

    ITSELF = 0
    """The rack, once it has been healthy for a while."""
    PERSON = 1
    SERVICE = 2
    """Not the person at the cabinet: the rack is locked out."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One level of one family."""

    level: Level
    set: float
    clear: float
    delay_s: float
    """How long it must be broken before it stands, and whole before it ends; either counts the other down."""
    action: Action
    clears: Clears = Clears.ITSELF
    bit: FaultBits = NO_BIT


@dataclass(frozen=True, slots=True)
class Family:
    """One watched quantity in one direction, with its levels."""

    name: str
    label: Words
    advice: Words
    watches: Quantity
    above: bool
    """Whether more is worse."""
    when: When
    stops: Stops
    rules: tuple[Rule, ...]


@dataclass(frozen=True, eq=False)
class ProtectionTable:
    """All families; its columns are one row a rule, in the families' order."""

    families: tuple[Family, ...]

    @cached_property
    def rows(self) -> tuple[tuple[Family, Rule], ...]:
        """Every rule with its family."""
        return tuple((family, rule) for family in self.families for rule in family.rules)

    @cached_property
    def values(self) -> Floats:
        """(4, rule): sign (1 above is worse, -1 below), then set and clear times that sign, and delay [s]."""
        sign = [1.0 if family.above else -1.0 for family, _ in self.rows]
        pairs = list(zip(sign, (rule for _, rule in self.rows), strict=True))
        return np.array(
            [sign, [s * rule.set for s, rule in pairs], [s * rule.clear for s, rule in pairs],
             [rule.delay_s for _, rule in pairs]]
        )  # fmt: skip

    @cached_property
    def kinds(self) -> NDArray[np.int64]:
        """(5, rule): Quantity, When, Stops, Action, Level."""
        columns = [
            (int(family.watches), int(family.when), int(family.stops), int(rule.action), int(rule.level))
            for family, rule in self.rows
        ]
        return np.ascontiguousarray(np.array(columns, dtype=np.int64).T)

    @cached_property
    def latches(self) -> NDArray[np.int64]:
        """(2, rule): the FaultBits that a trip latches, and Clears."""
        columns = [(int(rule.bit), int(rule.clears)) for _, rule in self.rows]
        return np.ascontiguousarray(np.array(columns, dtype=np.int64).T)
