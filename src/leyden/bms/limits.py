"""Everything that one battery management system is set to: data, to be read as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leyden.bms.acquisition import DEFAULT_PLAUSIBLE, Plausible
from leyden.bms.curve import Curve
from leyden.bms.interlocks import Interlocks, load_interlocks
from leyden.bms.protection import ProtectionTable
from leyden.bms.protection_file import LFP, load_protection
from leyden.bms.spread import HealthySpread, healthy_spread
from leyden.bms.thermal import USUAL, ThermalLimits
from leyden.model.site import Layout
from leyden.physics import Cell

CHARGE_BY_TEMPERATURE = Curve((0.0, 0.0), (2.0, 0.1), (5.0, 0.5), (10.0, 1.0), (45.0, 1.0), (50.0, 0.25), (53.0, 0.0))
DISCHARGE_BY_TEMPERATURE = Curve((-15.0, 0.0), (0.0, 0.5), (5.0, 1.0), (50.0, 1.0), (55.0, 0.25), (58.0, 0.0))
"""What lithium iron phosphate is commonly allowed, as a share of its current over [degC]."""
BY_FLOW = Curve((0.0, 0.2), (0.5, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BmsLimits:
    """Everything that one battery management system is set to."""

    layout: Layout
    current_max_a: float
    """Continuous current of a rack, both ways."""
    capacity_ah: float
    """Nominal capacity of a rack, by which its charge is counted."""
    join_v: float
    """Racks are joined only when their voltages agree this well."""
    protection: ProtectionTable
    interlocks: Interlocks
    spread: HealthySpread
    charge_by_voltage: Curve
    """Of the highest cell voltage."""
    discharge_by_voltage: Curve
    """Of the lowest cell voltage."""
    full_v: float
    """A rack whose highest cell is here is full, whatever was counted."""
    empty_v: float
    """A rack whose lowest cell is here is empty, whatever was counted."""
    bleed_from_v: float
    """Balancing bleeds no cell below this voltage."""
    charge_by_temperature: Curve = CHARGE_BY_TEMPERATURE
    """Of the coldest and the hottest cell, whichever allows less."""
    discharge_by_temperature: Curve = DISCHARGE_BY_TEMPERATURE
    """The same in discharge."""
    charge_by_soc: Curve | None = None
    """Of the rack with the highest charge as counted; None where voltage alone decides, as counting drifts."""
    discharge_by_soc: Curve | None = None
    """Of the rack with the lowest charge as counted."""
    by_flow: Curve = BY_FLOW
    """Of the coolant's flow as a share of what it should be."""
    plausible: Plausible = DEFAULT_PLAUSIBLE
    thermal: ThermalLimits = USUAL
    hold_s: float = 30.0
    """How long a limit that fell stays before it rises again."""
    rise_per_s: float = 0.01
    """How fast it then rises, of the full current."""
    open_wait_s: float = 3.0
    """Longest wait for the current to go before a contactor opens under load."""
    break_share: float = 0.05
    """Share of the continuous current below which a contactor opens at once."""
    join_share: float = 0.15
    """Share of the continuous current above which no further rack is joined."""
    close_s: float = 2.0
    """Pre-charge and closing of one rack."""
    precharge_share: float = 0.05
    """A bus is charged when it is this near the rack's voltage, where somebody measures it."""
    precharge_tries: int = 3
    precharge_wait_s: float = 3.0
    """Between one try and the next, for the resistor to cool."""
    heal_s: float = 60.0
    """How long a tripped rack must be healthy before it is closed again by itself."""
    trips_before_lock: int = 5
    """A rack that trips so often is left to a person; one trip is forgotten each `forget_s`."""
    forget_s: float = 86400.0

    @property
    def series(self) -> int:
        """Cells in series in a rack."""
        return self.layout.series


def limits_for(cell: Cell, layout: Layout, folders: Sequence[Path] = ()) -> BmsLimits:
    """What suits racks of such cells; voltages keep their distance from the cell's own limits. `folders` are the site's
    own, where tables of its own may stand."""
    low_v, high_v = cell.rating.voltage_min_v, cell.rating.voltage_max_v
    return BmsLimits(
        layout=layout,
        current_max_a=cell.current_max_a,
        capacity_ah=cell.capacity_ah,
        join_v=0.01 * layout.series,
        protection=load_protection(LFP, low_v, high_v, folders),
        interlocks=load_interlocks(folders),
        spread=healthy_spread(cell),
        charge_by_voltage=Curve((high_v - 0.2, 1.0), (high_v - 0.11, 0.0)),
        discharge_by_voltage=Curve((low_v + 0.42, 0.0), (low_v + 0.52, 1.0)),
        full_v=high_v - 0.15,
        empty_v=low_v + 0.45,
        bleed_from_v=high_v - 0.25,
    )
