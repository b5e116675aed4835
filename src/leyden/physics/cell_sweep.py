"""Half a gigawatt-hour, cell by cell: every cell of many containers through one or many steps of time.

Cells in series share their rack's current, racks share their container's bus, containers share nothing. So each cell
has a capacity, a resistance, a charge at the start and a temperature of its own, and everything that follows from the
current alone (charge taken, what the time constants carry, hysteresis) is known once a rack, exactly. Charge is counted
there in float64, and a cell's state of charge is its start less that count over its own capacity: it is never added up
in float32, where a trickle of C/2000 would lose a seventh of itself.

    cells = new_cells(load_cell("lfp-280ah"), Make(soc, capacity_ah, factor), containers=112)
    told = sweep(cells, power_w=np.full((3600, 112), 2e6), dt_s=1.0)

`power_w` is what each container shall give to its DC bus, discharge positive, (step, container). The split between its
racks is exact (`leyden.physics.parallel`), bounded by each rack's contactor and limits of current, and by the current
at which its extreme cells come to their limits of voltage and temperature. Of each cell: open-circuit voltage with
hysteresis, R0 by direction, two time constants, resistances over charge and temperature, reversible heat, one lump of
heat. `leyden.physics.sweep_kernel` has the loops and why they are fast.

What it leaves out: the change of the open-circuit voltage within a step, when it shares a power (`Told` says what was
reached); heat that goes from cell to cell; what a cell loses by itself, which `take_charge` takes from time to time.
"""

from dataclasses import dataclass
from math import exp

import numpy as np

from leyden.model.readings import Floats
from leyden.physics import sweep_kernel as kernel
from leyden.physics.cell import Cell
from leyden.physics.impedance import Impedance
from leyden.physics.ocv import LOW, STEP
from leyden.physics.sweep_kernel import Singles

ZERO_DEGC = 273.15


@dataclass(frozen=True, eq=False)
class Make:
    """What each cell is at the start; arrays are (rack, cell in series)."""

    soc: Floats
    capacity_ah: Floats
    resistance_factor: Floats
    """On all resistances of the cell's kind: 1 is a cell as new."""
    temperature_degc: float = 25.0


@dataclass(frozen=True, eq=False)
class Bounds:
    """What holds racks back. `low_a` <= 0 <= `high_a` (rack,) are limits of current; 0 and 0 is an open contactor."""

    low_a: Floats
    high_a: Floats
    v_min_v: float
    v_max_v: float
    t_max_degc: float = 60.0
    t_taper_k: float = 5.0
    """Over so many kelvin below the hottest, current falls to nothing."""


@dataclass(frozen=True, eq=False)
class Told:
    """What came of a sweep, each (step, container)."""

    power_w: Floats
    """At the racks' terminals, mean of the begin and the end of the step; less than asked where that cannot be had."""
    voltage_v: Floats
    """Of the bus, at the begin of the step; 0 where nothing is connected."""
    current_a: Floats
    v_low_v: Floats
    """Of the lowest cell at the end of the step; nan if any is."""
    v_high_v: Floats
    t_high_degc: Floats
    heat_w: Floats
    """Made in all cells."""


@dataclass(frozen=True, eq=False)
class Cells:
    """All cells of containers of equal racks. `sweep` moves them on in place."""

    cell: Cell
    containers: int
    rows: Singles
    """(rack, kernel.CELL_ROWS, series), what a cell has of its own."""
    racks: Floats
    """(kernel.RACK_ROWS, rack), what the cells of a rack share, and what was seen of them."""
    start: Floats
    """(rack, series), as rows[:, START], in float64."""
    span: Floats
    """(kernel.SPAN_ROWS, rack), lowest, mean and highest of START, and of PER_CHARGE."""
    tables: Singles
    knees: Singles

    @property
    def soc(self) -> Floats:
        """Charge of each cell, 0 to 1, (rack, series)."""
        taken = self.racks[kernel.CHARGE][:, None] * self.rows[:, kernel.PER_CHARGE].astype(np.float64)
        soc: Floats = LOW + STEP * (self.start - taken)
        return soc

    @property
    def voltage_v(self) -> Singles:
        """Terminal voltage of each cell, (rack, series); a view."""
        view: Singles = self.rows[:, kernel.VOLTAGE]
        return view

    @property
    def current_a(self) -> Floats:
        """Of each rack, discharge positive, (rack,); a view."""
        view: Floats = self.racks[kernel.CURRENT]
        return view

    @property
    def temperature_degc(self) -> Singles:
        """Of each cell, (rack, series)."""
        return self.rows[:, kernel.TEMPERATURE] - np.float32(ZERO_DEGC)


