"""Faults inside cells: what they make of a cell, moment by moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from leyden.model.readings import Floats
from leyden.physics import cell_step as cells
from leyden.twin.faults import Fault

DAY_S = 86400.0
LEAST_CAPACITY = 0.05  # a cell that loses capacity every day does not lose all of it

ACTIVATION_K = 1.35e5 / 8.314
"""Activation energy over gas constant of the layer whose decay begins a thermal runaway: Hatchard et al. 2001, doi
10.1149/1.1377592."""
RUNAWAY_J_PER_AH = 2200.0
"""Heat of a whole runaway: enough for 110 K in a cell of 280 Ah that keeps it; lithium iron phosphate burns low."""
GAS_L_PER_AH, LOWER_LIMIT, FREE_L_PER_WH, GAS_LEAVES_S = 0.6, 0.065, 6e-3, 3600.0
"""Vent gas of a whole runaway, the share of it in air that can burn, the free air of a container, and how long gas
stays there: orders of magnitude, for drills."""

STATIC = ("weak-cell", "hot-cell", "internal-short", "growing-resistance", "capacity-loss")


def place(fault: Fault) -> tuple[int, int, int]:
    """(rack, module, cell) of a fault on a cell, from 0."""
    return int(fault.params["rack"]) - 1, int(fault.params["module"]) - 1, int(fault.params["cell"]) - 1


def make_cells(
    made: Floats, as_made: Floats, faults: Sequence[Fault], cells_of_module: int, elapsed_s: float, bleed: Floats
) -> None:
    """Make every cell its old self but for these faults, as they have become by now."""
    made[:] = as_made
    made[cells.BLEED] = bleed
    for fault in faults:
        rack, module, cell = place(fault)
        at, p = (rack, module * cells_of_module + cell), fault.params
        days = (elapsed_s - fault.since_s) / DAY_S
        made[cells.CAPACITY][at] *= p.get("capacity_factor", 1.0)
        made[cells.RESISTANCE][at] *= p.get("resistance_factor", 1.0)
        made[cells.HEAT][at] += p.get("heat_w", 0.0)
        if fault.kind == "internal-short":
            made[cells.SHORT][at] += 1.0 / p["short_ohm"]
        if fault.kind == "growing-resistance":
            made[cells.RESISTANCE][at] *= 1.0 + p["per_day"] * days
        if fault.kind == "capacity-loss":
            made[cells.CAPACITY][at] *= max(LEAST_CAPACITY, 1.0 - p["per_day"] * days)
    made[cells.PER_CAPACITY] = 1.0 / made[cells.CAPACITY]


@dataclass(slots=True)
class Runaways:
    """Cells that run away: each is heated until its own reactions do so."""

    capacity_ah: float
    free_l: float
    """Air into which the gas goes."""
    reacted: dict[int, float] = field(default_factory=dict)
    """Of each fault, how much of its cell has reacted, 0 to 1."""
    gas_l: float = 0.0

    @property
    def gas(self) -> float:
        """As a share of what can burn (the lower explosive limit)."""
        return self.gas_l / self.free_l / LOWER_LIMIT

    def heat_w(self, fault: Fault, degc: float, dt_s: float) -> float:
        """Mean heat of one such cell over the next `dt_s`; its reaction and its gas go on.

        The reaction is of first order, so that no step is too long for what is left: k = k0 exp(Ta (1/To - 1/T)).
        """
        whole_j, p = RUNAWAY_J_PER_AH * self.capacity_ah, fault.params
        reacted = self.reacted.get(fault.id, 0.0)
        onset_k, now_k = p["onset_degc"] + cells.KELVIN, degc + cells.KELVIN
        if now_k < onset_k:
            return p["trigger_w"]
        rate = min(p["heat_w"] / whole_j * np.exp(ACTIVATION_K * (1.0 / onset_k - 1.0 / now_k)), 1.0)
        more = (1.0 - reacted) * -float(np.expm1(-rate * dt_s))
        self.reacted[fault.id] = reacted + more
        self.gas_l += more * GAS_L_PER_AH * self.capacity_ah
        return p["trigger_w"] + more * whole_j / dt_s

    def air(self, dt_s: float) -> None:
        """Gas leaves by the leaks of a container."""
        self.gas_l *= float(np.exp(-dt_s / GAS_LEAVES_S))
