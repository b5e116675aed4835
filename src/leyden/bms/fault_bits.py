"""Bits by which a battery management system says what it has opened a rack for."""

from enum import IntFlag


class FaultBits(IntFlag):
    """Bits of `BatteryReading.fault_bits`; a bit stands as long as a rack is latched open for it.

    They go over the wire (devices/maps/leyden-bms.toml): new ones are appended, old ones never change.
    """

    CELL_OVERVOLTAGE = 1 << 0
    CELL_OVERVOLTAGE_HARD = 1 << 1
    CELL_UNDERVOLTAGE = 1 << 2
    CELL_UNDERVOLTAGE_HARD = 1 << 3
    CHARGE_HOT = 1 << 4
    HOT = 1 << 5
    CHARGE_COLD = 1 << 6
    COLD = 1 << 7
    OVERCURRENT = 1 << 8
    OVERCURRENT_HARD = 1 << 9
    RACK_OVERVOLTAGE = 1 << 10
    RACK_UNDERVOLTAGE = 1 << 11
    POLE_HOT = 1 << 12
    CONNECTOR_HOT = 1 << 13
    INSULATION_LOW = 1 << 14
    CELL_SPREAD = 1 << 15
    RACK_SPREAD = 1 << 16
    MODULE_SPREAD = 1 << 17
    TEMPERATURE_SPREAD = 1 << 18
    HARNESS = 1 << 19
    LINK_LOST = 1 << 20
    NOT_OBEYED = 1 << 21
    CONTACTOR = 1 << 22
    PRECHARGE = 1 << 23
    RUNAWAY = 1 << 24
    INTERLOCK = 1 << 25
    LOCKED = 1 << 26
    """Tripped so often that only a person may close it."""
