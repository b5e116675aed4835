"""Cell frames for the record: every 10 s of site time, as whole millivolts and tenths of a degree."""

import numpy as np
from numpy.typing import NDArray

from leyden.history import Record
from leyden.model.quality import Quality
from leyden.model.readings import BatteryReading, Floats
from leyden.model.site import Site
from leyden.model.snapshot import Snapshot

MISSING_INT16 = np.int16(-32768)
"""Stands for a cell that sent nothing."""
EVERY_S = 10.0


def compact(values: Floats, per_unit: float) -> NDArray[np.int16]:
    """Rounded whole numbers of 1/`per_unit`; nan and what does not fit become MISSING_INT16."""
    scaled = np.rint(values * per_unit)
    fits = np.abs(scaled) < 32768.0
    return np.where(fits, np.where(fits, scaled, 0.0), float(MISSING_INT16)).astype(np.int16)


class CellFrames:
    """Hands each battery's cells to the record when their time has come."""

    def __init__(self, site: Site, record: Record) -> None:
        self._site = site
        self._record = record
        self._kept_at_s: dict[str, float] = {}

    def note(self, snapshot: Snapshot) -> None:
        """Keep what is due and GOOD: a stale frame is not a second one."""
        elapsed_s = snapshot.context.elapsed_s
        for battery in self._site.batteries:
            reading = snapshot.readings.battery.get(battery.name)
            if reading is None or elapsed_s - self._kept_at_s.get(battery.name, -EVERY_S) < EVERY_S - 0.5:
                continue
            if reading.cell_voltage_v.size and reading.stamp("cell_voltage_v").quality is Quality.GOOD:
                self._keep(battery.name, reading, snapshot)
                self._kept_at_s[battery.name] = elapsed_s

    def _keep(self, name: str, reading: BatteryReading, snapshot: Snapshot) -> None:
        voltage_mv = compact(reading.cell_voltage_v, 1000.0)
        temperature_ddegc = compact(reading.cell_temperature_degc, 10.0)
        self._record.append_cells(name, snapshot.time.timestamp(), voltage_mv, temperature_ddegc)
