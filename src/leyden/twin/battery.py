"""One battery of the twin: cells, contactors, management and converter, moved on together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leyden.bms import Bms, Seen, limits_for, new_bms, reset, table_of
from leyden.bms import advance as advance_bms
from leyden.model.readings import Floats
from leyden.model.site import Battery
from leyden.model.states import ConverterState
from leyden.pcs.converter import Order, Pcs, PcsRating, Surroundings, told
from leyden.pcs.converter import advance as advance_pcs
from leyden.physics import Cell, ac_power, dc_power, share_power
from leyden.physics import cell_step as cells
from leyden.physics.follow import decay
from leyden.twin.energies import Energies
from leyden.twin.options import TwinOptions

RACK_CABLE_OHM = 2e-3  # busbars, fuse and contactors of one rack
LINK_S = 1.0  # what waits in the link is given back over this time, so that a tiny step shows no large current
CURRENT_GAIN_ERROR = 1e-3  # standard deviation of a hall sensor's gain, and of its offset below
CURRENT_OFFSET_A = 0.02


@dataclass(frozen=True, slots=True)
class CellFault:
    """How one cell differs from what it was made as."""

    index: tuple[int, int, int]
    """(rack, module, cell), from 0."""
    capacity_factor: float = 1.0
    resistance_factor: float = 1.0
    heat_w: float = 0.0


class BatteryTwin:
    """State of one simulated battery; `step` is the only thing that moves it in time."""

    def __init__(
        self, battery: Battery, cell: Cell, options: TwinOptions, rng: np.random.Generator, ambient_degc: float
    ) -> None:
        self.battery = battery
        self.cell = cell
        self.energies = Energies()
        self.ignores_setpoint = False
        self.tripped = False
        self.watchdog_dead = False
        self.ambient_degc = ambient_degc
        """What surrounds its cells now; at the start they are as warm."""
        racks, series = battery.layout.rack, battery.layout.series
        self.as_made = _made(cell, options, rng, (racks, series))
        self.made = self.as_made.copy()
        self.state = _state(cell, options, rng, (racks, series), ambient_degc)
        self.sums = np.zeros((cells.SUMS, racks))
        self.current_a = np.zeros(racks)
        self.bus_v = 0.0
        self.dc_power_w = 0.0
        """Behind the converter, discharge positive."""
        self.limits = limits_for(battery.cell, cell.current_max_a, series)
        self._unlimited = np.full(racks, np.inf)
        self._table = table_of(self.limits.protections)
        self._gain = 1.0 + CURRENT_GAIN_ERROR * rng.standard_normal(racks)
        self._offset_a = CURRENT_OFFSET_A * rng.standard_normal(racks)
        counted = self.state[cells.SOC].mean(axis=1) + options.soc_error * rng.uniform(-1.0, 1.0)
        self.bms: Bms = new_bms(self.limits, np.clip(counted, 0.0, 1.0), options.connected)
        self.rating = _rating(battery, options)
        order = Order(run=options.connected)
        at_rest = ConverterState.STANDBY if options.connected else ConverterState.OFF
        self.pcs = Pcs(state=at_rest, order=order, echo=order, temperature_degc=ambient_degc)
        self.settle()

    def settle(self) -> None:
        """Make voltages, sums and limits agree with cells and contactors, without moving time; compiles the kernels."""
        self.state[cells.CHEMICAL] = self.cell.ocv.integral_v(self.state[cells.SOC])
        self._made_new()
        self._share(0.0, 0.0)
        state = self.bms.state
        self.bms = replace(advance_bms(self.bms, self.limits, self._table, self._see(), 0.0), state=state)

    def _made_new(self) -> None:
        """What follows from how the cells are made."""
        self._rack_ohm = self.made[cells.RESISTANCE].sum(axis=1) + RACK_CABLE_OHM
        self._outside_w = float(self.made[cells.HEAT].sum())
        self._step_cells(0.0)

    def command(self, values: Mapping[str, float]) -> None:
        """What was written to the converter; raises ValueError for an unknown point."""
        self.pcs = told(self.pcs, self.rating, values, self.ignores_setpoint)

    def reset(self) -> None:
        """A person resets the latches of the battery management."""
        self.bms = replace(self.bms, guard=reset(self.bms.guard))

    def set_cells(self, faults: Sequence[CellFault]) -> None:
        """Make every cell its old self but for these. A cell keeps its SOC, so its voltage does not jump; the energy
        that comes or goes with its capacity is booked as moved."""
        before = self.made[cells.CAPACITY].copy()
        self.made[:] = self.as_made
        for fault in faults:
            rack, module, cell = fault.index
            k = module * self.battery.layout.cell + cell
            self.made[cells.CAPACITY, rack, k] *= fault.capacity_factor
            self.made[cells.RESISTANCE, rack, k] *= fault.resistance_factor
            self.made[cells.HEAT, rack, k] += fault.heat_w
        self.made[cells.PER_CAPACITY] = 1.0 / self.made[cells.CAPACITY]
        self.energies.moved_j += float(((self.made[cells.CAPACITY] - before) * self.state[cells.CHEMICAL]).sum())
        self._made_new()

    def stored_j(self) -> float:
        """Chemical energy above SOC 0, from the state of charge alone."""
        return float((self.made[cells.CAPACITY] * self.cell.ocv.integral_v(self.state[cells.SOC])).sum())

    def step(self, dt_s: float) -> None:
        """Move on by `dt_s`: the converter within what the management allowed, then the cells, then the management."""
        bms = self.bms
        around = Surroundings(
            bms.charge_limit_w, bms.discharge_limit_w, bms.guard.any_closed, self.tripped, self.ambient_degc
        )
        armed_s = self.pcs.watchdog_s
        if self.watchdog_dead:  # it says that it is armed, and never counts
            self.pcs = replace(self.pcs, watchdog_left_s=math.nan)
        self.pcs = advance_pcs(self.pcs, self.rating, around, dt_s)
        if self.watchdog_dead:
            self.pcs = replace(self.pcs, watchdog_left_s=armed_s)
        on_dc = self.pcs.state in (ConverterState.RUNNING, ConverterState.STOPPING)
        wanted_w = self._dc_power() if on_dc else 0.0
        link_w = self.energies.link_j / max(dt_s, LINK_S)
        reached_w, squares = self._share(wanted_w - link_w, dt_s)
        if on_dc and abs(reached_w - (wanted_w - link_w)) > 1e-9 * self.rating.power_w:
            wanted_w = self._give_less(reached_w + link_w)
        self.dc_power_w = wanted_w
        self._count(wanted_w, squares, self._step_cells(dt_s), dt_s)
        self.bms = advance_bms(bms, self.limits, self._table, self._see(), dt_s)

    def _dc_power(self) -> float:
        return dc_power(self.pcs.power_w, self.pcs.reactive_power_var, self.rating.apparent_va)

    def _give_less(self, dc_w: float) -> float:
        """The racks cannot give what was wanted: the converter's AC power becomes what they can."""
        power_w = ac_power(dc_w, self.pcs.reactive_power_var, self.rating.apparent_va)
        self.pcs = replace(self.pcs, power_w=power_w, reference_w=power_w)
        return self._dc_power()

    def _share(self, power_w: float, dt_s: float) -> tuple[float, float]:
        """Find the racks' currents for a DC power, as they are on average over the step.

        Returns the power that is reached and the sum of the squares of the currents.
        """
        guard = self.bms.guard
        high_a = self._unlimited if guard.all_closed else np.where(guard.closed, np.inf, 0.0)
        ohm = self._rack_ohm + dt_s * self.sums[cells.STIFFNESS]
        self.bus_v, total_a, squares = share_power(self.sums[cells.EMF], ohm, -high_a, high_a, power_w, self.current_a)
        return self.bus_v * total_a, squares

    def _step_cells(self, dt_s: float) -> tuple[float, float, float]:
        cell = self.cell
        left = decay(dt_s, cell.heat_capacity_j_per_k / cell.cooling_w_per_k)
        heat = (self.ambient_degc, cell.cooling_w_per_k, cell.heat_capacity_j_per_k, left)
        return cells.step_cells(self.state, self.made, self.current_a, cell.ocv.nodes, heat, dt_s, self.sums)

    def _count(self, dc_w: float, squares: float, of_cells: tuple[float, float, float], dt_s: float) -> None:
        """Book the step; what the cells gave more or less than the converter took is left in the link."""
        book = self.energies
        stored_j, made_j, cooled_j = of_cells
        outside_j = self._outside_w * dt_s
        cable_j = RACK_CABLE_OHM * squares * dt_s
        joule_j = made_j - outside_j + cable_j
        ac_j = self.pcs.power_w * dt_s
        if ac_j > 0.0:
            book.discharged_j += ac_j
        else:
            book.charged_j -= ac_j
        book.converter_loss_j += dc_w * dt_s - ac_j
        book.dc_j += dc_w * dt_s
        book.joule_j += joule_j
        book.outside_heat_j += outside_j
        book.cooled_j += cooled_j + cable_j
        book.chemical_j += stored_j
        book.link_j -= stored_j + joule_j + dc_w * dt_s

    def _see(self) -> Seen:
        """What the racks' sensors say from now on; an open rack's current is known to be none."""
        sums, current_a = self.sums.copy(), self.current_a * self._gain + self._offset_a
        self.seen = Seen(
            cell_voltage_min_v=sums[cells.V_LOW],
            cell_voltage_max_v=sums[cells.V_HIGH],
            cell_temperature_min_degc=sums[cells.T_LOW],
            cell_temperature_max_degc=sums[cells.T_HIGH],
            current_a=current_a if self.bms.guard.all_closed else np.where(self.bms.closed, current_a, 0.0),
            voltage_v=sums[cells.EMF] - self.current_a * self._rack_ohm,
        )
        return self.seen


