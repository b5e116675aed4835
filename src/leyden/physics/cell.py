"""A kind of cell: what its file says, ready for use."""

from dataclasses import dataclass
from functools import cached_property

from leyden.model.readings import Floats
from leyden.model.site import CellRating
from leyden.physics.impedance import NO_ENTROPY, NO_HYSTERESIS, Entropy, Hysteresis, Impedance, circuit_table
from leyden.physics.ocv import OcvCurve


@dataclass(frozen=True, eq=False)
class Cell:
    """One kind of cell, as new; spread and faults are the business of who uses many of them."""

    rating: CellRating
    ocv: OcvCurve
    resistance_ohm: float
    """Sustained resistance of one cell."""
    current_max_c: float
    """Continuous current both ways, in multiples of the capacity per hour."""
    heat_capacity_j_per_k: float
    """Of the whole cell, as one lump."""
    cooling_w_per_k: float
    """Heat that leaves the cell per kelvin above its surroundings."""
    source: str
    """Where the numbers come from."""
    impedance: Impedance
    """What the sustained resistance is made of, over charge, time, direction and temperature."""
    hysteresis: Hysteresis = NO_HYSTERESIS
    entropy: Entropy = NO_ENTROPY
    ageing: str = ""
    """Name of the ageing model that fits this cell; empty where none is known."""

    @property
    def capacity_ah(self) -> float:
        """Nominal capacity."""
        return self.rating.capacity_ah

    @property
    def current_max_a(self) -> float:
        """Continuous current both ways."""
        return self.current_max_c * self.rating.capacity_ah

    @cached_property
    def circuit(self) -> Floats:
        """Resistances and hysteresis as kernels read them (5, k), see `leyden.physics.impedance`."""
        return circuit_table(self.impedance, self.hysteresis)
