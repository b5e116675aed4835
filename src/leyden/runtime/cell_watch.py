"""Cells that say nothing while their battery answers: a lost link inside it is one alarm, not one for each cell."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from leyden.model.condition import Condition
from leyden.model.quality import Quality
from leyden.model.readings import NO_CELLS, BatteryReading, Floats
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

LASTING_S = 5.0
"""Two frames this far apart must both have the gap: one that is read while it changes is none."""
_NAMED = 4
"""Modules that are told by name."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing in the newest frames of a battery."""

    frame: Floats = field(default_factory=lambda: NO_CELLS)
    since_s: float | None = None
    """When the first frame with a gap came; None while frames are whole."""
    lasts: bool = False
    cells: int = 0
    modules: tuple[tuple[int, int], ...] = ()
    """Rack and module, counted from 1."""


_WHOLE = Gap()


class CellWatch:
    """Looks at every new frame of cells, and at none twice."""

    def __init__(self) -> None:
        self._gaps: dict[str, Gap] = {}

    def look(self, snapshot: Snapshot) -> None:
        """From the cycle; costs nothing while no new frame has come."""
        for name, reading in snapshot.readings.battery.items():
            before = self._gaps.get(name, _WHOLE)
            if reading.cell_voltage_v is not before.frame:
                self._gaps[name] = looked(before, reading, snapshot.context.elapsed_s)

    def conditions(self) -> Iterator[Condition]:
        """One for each battery whose frames have had a gap for a while."""
        for battery, gap in self._gaps.items():
            if gap.lasts:
                yield _condition(battery, gap)


def looked(before: Gap, reading: BatteryReading, elapsed_s: float) -> Gap:
    """The gap after one more look at the newest frame. A battery that is silent as a whole has an alarm of its own."""
    frame = reading.cell_voltage_v
    if frame is before.frame:
        return before
    if not frame.size or reading.stamp("cell_voltage_v").quality is not Quality.GOOD:
        return Gap(frame) if before.since_s is None else replace(before, frame=frame, lasts=False)
    missing = np.isnan(frame)
    if not missing.any():
        return Gap(frame)
    since_s = elapsed_s if before.since_s is None else min(before.since_s, elapsed_s)
    where = np.argwhere(missing.any(axis=2)) + 1
    modules = tuple((int(rack), int(module)) for rack, module in where)
    return Gap(frame, since_s, elapsed_s - since_s >= LASTING_S, int(missing.sum()), modules)


def _condition(battery: str, gap: Gap) -> Condition:
    named = gap.modules[:_NAMED]
    more = "" if len(gap.modules) <= _NAMED else " …"
    zh = "、".join(f"{rack} 簇 {module} 模组" for rack, module in named) + more
    en = ", ".join(f"rack {rack} module {module}" for rack, module in named) + more
    values = {"battery": battery, "cells": gap.cells, "where": Words(zh, en)}
    return Condition(
        key=f"cells-silent:{battery}",
        source=battery,
        priority=2,
        title=Words("单体数据缺失", "cells say nothing"),
        text=Words("{battery} 有 {cells} 个单体无数据:{where}", "{battery}: no voltage of {cells} cells: {where}").fill(
            values
        ),
        advice=Words(
            "检查该模组的 BMU 供电与内部通信线",
            "check the module's own electronics (BMU), its supply and its link within the battery",
        ),
    )