def _made(cell: Cell, options: TwinOptions, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Cells as they left the works, with their spread; three standard deviations are the most that passes the gate."""
    made = np.zeros((4, *shape))
    capacity = 1.0 + options.capacity_spread * _spread(rng, shape)
    made[cells.CAPACITY] = 3600.0 * cell.capacity_ah * capacity
    made[cells.PER_CAPACITY] = 1.0 / made[cells.CAPACITY]
    made[cells.RESISTANCE] = cell.resistance_ohm * (1.0 + options.resistance_spread * _spread(rng, shape))
    return made


def _state(
    cell: Cell, options: TwinOptions, rng: np.random.Generator, shape: tuple[int, int], ambient_degc: float
) -> Floats:
    state = np.zeros((4, *shape))
    state[cells.SOC] = np.clip(options.soc + options.soc_spread * _spread(rng, shape), 0.0, 1.0)
    state[cells.TEMPERATURE] = ambient_degc
    state[cells.CHEMICAL] = cell.ocv.integral_v(state[cells.SOC])
    return state


def _spread(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return np.clip(rng.standard_normal(shape), -3.0, 3.0)


def _rating(battery: Battery, options: TwinOptions) -> PcsRating:
    converter = battery.converter
    said_s = options.converter_dead_time_s
    return PcsRating(
        power_w=converter.power_w,
        apparent_va=max(converter.apparent_va, converter.power_w),
        ramp_w_per_s=converter.ramp_w_per_s,
        dead_time_s=converter.dead_time_s if said_s is None else said_s,
        lag_s=options.converter_lag_s,
        start_s=options.converter_start_s,
    )
