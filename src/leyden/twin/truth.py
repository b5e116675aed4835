"""What is really so in a twin: for tests and the reports of studies, never for control."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from leyden.model.readings import Floats
from leyden.physics import cell_step as cells
from leyden.twin.battery import BatteryTwin
from leyden.twin.energies import Energies


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryTruth:
    """One battery; arrays are (rack,) or (rack, module, cell)."""

    power_w: float
    reactive_power_var: float
    dc_power_w: float
    """Behind the converter, discharge positive."""
    converter_loss_w: float
    soc: float
    """Charge left in all cells as a share of their capacity."""
    stored_j: float
    """Chemical energy above SOC 0, from the cells' states alone."""
    warmth_j: float
    """Heat in cells, modules and coolant or air above 0 degC."""
    auxiliary_w: float
    """What pump, chiller, film and control do to the bus, never positive; 0 where a load's meter sees it as its own."""
    energies: Energies
    closed: Floats
    """1 where a rack's contactor is closed."""
    rack_current_a: Floats
    cell_soc: Floats
    cell_voltage_v: Floats
    cell_temperature_degc: Floats
    cell_capacity_ah: Floats
    cell_resistance_ohm: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything that flows on the bus, positive into it, and what stands behind it."""

    time: datetime
    elapsed_s: float
    grid_w: float
    grid_var: float
    load_w: Mapping[str, float]
    solar_w: Mapping[str, float]
    wind_w: Mapping[str, float]
    available_w: Mapping[str, float]
    """What sun and wind would have allowed."""
    battery: Mapping[str, BatteryTruth]

    @property
    def bus_w(self) -> float:
        """The sum of all powers on the bus: 0."""
        others = (*self.load_w.values(), *self.solar_w.values(), *self.wind_w.values())
        return self.grid_w + sum(others) + sum(one.power_w + one.auxiliary_w for one in self.battery.values())


def battery_truth(battery: BatteryTwin, metered: bool) -> BatteryTruth:
    """The truth of one battery, copied: it does not change when the twin goes on. `metered` is whether
    a load of the site has its auxiliaries behind its meter."""
    shape = battery.battery.layout.shape
    state, made = battery.state, battery.made
    dc_w = battery.dc_power_w
    return BatteryTruth(
        power_w=battery.pcs.power_w,
        reactive_power_var=battery.pcs.reactive_power_var,
        dc_power_w=dc_w,
        converter_loss_w=dc_w - battery.pcs.power_w,
        soc=float((state[cells.SOC] * made[cells.CAPACITY]).sum() / made[cells.CAPACITY].sum()),
        stored_j=battery.stored_j(),
        warmth_j=battery.warmth.stored_j(state[cells.TEMPERATURE]),
        auxiliary_w=0.0 if metered else -battery.warmth.draw_w,
        energies=replace(battery.energies),
        closed=battery.closed.astype(float),
        rack_current_a=battery.current_a.copy(),
        cell_soc=state[cells.SOC].reshape(shape).copy(),
        cell_voltage_v=state[cells.VOLTAGE].reshape(shape).copy(),
        cell_temperature_degc=state[cells.TEMPERATURE].reshape(shape).copy(),
        cell_capacity_ah=(made[cells.CAPACITY] / 3600.0).reshape(shape),
        cell_resistance_ohm=battery.cell.resistance_ohm * made[cells.RESISTANCE].reshape(shape),
    )
