"""What keeps a battery's cells warm and cool: pump or fans, chiller or air conditioning, film, and their draw."""

from dataclasses import dataclass

import numpy as np

from leyden.model.errors import LeydenError
from leyden.model.readings import Floats
from leyden.model.site import Battery
from leyden.physics import Cell
from leyden.physics.heat import OFF, Chiller, HeatPath, move_heat
from leyden.twin.options import CoolingOptions

KINDS = ("liquid", "air", "natural")

LIQUID_WH, AIR_WH = 200e3, 30e3
"""From this energy on a battery is cooled so unless the options say otherwise: containers, and cabinets for trade."""
FILM_W_PER_WH, STANDBY_W_PER_WH = 0.01, 0.3e-3
"""Heating film, and what management and control draw at all times."""
CHILLER_W_PER_WH = {"liquid": 0.012, "air": 0.015, "natural": 0.0}
COP = {"liquid": 3.0, "air": 2.8, "natural": 1.0}
PUMP_W_PER_WH = {"liquid": 0.4e-3, "air": 1e-3, "natural": 0.0}
SET_DEGC = {"liquid": 20.0, "air": 22.0, "natural": 0.0}
CHILLER_BAND_K = 3.0  # the chiller gives all it has this far above its set point


@dataclass(frozen=True, slots=True)
class ThermalOrder:
    """What the battery management asks of pump, chiller and film."""

    flow: float = 0.0
    """Pump or fans, 0 to 1."""
    cool: bool = False
    heat: bool = False


@dataclass(frozen=True, slots=True)
class Plant:
    """What a battery has for warmth and cold."""

    kind: str
    path: HeatPath
    chiller_w: float
    """Heat it can take out at most."""
    cop: float
    set_degc: float
    pump_w: float
    film_w: float
    standby_w: float


def plant_for(battery: Battery, cell: Cell, options: CoolingOptions) -> Plant:
    """What the options say, and for the rest what batteries of this size commonly have."""
    wh = battery.layout.cells * cell.capacity_ah * cell.rating.nominal_voltage_v
    kind = options.kind or ("liquid" if wh >= LIQUID_WH else "air" if wh >= AIR_WH else "natural")
    if kind not in KINDS:
        raise LeydenError(f"[twin] cooling.{battery.name}: there is no kind {kind!r}; there are: {', '.join(KINDS)}")

    def said(value: float | None, usual: float) -> float:
        return usual if value is None else value

    return Plant(
        kind=kind,
        path=_path(kind, cell),
        chiller_w=said(options.cooling_w, CHILLER_W_PER_WH[kind] * wh),
        cop=said(options.cop, COP[kind]),
        set_degc=said(options.set_degc, SET_DEGC[kind]),
        pump_w=said(options.pump_w, PUMP_W_PER_WH[kind] * wh),
        film_w=said(options.heater_w, FILM_W_PER_WH * wh),
        standby_w=said(options.standby_w, STANDBY_W_PER_WH * wh),
    )


def _path(kind: str, cell: Cell) -> HeatPath:
    """Ways for heat, per cell of 280 Ah and in proportion for others: a plate under the cells takes twice what air
    between them does, and a container's insulated walls lose a tenth of what a cabinet's sheet metal does."""
    size = cell.heat_capacity_j_per_k / 5405.0
    to_module = cell.cooling_w_per_k * (2.0 if kind == "liquid" else 1.0)
    module_j, module_w, still, medium_j, wall_w = {
        "liquid": (300.0, 4.0, 0.1, 190.0, 0.025),
        "air": (150.0, 3.0, 0.2, 20.0, 0.1),
        "natural": (150.0, 1.5, 1.0, 20.0, 0.6),
    }[kind]
    return HeatPath(
        cell_j_per_k=cell.heat_capacity_j_per_k, cell_w_per_k=to_module, module_j_per_k=module_j * size,
        module_w_per_k=module_w * size, still_share=still, medium_j_per_k=medium_j * size, wall_w_per_k=wall_w * size,
    )  # fmt: skip


class Warmth:
    """The warmth of modules and medium of one battery, and the machines that move it."""

    def __init__(self, battery: Battery, plant: Plant, ambient_degc: float) -> None:
        self.plant = plant
        self.module_degc: Floats = np.full((battery.layout.rack, battery.layout.module), ambient_degc)
        self.medium_degc: Floats = np.full(1, ambient_degc)
        self.order = ThermalOrder()
        self.pump_failed = False
        self.heater_stuck = False
        self.draw_w = plant.standby_w
        """What all of it draws from the bus, never negative."""
        self._cells = battery.layout.cells

    @property
    def flow(self) -> float:
        """Of pump or fans, 0 to 1; as a flow meter says."""
        return 0.0 if self.pump_failed else self.order.flow

    @property
    def film_on(self) -> bool:
        """Whether the heating film really is on."""
        return self.order.heat or self.heater_stuck

    def stored_j(self, cell_degc: Floats) -> float:
        """Heat above 0 degC in cells, modules and medium."""
        path, of_modules = self.plant.path, self._cells / self.module_degc.size
        held_j = path.module_j_per_k * of_modules * float(self.module_degc.sum())
        return held_j + path.cell_j_per_k * float(cell_degc.sum()) + self.medium_j_per_k * float(self.medium_degc[0])

    @property
    def medium_j_per_k(self) -> float:
        """Of all the medium."""
        return self.plant.path.medium_j_per_k * self._cells

    def step(self, cell_degc: Floats, heat_w: Floats, ambient_degc: float, dt_s: float) -> tuple[float, float]:
        """Move heat for `dt_s` > 0 (`cell_degc` changes). Returns what left, and what the film put in [J]."""
        plant, flow = self.plant, self.flow
        film_w = plant.film_w if self.film_on else 0.0
        chiller = OFF
        if self.order.cool and plant.chiller_w > 0.0:
            # Without flow the chiller cools little more than its own evaporator.
            most_w = plant.chiller_w * (plant.path.still_share + (1.0 - plant.path.still_share) * flow)
            chiller = Chiller(plant.set_degc, plant.chiller_w / CHILLER_BAND_K, most_w)
        left_j, chilled_j = move_heat(
            cell_degc, self.module_degc, self.medium_degc, heat_w, film_w / self.module_degc.size,
            plant.path.layers(flow), chiller.numbers, ambient_degc, dt_s,
        )  # fmt: skip
        self.draw_w = plant.standby_w + plant.pump_w * flow + film_w + chilled_j / dt_s / plant.cop
        return left_j + chilled_j, film_w * dt_s
