"""Canonical states of equipment; each device map translates its own numbers to these."""

from enum import IntEnum

from leyden.model.words import Words


class ConverterState(IntEnum):
    """What a power converter is doing."""

    OFF = 0
    STARTING = 1
    RUNNING = 2
    STANDBY = 3
    STOPPING = 4
    FAULT = 5


class BatteryState(IntEnum):
    """What the battery's own management system says of the battery."""

    DISCONNECTED = 0
    CONNECTING = 1
    CONNECTED = 2
    FAULT = 3


CONVERTER_STATES = {
    ConverterState.OFF: Words("停机", "off"),
    ConverterState.STARTING: Words("启动中", "starting"),
    ConverterState.RUNNING: Words("运行", "running"),
    ConverterState.STANDBY: Words("待机", "standby"),
    ConverterState.STOPPING: Words("停止中", "stopping"),
    ConverterState.FAULT: Words("故障", "fault"),
}

BATTERY_STATES = {
    BatteryState.DISCONNECTED: Words("未接入", "disconnected"),
    BatteryState.CONNECTING: Words("接入中", "connecting"),
    BatteryState.CONNECTED: Words("已接入", "connected"),
    BatteryState.FAULT: Words("故障", "fault"),
}
