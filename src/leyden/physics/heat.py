"""Where a battery's heat goes: from cells into their modules, into what cools these, and out of it.

Three layers: cells, the modules that hold them, and one medium (coolant, or the air inside) that all modules share; the
medium loses heat to the surroundings and to a chiller. Heat flows between neighbours in proportion to their difference
of temperature. Modules of a plate and some coolant settle in seconds, cells in hours: an explicit step of 10 s already
runs away there (as that of SimSES' container does), so a step is taken by a two-stage diagonally implicit Runge-Kutta
method (Alexander 1977, doi 10.1137/0714068): second order, L-stable, and it keeps energy to the last digit. The stages
are solved by elimination, cell by module by medium, in two sweeps over the cells.
"""

from dataclasses import dataclass

import numba
import numpy as np

from leyden.model.readings import Floats
from leyden.physics.total import IN_ORDER, total

GAMMA = 1.0 - np.sqrt(0.5)
LONGEST_S = 60.0
"""A longer step is cut into equal parts: what settles within an hour is then right to a thousandth of its way."""


@dataclass(frozen=True, slots=True)
class HeatPath:
    """How a battery is built to lose its heat, all per cell, so that it holds for any number of them."""

    cell_j_per_k: float
    cell_w_per_k: float
    """From a cell to its module."""
    module_j_per_k: float
    """Housing, plate and busbars."""
    module_w_per_k: float
    """From the module to the medium while pump or fans run at full."""
    still_share: float
    """How much of that is left when they stand."""
    medium_j_per_k: float
    wall_w_per_k: float
    """From the medium to the surroundings."""

    def flowing_w_per_k(self, flow: float) -> float:
        """From the module to the medium with pump or fans at a share of their flow."""
        return self.module_w_per_k * (self.still_share + (1.0 - self.still_share) * flow)

    def layers(self, flow: float) -> tuple[float, float, float, float, float, float]:
        """As the kernel wants it: heat capacities of cell, module and medium [J/K], and the ways between [W/K]."""
        return (
            self.cell_j_per_k, self.module_j_per_k, self.medium_j_per_k,
            self.cell_w_per_k, self.flowing_w_per_k(flow), self.wall_w_per_k,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chiller:
    """What takes heat out of the medium: in proportion above `set_degc`, up to `heat_w`."""

    set_degc: float
    w_per_k: float
    heat_w: float
    """For the whole battery; 0 is off."""

    @property
    def numbers(self) -> tuple[float, float, float]:
        """As the kernel wants it."""
        return self.set_degc, self.w_per_k, self.heat_w


OFF = Chiller(0.0, 0.0, 0.0)


def move_heat(
    cell_degc: Floats, module_degc: Floats, medium_degc: Floats, heat_w: Floats, film_w: float,
    layers: tuple[float, float, float, float, float, float], chiller: tuple[float, float, float],
    ambient_degc: float, dt_s: float,
) -> tuple[float, float]:  # fmt: skip
    """Let heat flow for `dt_s` > 0; `cell_degc` (rack, cells), `module_degc` (rack, modules), `medium_degc` (1,) move.

    `heat_w` (rack, cells) is made in the cells, `film_w` put into each module. Returns what went to the surroundings
    and what the chiller took [J].
    """
    parts = max(1, int(np.ceil(dt_s / LONGEST_S - 1e-9)))
    left_j, chilled_j = 0.0, 0.0
    for _ in range(parts):
        found = _move(cell_degc, module_degc, medium_degc, heat_w, film_w, layers, chiller, ambient_degc, dt_s / parts)
        left_j, chilled_j = left_j + found[0], chilled_j + found[1]
    return left_j, chilled_j


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _move(
    cell: Floats, module: Floats, medium: Floats, heat_w: Floats, film_w: float,
    layers: tuple[float, float, float, float, float, float], chiller: tuple[float, float, float],
    ambient_degc: float, dt_s: float,
) -> tuple[float, float]:  # fmt: skip
    """The method's two stages; the second starts from what the first found, and is the end of the step.

    All cells of a module are alike but for what they start from and make, and both stages are linear in these: so the
    stages are taken for each module's sums, and the cells follow once, at the end.
    """
    wall, cells, modules = layers[5] * cell.size, cell.size // module.size, module.reshape(-1)
    per_module, heat = cell.reshape(-1, cells), heat_w.reshape(-1, cells)
    sum_degc, sum_w = np.empty(module.size), np.empty(module.size)
    for m in range(module.size):
        sum_degc[m], sum_w[m] = total(per_module[m]), total(heat[m])
    bent_s, more = GAMMA * dt_s, (1.0 - GAMMA) / GAMMA
    one_degc, two_degc, three_degc = sum_degc.copy(), modules.copy(), medium.copy()
    taken_1 = _stage(one_degc, two_degc, three_degc, sum_w, film_w, layers, chiller, ambient_degc, bent_s, cells)
    lost_1 = wall * (three_degc[0] - ambient_degc)
    _extend(sum_degc, one_degc, more)
    _extend(modules, two_degc, more)
    _extend(medium, three_degc, more)
    taken_2 = _stage(sum_degc, modules, medium, sum_w, film_w, layers, chiller, ambient_degc, bent_s, cells)
    lost_2 = wall * (medium[0] - ambient_degc)
    c_cell, to_module = layers[0] / bent_s, layers[3]
    per_cell = 1.0 / (c_cell + to_module)
    kept = c_cell * per_cell
    of_cell, of_heat = kept * (1.0 - more + more * kept), per_cell * (1.0 + more * kept)
    for m in range(module.size):
        of_module = per_cell * to_module * (more * kept * two_degc[m] + modules[m])
        _settle(per_module[m], heat[m], of_cell, of_heat, of_module)
    lost_j = dt_s * ((1.0 - GAMMA) * lost_1 + GAMMA * lost_2)
    return lost_j, dt_s * ((1.0 - GAMMA) * taken_1 + GAMMA * taken_2)


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _stage(
    sum_degc: Floats, module: Floats, medium: Floats, sum_w: Floats, film_w: float,
    layers: tuple[float, float, float, float, float, float], chiller: tuple[float, float, float],
    ambient_degc: float, dt_s: float, cells: int,
) -> float:  # fmt: skip
    """Solve y = b + dt F(y) in place, cells as sums over each module, and return what the chiller takes [W].

    A module follows from the medium A as alpha + beta A (alpha is kept in `module` meanwhile), so that the medium's own
    balance is one equation; the chiller bends it twice, and its three pieces are tried in turn.
    """
    count = cells * module.size
    c_cell, c_module, c_medium = layers[0] / dt_s, cells * layers[1] / dt_s, count * layers[2] / dt_s
    to_module, to_medium, wall = layers[3], cells * layers[4], count * layers[5]
    per_cell = 1.0 / (c_cell + to_module)
    share = to_module * per_cell
    weight = c_module + cells * c_cell * share + to_medium
    beta, alphas = to_medium / weight, 0.0
    for m in range(module.size):
        gathered_w = c_cell * sum_degc[m] + sum_w[m]
        module[m] = (c_module * module[m] + film_w + share * gathered_w) / weight
        alphas += module[m]
    own = c_medium + module.size * to_medium * (1.0 - beta) + wall
    gained_w = c_medium * medium[0] + to_medium * alphas + wall * ambient_degc
    set_degc, per_k, most_w = chiller
    degc, taken_w = gained_w / own, 0.0
    if most_w > 0.0 and degc > set_degc:
        degc = (gained_w + per_k * set_degc) / (own + per_k)
        taken_w = per_k * (degc - set_degc)
        if taken_w > most_w:
            degc, taken_w = (gained_w - most_w) / own, most_w
    medium[0] = degc
    for m in range(module.size):
        module[m] += beta * degc
        sum_degc[m] = (c_cell * sum_degc[m] + sum_w[m] + cells * to_module * module[m]) * per_cell
    return taken_w


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _settle(cell: Floats, heat_w: Floats, of_cell: float, of_heat: float, of_module: float) -> None:
    for k in range(cell.size):
        cell[k] = of_cell * cell[k] + of_heat * heat_w[k] + of_module


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def _extend(start: Floats, reached: Floats, more: float) -> None:
    for k in range(start.size):
        start[k] += more * (reached[k] - start[k])
