"""One battery of the twin: cells, contactors, management and converter, moved on together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leyden.bms import Bms, Seen, limits_for, new_bms, reset, table_of
from leyden.bms import advance as advance_bms
from leyden.model.readings import Floats
from leyden.model.site import Battery
from leyden.model.states import BatteryState, ConverterState
from leyden.pcs.converter import Order, Pcs, PcsRating, Surroundings, told
from leyden.pcs.converter import advance as advance_pcs
from leyden.physics import Cell, ac_power, dc_power, share_power
from leyden.physics import cell_step as cells
from leyden.physics.follow import decay
from leyden.twin.energies import Energies
from leyden.twin.options import TwinOptions

RACK_CABLE_OHM = 2e-3  # busbars, fuse and contactors of one rack
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

    def __init__(self, battery: Battery, cell: Cell, options: TwinOptions, rng: np.random.Generator) -> None:
        self.battery = battery
        self.cell = cell
        self.energies = Energies()
        self.ignores_setpoint = False
        self.tripped = False
        self._ambient_degc = options.ambient_degc
        racks, series = battery.layout.rack, battery.layout.series
        self.as_made = _made(cell, options, rng, (racks, series))
        self.made = self.as_made.copy()
        self.state = _state(cell, options, rng, (racks, series))
        self.sums = np.zeros((cells.SUMS, racks))
        self.current_a = np.zeros(racks)
        self.bus_v = 0.0
        self.dc_power_w = 0.0
        """Behind the converter, discharge positive."""
        self.limits = limits_for(battery.cell, cell.current_max_a, series)
        self._table = table_of(self.limits.protections)
        self._gain = 1.0 + CURRENT_GAIN_ERROR * rng.standard_normal(racks)
        self._offset_a = CURRENT_OFFSET_A * rng.standard_normal(racks)
        counted = self.state[cells.SOC].mean(axis=1) + options.soc_error * rng.uniform(-1.0, 1.0)
        self.bms: Bms = new_bms(self.limits, np.clip(counted, 0.0, 1.0), options.connected)
        self.rating = _rating(battery, options)
        order = Order(run=options.connected)
        at_rest = ConverterState.STANDBY if options.connected else ConverterState.OFF
        self.pcs = Pcs(state=at_rest, order=order, echo=order, temperature_degc=options.ambient_degc)
        self.settle()

    def settle(self) -> None:
        """Make voltages, sums and limits agree with cells and contactors, without moving time; compiles the kernels."""
        resistance = self.made[cells.RESISTANCE].sum(axis=1)
        self._rack_ohm = resistance + RACK_CABLE_OHM
        self.state[cells.CHEMICAL] = self.cell.ocv.integral_v(self.state[cells.SOC])
        self._step_cells(0.0)
        self._share(0.0, 0.0)
        self.bms = advance_bms(self.bms, self.limits, self._table, self._seen(), 0.0)

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
        self._rack_ohm = self.made[cells.RESISTANCE].sum(axis=1) + RACK_CABLE_OHM
        self._step_cells(0.0)

    def stored_j(self) -> float:
        """Chemical energy above SOC 0, from the state of charge alone."""
        return float((self.made[cells.CAPACITY] * self.cell.ocv.integral_v(self.state[cells.SOC])).sum())

    def step(self, dt_s: float) -> None:
        """Move on by `dt_s`: the converter within what the management allowed, then the cells, then the management."""
        self.pcs = advance_pcs(self.pcs, self.rating, self._surroundings(), dt_s)
        on_dc = self.pcs.state in (ConverterState.RUNNING, ConverterState.STOPPING)
        wanted_w = self._dc_power() if on_dc else 0.0
        owed_w = self.energies.owed_j / dt_s
        reached_w = self._share(wanted_w + owed_w, dt_s)
        if on_dc and abs(reached_w - wanted_w - owed_w) > 1e-9 * self.rating.power_w:
            wanted_w = self._give_less(reached_w - owed_w)
        self.dc_power_w = wanted_w
        self._step_cells(dt_s)
        self._count(wanted_w, dt_s)
        self.bms = advance_bms(self.bms, self.limits, self._table, self._seen(), dt_s)

    def _surroundings(self) -> Surroundings:
        q, rated = self.pcs.reactive_power_var, self.rating.apparent_va
        return Surroundings(
            low_w=min(ac_power(-self.bms.charge_limit_w, q, rated), 0.0),
            high_w=max(ac_power(self.bms.discharge_limit_w, q, rated), 0.0),
            dc_ready=bool(self.bms.closed.any()),
            tripped=self.tripped,
            ambient_degc=self._ambient_degc,
        )

    def _dc_power(self) -> float:
        return dc_power(self.pcs.power_w, self.pcs.reactive_power_var, self.rating.apparent_va)

    def _give_less(self, dc_w: float) -> float:
        """The racks cannot give what was wanted: the converter's AC power becomes what they can."""
        power_w = ac_power(dc_w, self.pcs.reactive_power_var, self.rating.apparent_va)
        self.pcs = replace(self.pcs, power_w=power_w, reference_w=power_w)
        return self._dc_power()

    def _share(self, power_w: float, dt_s: float) -> float:
        """Find the racks' currents for a DC power, as they are on average over the step; the power that is reached."""
        high_a = np.where(self.bms.closed, np.inf, 0.0)
        ohm = self._rack_ohm + dt_s * self.sums[cells.STIFFNESS]
        self.bus_v = share_power(self.sums[cells.EMF], ohm, -high_a, high_a, power_w, self.current_a)
        return self.bus_v * float(self.current_a.sum())

    def _step_cells(self, dt_s: float) -> None:
        cell = self.cell
        left = decay(dt_s, cell.heat_capacity_j_per_k / cell.cooling_w_per_k)
        heat = (self._ambient_degc, cell.cooling_w_per_k, cell.heat_capacity_j_per_k, left)
        cells.step_cells(self.state, self.made, self.current_a, cell.ocv.nodes, heat, dt_s, self.sums)

    def _count(self, dc_w: float, dt_s: float) -> None:
        """Book the step; what the cells gave more or less than the converter took is owed to the next."""
        book = self.energies
        outside_j = float(self.made[cells.HEAT].sum()) * dt_s
        cable_j = RACK_CABLE_OHM * float((self.current_a**2).sum()) * dt_s
        joule_j = float(self.sums[cells.MADE].sum()) - outside_j + cable_j
        stored_j = float(self.sums[cells.STORED].sum())
        ac_j = self.pcs.power_w * dt_s
        book.discharged_j += max(ac_j, 0.0)
        book.charged_j += max(-ac_j, 0.0)
        book.converter_loss_j += dc_w * dt_s - ac_j
        book.dc_j += dc_w * dt_s
        book.joule_j += joule_j
        book.outside_heat_j += outside_j
        book.cooled_j += float(self.sums[cells.COOLED].sum()) + cable_j
        book.chemical_j += stored_j
        book.owed_j += dc_w * dt_s - (-stored_j - joule_j)

    def _seen(self) -> Seen:
        """What the rack's sensors say to the management."""
        return Seen(
            cell_voltage_min_v=self.sums[cells.V_LOW],
            cell_voltage_max_v=self.sums[cells.V_HIGH],
            cell_temperature_min_degc=self.sums[cells.T_LOW],
            cell_temperature_max_degc=self.sums[cells.T_HIGH],
            current_a=np.where(self.bms.closed, self.current_a * self._gain + self._offset_a, 0.0),
            voltage_v=self.sums[cells.EMF] - self.current_a * self._rack_ohm,
        )

    @property
    def seen(self) -> Seen:
        """What the rack's sensors say now."""
        return self._seen()

    @property
    def connected(self) -> bool:
        """Whether any rack is on the bus."""
        return self.bms.state is BatteryState.CONNECTED


def _made(cell: Cell, options: TwinOptions, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Cells as they left the works, with their spread; three standard deviations are the most that passes the gate."""
    made = np.zeros((4, *shape))
    capacity = 1.0 + options.capacity_spread * _spread(rng, shape)
    made[cells.CAPACITY] = 3600.0 * cell.capacity_ah * capacity
    made[cells.PER_CAPACITY] = 1.0 / made[cells.CAPACITY]
    made[cells.RESISTANCE] = cell.resistance_ohm * (1.0 + options.resistance_spread * _spread(rng, shape))
    return made


def _state(cell: Cell, options: TwinOptions, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    state = np.zeros((4, *shape))
    state[cells.SOC] = np.clip(options.soc + options.soc_spread * _spread(rng, shape), 0.0, 1.0)
    state[cells.TEMPERATURE] = options.ambient_degc
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
