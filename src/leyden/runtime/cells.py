"""Cell frames for the record: whole millivolts and tenths of a degree, every so often; and who is furthest off."""

from math import inf

from leyden.bms.watch.worst import Worst, new_worst, watched
from leyden.history import Record
from leyden.history.record.cells import to_int16
from leyden.model.quality import Quality
from leyden.model.readings import NO_CELLS, Floats
from leyden.model.site import Site
from leyden.model.snapshot import Snapshot

PER_VOLT, PER_DEGC = 1000.0, 10.0


class CellFrames:
    """Hands each battery's frames to the record when their time has come; a stale frame is not a second one.

    The same frames tell which cells are furthest off and since when; that is forgotten when the process ends.
    """

    def __init__(self, site: Site, record: Record, every_s: float) -> None:
        self._site = site
        self._record = record
        self._every_s = every_s
        self._kept: dict[str, tuple[Floats, float]] = {}
        """The frame kept last, and when."""
        self.worst: dict[str, tuple[Worst, float]] = {}
        """By battery: its worst cells, strings being racks, and since when they are watched, on the elapsed clock."""

    def note(self, snapshot: Snapshot) -> None:
        """Keep what is due, new (its array is another one) and GOOD."""
        elapsed_s = snapshot.context.elapsed_s
        for battery in self._site.batteries:
            reading = snapshot.readings.battery.get(battery.name)
            before, kept_s = self._kept.get(battery.name, (NO_CELLS, -inf))
            # Half a second of grace: frames come at the device's own pace, which is not ours.
            if reading is None or reading.cell_voltage_v is before or elapsed_s - kept_s < self._every_s - 0.5:
                continue
            if reading.cell_voltage_v.size and reading.stamp("cell_voltage_v").quality is Quality.GOOD:
                self._kept[battery.name] = (reading.cell_voltage_v, elapsed_s)
                self._watch(battery.name, reading.cell_voltage_v, elapsed_s)
                voltage_mv = to_int16(reading.cell_voltage_v, PER_VOLT)
                temperature_ddegc = to_int16(reading.cell_temperature_degc, PER_DEGC)
                self._record.append_cells(battery.name, snapshot.time.timestamp(), voltage_mv, temperature_ddegc)

    def _watch(self, battery: str, voltage_v: Floats, elapsed_s: float) -> None:
        racks = voltage_v.reshape(len(voltage_v), -1)
        worst, since_s = self.worst.get(battery) or (new_worst(*racks.shape), elapsed_s)
        self.worst[battery] = (watched(worst, elapsed_s, racks), since_s)
