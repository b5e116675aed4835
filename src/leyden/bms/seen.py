"""What the sensors of a battery say at one moment, as read."""

from dataclasses import dataclass

from leyden.bms.interlocks import Inputs
from leyden.model.readings import Floats


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Seen:
    """Everything that the management may know; nan is a sensor that says nothing, and trips.

    Arrays are views: the management reads them at once and keeps none of them.
    """

    cell_voltage_v: Floats
    """(rack, series)."""
    cell_temperature_degc: Floats
    """(rack, sensors); the sensors stand in the order of the cells, evenly."""
    current_a: Floats
    """(rack,), discharge positive."""
    voltage_v: Floats
    """(rack,), before its contactor."""
    insulation_ohm: Floats | None = None
    """(rack,) or None where not fitted; the weaker pole against earth."""
    pole_temperature_degc: Floats | None = None
    """(rack,) or None where not fitted; the hottest."""
    connector_temperature_degc: Floats | None = None
    """(rack,) or None where not fitted; the hottest in the high-voltage box."""
    contactor_closed: Floats | None = None
    """(rack,) or None where not fitted; feedback of the contactors, 1 closed, 0 open."""
    link_age_s: Floats | None = None
    """(rack,) or None where not fitted; since the module units last answered."""
    link_voltage_v: float | None = None
    """Of the DC bus behind the contactors; None where nobody measures it."""
    system_age_s: float = 0.0
    """Since the energy management last spoke."""
    pump_flow: float = 1.0
    """Coolant flow as a share of what it should be; 1 where there is none."""
    charge_wanted: bool = False
    """Whether somebody wants to charge, so that heating is worth its energy."""
    off_grid: bool = False
    """Whether heating would be fed by the battery itself."""
    inputs: Inputs = Inputs.NONE
    """Detectors and switches that stand."""
