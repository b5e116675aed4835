"""From the twin's state to readings: what healthy sensors and registers say."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from leyden.model.points import points_of
from leyden.model.quality import FRESH, MISSING, Stamp
from leyden.model.readings import (
    BatteryReading,
    ConverterReading,
    Floats,
    GenerationReading,
    GridReading,
    LoadReading,
    Reading,
)
from leyden.twin.battery import BatteryTwin
from leyden.twin.gate import GateSample
from leyden.twin.things import LoadTwin, SourceTwin

CELLS_EVERY_S = 1.0  # how often a battery management passes on all its cells


def _fresh(role: type[Reading]) -> Mapping[str, Stamp]:
    return {point.name: FRESH for point in points_of(role)}


_GRID, _LOAD, _GENERATION, _BATTERY, _CONVERTER = map(
    _fresh, (GridReading, LoadReading, GenerationReading, BatteryReading, ConverterReading)
)
_UNWATCHED = {**_CONVERTER, "watchdog_remaining_s": MISSING}


@dataclass(frozen=True, slots=True)
class Mains:
    """What every meter on the bus sees, beside power."""

    voltage_v: float
    frequency_hz: float


def grid_reading(sample: GateSample, mains: Mains, gain: float) -> GridReading:
    """What the gate meter says; `gain` is its error, 1 for none."""
    return GridReading(
        stamps=_GRID,
        power_w=gain * sample.power_w,
        reactive_power_var=gain * sample.reactive_power_var,
        voltage_v=mains.voltage_v,
        frequency_hz=mains.frequency_hz,
        energy_out_wh=sample.energy_out_wh,
        energy_in_wh=sample.energy_in_wh,
    )


def load_reading(load: LoadTwin, mains: Mains, gain: float) -> LoadReading:
    """What a load's meter says."""
    return LoadReading(
        stamps=_LOAD,
        power_w=gain * load.power_w,
        reactive_power_var=gain * load.reactive_power_var,
        voltage_v=mains.voltage_v,
        frequency_hz=mains.frequency_hz,
        energy_out_wh=0.0,
        energy_in_wh=load.consumed_wh,
    )


def generation_reading(source: SourceTwin, gain: float) -> GenerationReading:
    """What a solar or wind inverter says; without a limit it echoes its rated power."""
    generator = source.generator
    return GenerationReading(
        stamps=_GENERATION,
        power_w=gain * generator.power_w,
        reactive_power_var=0.0,
        limit_w=min(generator.limit_w, source.source.power_w),
        state=float(generator.state),
        energy_out_wh=source.generated_wh,
    )


def converter_reading(battery: BatteryTwin, gain: float) -> ConverterReading:
    """What a battery's converter says; of a watchdog that is not armed it says nothing."""
    pcs, book = battery.pcs, battery.energies
    return ConverterReading(
        stamps=_CONVERTER if pcs.watchdog_s > 0.0 else _UNWATCHED,
        power_w=gain * pcs.power_w,
        reactive_power_var=gain * pcs.reactive_power_var,
        setpoint_w=pcs.echo.power_w,
        state=float(pcs.state),
        watchdog_remaining_s=pcs.watchdog_left_s,
        temperature_degc=round(pcs.temperature_degc, 1),
        energy_discharged_wh=book.discharged_j / 3600.0,
        energy_charged_wh=book.charged_j / 3600.0,
    )


class BatteryReporter:
    """What a battery management says; all cells at most once in CELLS_EVERY_S, and then the very same arrays again."""

    def __init__(self, battery: BatteryTwin) -> None:
        self._battery = battery
        self._cells_at_s = -np.inf
        self._cell_v: Floats = np.empty(0)
        self._cell_degc: Floats = np.empty(0)

    def reading(self, elapsed_s: float) -> BatteryReading:
        """Now; voltages to the millivolt and temperatures to the tenth of a degree, as such systems send them."""
        battery = self._battery
        bms, seen = battery.bms, battery.seen
        if elapsed_s >= self._cells_at_s + CELLS_EVERY_S - 1e-6 or elapsed_s < self._cells_at_s:
            self._cells_at_s = elapsed_s
            shape = battery.battery.layout.shape
            self._cell_v = _rounded(seen.cell_voltage_v, 1000.0).reshape(shape)
            self._cell_degc = _rounded(seen.cell_temperature_degc, 10.0).reshape(shape)
        return BatteryReading(
            stamps=_BATTERY,
            soc=bms.soc,
            soh=1.0,
            dc_voltage_v=battery.bus_v,
            dc_current_a=float(seen.current_a.sum()),
            charge_limit_w=bms.charge_limit_w,
            discharge_limit_w=bms.discharge_limit_w,
            cell_voltage_min_v=round(float(seen.cell_voltage_v.min()), 3),
            cell_voltage_max_v=round(float(seen.cell_voltage_v.max()), 3),
            cell_temperature_min_degc=round(float(seen.cell_temperature_degc.min()), 1),
            cell_temperature_max_degc=round(float(seen.cell_temperature_degc.max()), 1),
            state=float(bms.state),
            fault_bits=float(bms.fault_bits),
            rack_soc=bms.rack_soc,
            rack_current_a=seen.current_a,
            rack_voltage_v=seen.voltage_v,
            cell_voltage_v=self._cell_v,
            cell_temperature_degc=self._cell_degc,
        )


def _rounded(values: Floats, per_unit: float) -> Floats:
    rounded: Floats = np.rint(values * per_unit) / per_unit
    rounded.flags.writeable = False
    return rounded
