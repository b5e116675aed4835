"""What people call the points that can be written."""

from collections.abc import Mapping

from leyden.model.words import Words

WRITTEN: Mapping[str, Words] = {
    "setpoint_w": Words("有功设定", "active power"),
    "setpoint_var": Words("无功设定", "reactive power"),
    "limit_w": Words("限功率", "power limit"),
    "run": Words("启停", "run or stop"),
    "watchdog_s": Words("看门狗时间", "watchdog time"),
}
