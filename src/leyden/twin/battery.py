"""One battery of the twin: cells, contactors, management, converter and cooling, moved on together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from leyden.bms import Bms, Seen, limits_for, new_bms, reset
from leyden.bms import advance as advance_bms
from leyden.bms.balancing import NOBODY
from leyden.bms.thermal import OFF
from leyden.model.readings import Floats
from leyden.model.site import Battery
from leyden.model.states import ConverterState
from leyden.pcs.converter import Order, Pcs, PcsRating, Surroundings, told
from leyden.pcs.converter import advance as advance_pcs
from leyden.physics import Cell, ac_power, dc_power, share_both_ways
from leyden.physics import cell_step as cells
from leyden.twin.cell_faults import FREE_L_PER_WH, STATIC, Runaways, make_cells, place
from leyden.twin.cooling import ThermalOrder, Warmth, plant_for
from leyden.twin.energies import Energies
from leyden.twin.faults import Fault
from leyden.twin.options import CoolingOptions, TwinOptions
from leyden.twin.sensors import Sensors

RACK_CABLE_OHM = 2e-3  # busbars, fuse and contactors of one rack
LINK_S = 1.0  # what waits in the link is given back over this time, so that a tiny step shows no large current
BLEED_OHM = 34.0  # a balancing resistor: a tenth of an ampere
LOOK_SOC, LOOK_S = 1e-3, 10.0  # resistances are looked up anew when charge has moved so far or so much time has passed
GROWING = ("growing-resistance", "capacity-loss")


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
        self._lags_s = cell.impedance.tau1_s, cell.impedance.tau2_s
        self._tables = cell.ocv.nodes, cells.circuit_nodes(cell), cells.factor_nodes(cell)
        self.as_made = _made(cell, options, rng, (racks, series))
        self.made = self.as_made.copy()
        self.state = _state(cell, options, rng, (racks, series), ambient_degc)
        self.now = np.zeros((cells.NOWS, racks, series))
        self.sums = np.zeros((cells.RACK_SUMS, racks))
        self.current_a = np.zeros(racks)
        self.bus_v = 0.0
        self.dc_power_w = 0.0
        """Behind the converter, discharge positive."""
        self.elapsed_s = 0.0
        """The twin's own time; ages of faults are counted by it."""
        self.limits = limits_for(cell, battery.layout)
        self._unlimited = np.full(racks, np.inf)
        self.sensors = Sensors(racks, battery.layout.cell, rng)
        plant = plant_for(battery, cell, options.cooling.get(battery.name, CoolingOptions()))
        self.warmth = Warmth(battery, plant, ambient_degc)
        wh = battery.layout.cells * cell.capacity_ah * cell.rating.nominal_voltage_v
        self.runaways = Runaways(cell.capacity_ah, FREE_L_PER_WH * wh)
        self._faults: Sequence[Fault] = ()
        self._balancing = np.zeros((racks, series), dtype=np.bool_)
        self._heat_w = np.zeros((racks, series))
        self._aged = math.inf
        self._asked, self._bleeding = OFF, NOBODY
        counted = self.state[cells.SOC].mean(axis=1) + options.soc_error * rng.uniform(-1.0, 1.0)
        self.bms: Bms = new_bms(self.limits, np.clip(counted, 0.0, 1.0), options.connected)
        self.rating = _rating(battery, options)
        order = Order(run=options.connected)
        at_rest = ConverterState.STANDBY if options.connected else ConverterState.OFF
        self.pcs = Pcs(state=at_rest, order=order, echo=order, temperature_degc=ambient_degc)
        self.settle()
        self.settle()  # once more, as a balancing or shorted cell's current follows the voltage of the first time

    def settle(self) -> None:
        """Make voltages, sums and limits agree with cells and contactors, without moving time; compiles the kernels."""
        self._look(anew=True)
        self._share(0.0, 0.0)
        state = self.bms.state
        self.bms = replace(advance_bms(self.bms, self.limits, self._see(), 0.0), state=state)

    @property
    def closed(self) -> NDArray[np.bool_]:
        """Contactors as they really are, (rack,)."""
        told: NDArray[np.bool_] = self.bms.guard.closed
        return told | self.sensors.welded if self.sensors.any_welded else told

    def command(self, values: Mapping[str, float]) -> None:
        """What was written to the converter; raises ValueError for an unknown point."""
        self.pcs = told(self.pcs, self.rating, values, self.ignores_setpoint)

    def reset(self) -> None:
        """A person resets the latches of the battery management."""
        self.bms = reset(self.bms, self.limits)

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """Be as made but for these faults, all of which are on this battery."""
        self._faults = faults
        self.tripped = any(fault.kind == "trip" for fault in faults)
        self.ignores_setpoint = any(fault.kind == "setpoint-ignored" for fault in faults)
        self.watchdog_dead = any(fault.kind == "dead-watchdog" for fault in faults)
        self.warmth.pump_failed = any(fault.kind == "pump-failure" for fault in faults)
        self.warmth.heater_stuck = any(fault.kind == "heater-stuck" for fault in faults)
        self.sensors.set_faults(faults)
        there = {fault.id for fault in faults if fault.kind == "thermal-runaway"}
        self.runaways.reacted = {id_: share for id_, share in self.runaways.reacted.items() if id_ in there}
        self._make()

    def balance(self, on: NDArray[np.bool_]) -> None:
        """Switch the balancing resistors, (rack, cells in series); an empty array is all of them off."""
        self._balancing[:] = on if on.size else False
        self._make()

    def _make(self) -> None:
        """Make every cell what faults and balancing say. A cell keeps its SOC and its currents, so its voltage does not
        jump but for its resistance; the energy that comes or goes with its making is booked as moved."""
        failed = [int(fault.params["rack"]) - 1 for fault in self._faults if fault.kind == "balancing-failed"]
        bleed = np.where(self._balancing, 1.0 / BLEED_OHM, 0.0)
        bleed[failed] = 0.0
        before_c, before_j = self.made[cells.CAPACITY].copy(), self._held_j()
        in_cells = [fault for fault in self._faults if fault.kind in STATIC]
        make_cells(self.made, self.as_made, in_cells, self.battery.layout.cell, self.elapsed_s, bleed)
        self._look(anew=True)
        held_j = self._held_j() - before_j
        self.state[cells.INNER] += held_j
        moved = (self.made[cells.CAPACITY] - before_c) * self.state[cells.CHEMICAL]
        self.energies.moved_j += float(moved.sum() + held_j.sum())

    def _held_j(self) -> Floats:
        return cells.held_j(self.state, self.made, self.now, self._lags_s, self.cell.hysteresis.turn_soc)

    def stored_j(self) -> float:
        """Chemical energy above SOC 0, and what lagging currents and hysteresis hold, from the cells' states alone."""
        chemical = self.made[cells.CAPACITY] * self.cell.ocv.integral_v(self.state[cells.SOC])
        return float(chemical.sum() + self.state[cells.INNER].sum())

    def step(self, dt_s: float) -> None:
        """Move on by `dt_s`: the converter within what the management allowed, then the cells, then the management."""
        self.elapsed_s += dt_s
        if any(fault.kind in GROWING for fault in self._faults):
            self._make()
        bms, connected = self.bms, bool(self.closed.any())
        around = Surroundings(bms.charge_limit_w, bms.discharge_limit_w, connected, self.tripped, self.ambient_degc)
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
        self._move(wanted_w, squares, dt_s)
        self.bms = advance_bms(bms, self.limits, self._see(), dt_s)
        self._obey()

    def _obey(self) -> None:
        """Do what the management asks of film, pump, chiller and balancing resistors."""
        asked, bleeding = self.bms.thermal, self.bms.bleeding
        if asked is not self._asked:
            flow = asked.pump or asked.cooling or asked.warming
            self.warmth.order = ThermalOrder(float(flow), asked.cooling, asked.film or asked.warming)
            self._asked = asked
        if bleeding is not self._bleeding:
            if not np.array_equal(bleeding, self._bleeding):
                self.balance(bleeding)
            self._bleeding = bleeding

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
        closed = self.closed
        high_a = self._unlimited if closed.all() else np.where(closed, np.inf, 0.0)
        emf_v, into_ohm, out_ohm = cells.rack_sources(
            self.sums, self.current_a, self._lags_s, self.cell.hysteresis.turn_soc, 3600.0 * self.cell.capacity_ah, dt_s
        )
        into_ohm += RACK_CABLE_OHM
        out_ohm += RACK_CABLE_OHM
        self.bus_v, total_a, squares = share_both_ways(
            emf_v, into_ohm, out_ohm, -high_a, high_a, power_w, self.current_a
        )
        return self.bus_v * total_a, squares

    def _look(self, anew: bool) -> float:
        """Voltages and sums anew; what went into the chemistry since the last time [J]."""
        self._aged = 0.0 if anew else self._aged
        return cells.look_at_cells(self.state, self.made, self.now, self.current_a, *self._tables, self.sums, anew)

    def _move(self, dc_w: float, squares: float, dt_s: float) -> None:
        """Move cells and heat on, and book the step; what the cells gave more or less than the converter took is left
        in the link."""
        if dt_s <= 0.0:
            self._look(anew=True)
            return
        for fault in self._faults:
            if fault.kind == "thermal-runaway":
                self._run_away(fault, dt_s)
        self.runaways.air(dt_s)
        joule_j, bled_j, entropic_j, held_j = cells.move_cells(
            self.state, self.made, self.now, self.current_a, self._lags_s, self.cell.hysteresis.turn_soc, dt_s,
            self._heat_w,
        )  # fmt: skip
        warmth, degc = self.warmth, self.state[cells.TEMPERATURE]
        cooled_j, film_j = warmth.step(degc, self._heat_w, self.ambient_degc, dt_s)
        # Nothing bends within a tenth of the tables' step; looking up every time would double the cost. No rack moves
        # more than the root of all their squares.
        squares_a = math.sqrt(squares)
        self._aged += squares_a * dt_s / (3600.0 * self.cell.capacity_ah) / LOOK_SOC + dt_s / LOOK_S
        stored_j = held_j + self._look(anew=self._aged >= 1.0 or bool(self._faults))
        cable_j = RACK_CABLE_OHM * squares * dt_s
        outside_j = float(self.made[cells.HEAT].sum()) * dt_s if self._faults else 0.0
        self._count(dc_w, stored_j, joule_j + cable_j, dt_s)
        book = self.energies
        book.entropic_j += entropic_j
        book.outside_heat_j += outside_j
        book.film_j += film_j
        book.auxiliary_j += warmth.draw_w * dt_s
        book.cooled_j += cooled_j + bled_j + cable_j

    def _run_away(self, fault: Fault, dt_s: float) -> None:
        rack, module, cell = place(fault)
        at = rack, module * self.battery.layout.cell + cell
        usual_w = sum(
            other.params["heat_w"]
            for other in self._faults
            if other.kind == "hot-cell" and place(other) == place(fault)
        )
        heat_w = self.runaways.heat_w(fault, float(self.state[cells.TEMPERATURE][at]), dt_s)
        self.made[cells.HEAT][at] = usual_w + heat_w

    def _count(self, dc_w: float, stored_j: float, joule_j: float, dt_s: float) -> None:
        book, ac_j = self.energies, self.pcs.power_w * dt_s
        if ac_j > 0.0:
            book.discharged_j += ac_j
        else:
            book.charged_j -= ac_j
        book.converter_loss_j += dc_w * dt_s - ac_j
        book.dc_j += dc_w * dt_s
        book.joule_j += joule_j
        book.chemical_j += stored_j
        book.link_j -= stored_j + joule_j + dc_w * dt_s

    def _see(self) -> Seen:
        """What the racks' sensors say from now on."""
        sensors, elapsed_s, closed = self.sensors, self.elapsed_s, self.closed
        self.seen = Seen(
            cell_voltage_v=sensors.cell_voltage_v(self.state[cells.VOLTAGE], self.current_a, elapsed_s),
            cell_temperature_degc=sensors.cell_temperature_degc(self.state[cells.TEMPERATURE], elapsed_s),
            current_a=sensors.current_a(self.current_a, closed, elapsed_s),
            voltage_v=self.sums[cells.V_SUM] - RACK_CABLE_OHM * self.current_a,
            insulation_ohm=sensors.insulation_ohm,
            contactor_closed=closed.astype(np.float64),
            pump_flow=0.0 if self.warmth.pump_failed else 1.0,
            charge_wanted=self.pcs.echo.run and self.pcs.echo.power_w < 0.0,
            inputs=sensors.inputs(self.runaways.gas),
        )
        return self.seen


def _made(cell: Cell, options: TwinOptions, rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Cells as they left the works, with their spread; three standard deviations are the most that passes the gate."""
    made = np.zeros((cells.MAKES, *shape))
    capacity = 1.0 + options.capacity_spread * _spread(rng, shape)
    made[cells.CAPACITY] = 3600.0 * cell.capacity_ah * capacity
    made[cells.PER_CAPACITY] = 1.0 / made[cells.CAPACITY]
    made[cells.RESISTANCE] = 1.0 + options.resistance_spread * _spread(rng, shape)
    return made


def _state(
    cell: Cell, options: TwinOptions, rng: np.random.Generator, shape: tuple[int, int], ambient_degc: float
) -> Floats:
    state = np.zeros((cells.STATES, *shape))
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