def new_cells(cell: Cell, make: Make, containers: int) -> Cells:
    """Cells at rest. Raises ValueError if the racks cannot be dealt out evenly."""
    racks, series = make.soc.shape
    if containers < 1 or racks % containers:
        raise ValueError(f"{racks} racks cannot be shared out evenly among {containers} containers; give whole ones")
    start = (make.soc - LOW) / STEP
    rows = np.zeros((racks, kernel.CELL_ROWS, series), np.float32)
    rows[:, kernel.START], rows[:, kernel.RESISTANCE] = start, make.resistance_factor
    rows[:, kernel.PER_CHARGE] = 1.0 / (3600.0 * STEP * make.capacity_ah)
    rows[:, kernel.TEMPERATURE] = make.temperature_degc + ZERO_DEGC
    state = np.zeros((kernel.RACK_ROWS, racks))
    state[kernel.T_LOW] = state[kernel.T_HIGH] = make.temperature_degc + ZERO_DEGC
    cells = Cells(
        cell,
        containers,
        rows,
        state,
        start,
        _span(rows),
        tables_over_charge(cell),
        knees_over_temperature(cell.impedance),
    )
    sweep(cells, np.zeros((1, containers)), 0.0, make.temperature_degc)
    return cells


def sweep(
    cells: Cells, power_w: Floats, dt_s: float, surroundings_degc: float | Floats = 25.0, bounds: Bounds | None = None,
    warming_w: float | Floats = 0.0,
) -> Told:  # fmt: skip
    """Move all cells on, in place, by as many steps of `dt_s` as `power_w` (step, container) has rows.

    `surroundings_degc` is the temperature around the cells and `warming_w` the heat from outside into each cell, for
    all or by rack (rack,); both stay over the sweep. Without `bounds` they are those of the cell's kind.
    """
    cell, impedance = cells.cell, cells.cell.impedance
    held = bounds or rated_bounds(cell, cells.rows.shape[0])
    given = _given(cells, held, surroundings_degc, warming_w)
    left = exp(-dt_s * cell.cooling_w_per_k / cell.heat_capacity_j_per_k)
    turning = 1.0 / (3600.0 * cell.capacity_ah * cell.hysteresis.turn_soc)
    kept = exp(-dt_s / impedance.tau1_s), exp(-dt_s / impedance.tau2_s), turning
    limits = held.v_min_v, held.v_max_v, held.t_max_degc + ZERO_DEGC, held.t_taper_k
    told = np.empty((kernel.TOLD, *power_w.shape))
    kernel.sweep_containers(
        cells.rows, cells.racks, given, cells.tables, cells.knees, power_w, dt_s, kept,
        (1.0 / cell.cooling_w_per_k, left), limits, told,
    )  # fmt: skip
    told[kernel.HOTTEST_K] -= ZERO_DEGC
    return Told(*told)


def rated_bounds(cell: Cell, racks: int) -> Bounds:
    """All contactors closed, and the limits of the cell's kind."""
    rating, highest = cell.rating, np.full(racks, cell.current_max_a)
    return Bounds(-highest, highest, rating.voltage_min_v, rating.voltage_max_v)


def take_charge(cells: Cells, charge_ah: Floats) -> None:
    """Take from each cell (rack, series) what did not flow through its rack: balancing, self-discharge, a short.

    Once in a minute or an hour is often enough: sums stay in float64.
    """
    per_ah = 3600.0 * cells.rows[:, kernel.PER_CHARGE].astype(np.float64)
    cells.start[:] -= charge_ah * per_ah
    cells.rows[:, kernel.START] = cells.start
    cells.span[:] = _span(cells.rows)


def _span(rows: Singles) -> Floats:
    of_both = (rows[:, kernel.START].astype(np.float64), rows[:, kernel.PER_CHARGE].astype(np.float64))
    return np.stack([find(axis=1) for row in of_both for find in (row.min, row.mean, row.max)])


def _given(cells: Cells, bounds: Bounds, surroundings_degc: float | Floats, warming_w: float | Floats) -> Floats:
    given = np.empty((kernel.GIVEN_ROWS, cells.rows.shape[0]))
    given[: kernel.SPAN_ROWS] = cells.span
    given[kernel.LOW_A], given[kernel.HIGH_A] = bounds.low_a, bounds.high_a
    given[kernel.SURROUNDINGS], given[kernel.WARMING] = surroundings_degc, warming_w
    given[kernel.SURROUNDINGS] += ZERO_DEGC
    return given


def tables_over_charge(cell: Cell) -> Singles:
    """What the kernel looks up, at the nodes of the open-circuit voltage, row after row (TABLES * NODES,)."""
    at, impedance = cell.ocv.soc, cell.impedance
    ohms = (impedance.r0_charge_ohm, impedance.r0_discharge_ohm, impedance.r1_ohm, impedance.r2_ohm)
    rest = (cell.ocv.nodes[:, 0], cell.hysteresis.half_at(at), cell.entropy.at(at))
    return np.concatenate([*rest, *(np.interp(at, impedance.soc, ohm) for ohm in ohms)]).astype(np.float32)


def knees_over_temperature(impedance: Impedance) -> Singles:
    """Resistance over temperature as straight lines: where each begins [K], its height there and its slope, (3, n).
    Flat beyond both ends, as `Impedance.factor_at` is."""
    at = np.concatenate([[0.0], impedance.temperature_degc + ZERO_DEGC])
    height = np.concatenate([impedance.factor[:1], impedance.factor])
    slope = np.append(np.diff(height) / np.diff(at), 0.0)
    return np.stack([at, height, slope]).astype(np.float32)
