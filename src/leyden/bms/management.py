"""A battery management system: it counts charge, limits power, protects, and joins racks to the bus."""

from dataclasses import dataclass, replace

import numba
import numpy as np
from numpy.typing import NDArray

from leyden.bms.limits import BmsLimits, ProtectionTable
from leyden.bms.protect import Guard, Seen, guarded, new_guard
from leyden.model.readings import Floats
from leyden.model.states import BatteryState

ANCHOR_PER_S = 0.01  # how fast a wrong count gives way where a rack is certainly full or empty


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit as a share of the full current: it falls at once and rises slowly."""

    share: float = 1.0
    hold_s: float = 0.0
    """Time left before it may rise."""

    def after(self, allowed: float, limits: BmsLimits, dt_s: float) -> "Allowance":
        """The limit `dt_s` later, where the curves now allow `allowed`."""
        if not allowed > self.share:
            return Allowance(allowed if allowed == allowed else 0.0, limits.hold_s if allowed < 1.0 else 0.0)
        if self.hold_s > 0.0:
            return Allowance(self.share, self.hold_s - dt_s)
        return Allowance(min(allowed, self.share + limits.rise_per_s * dt_s))


@dataclass(frozen=True, slots=True, eq=False)
class Bms:
    """One battery's management at one moment."""

    guard: Guard
    rack_soc: Floats
    """As counted, (rack,)."""
    state: BatteryState
    charge: Allowance = Allowance()
    discharge: Allowance = Allowance()
    charge_limit_w: float = 0.0
    """DC power allowed in, never negative."""
    discharge_limit_w: float = 0.0
    """DC power allowed out, never negative."""
    joining_s: float = 0.0
    """How long the next rack has been in pre-charge."""

    @property
    def closed(self) -> NDArray[np.bool_]:
        """Contactors, (rack,)."""
        return self.guard.closed

    @property
    def soc(self) -> float:
        """Of the racks on the bus; of all where none is."""
        guard = self.guard
        counted = self.rack_soc if guard.all_closed or not guard.any_closed else self.rack_soc[guard.closed]
        return float(counted.mean())

    @property
    def fault_bits(self) -> int:
        """FaultBits of all racks together."""
        return self.guard.bits


def new_bms(limits: BmsLimits, rack_soc: Floats, closed: bool) -> Bms:
    """A healthy system that believes `rack_soc` (rack,); on the bus, or with all contactors open."""
    guard = new_guard(len(limits.protections), len(rack_soc), closed)
    return Bms(guard, rack_soc.copy(), BatteryState.CONNECTED if closed else BatteryState.DISCONNECTED)


def advance(bms: Bms, limits: BmsLimits, table: ProtectionTable, seen: Seen, dt_s: float) -> Bms:
    """The system `dt_s` later, having seen its sensors."""
    guard = guarded(bms.guard, table, limits, seen, dt_s)
    guard, joining_s = (guard, 0.0) if guard.all_closed else _joined(guard, limits, seen, bms.joining_s, dt_s)
    low_v, high_v, cold_degc, hot_degc, sum_v = worst(
        seen.cell_voltage_min_v, seen.cell_voltage_max_v, seen.cell_temperature_min_degc,
        seen.cell_temperature_max_degc, seen.voltage_v, guard.closed, not guard.any_closed,
    )  # fmt: skip
    by_charge, by_discharge = limits.charge_by_temperature, limits.discharge_by_temperature
    charge = min(limits.charge_by_voltage.at(high_v), by_charge.at(cold_degc), by_charge.at(hot_degc))
    discharge = min(limits.discharge_by_voltage.at(low_v), by_discharge.at(cold_degc), by_discharge.at(hot_degc))
    charging, discharging = bms.charge.after(charge, limits, dt_s), bms.discharge.after(discharge, limits, dt_s)
    full_w = limits.current_max_a * sum_v if guard.any_closed and not guard.opening else 0.0
    counted = count(
        bms.rack_soc, seen.current_a, seen.cell_voltage_min_v, seen.cell_voltage_max_v, limits.empty_v, limits.full_v,
        dt_s / (3600.0 * limits.capacity_ah), ANCHOR_PER_S * dt_s,
    )  # fmt: skip
    return Bms(
        guard=guard,
        rack_soc=counted,
        state=_state(guard),
        charge=charging,
        discharge=discharging,
        charge_limit_w=charging.share * full_w,
        discharge_limit_w=discharging.share * full_w,
        joining_s=joining_s,
    )


@numba.njit(cache=True)
def count(
    rack_soc: Floats, current_a: Floats, low_v: Floats, high_v: Floats, empty_v: float, full_v: float,
    per_a: float, anchor: float,
) -> Floats:  # fmt: skip
    """Charge counted by the current, all (rack,), `per_a` of it per ampere; it gives way by up to `anchor` where the
    cells say that a rack is full or empty. A current that is nan counts nothing."""
    counted = np.empty_like(rack_soc)
    for r in range(len(rack_soc)):
        soc = rack_soc[r]
        if current_a[r] == current_a[r]:
            soc -= current_a[r] * per_a
        if high_v[r] >= full_v:
            soc = min(soc + anchor, max(soc, 1.0))
        if low_v[r] <= empty_v:
            soc = max(soc - anchor, min(soc, 0.0))
        counted[r] = min(max(soc, 0.0), 1.0)
    return counted


@numba.njit(cache=True)
def worst(
    low_v: Floats, high_v: Floats, cold_degc: Floats, hot_degc: Floats, voltage_v: Floats,
    closed: NDArray[np.bool_], everywhere: bool,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """Over the racks on the bus, or `everywhere`: lowest and highest cell voltage and temperature, and the sum of rack
    voltages. nan wins over every number."""
    low, high, cold, hot, total_v = np.inf, -np.inf, np.inf, -np.inf, 0.0
    for r in range(len(low_v)):
        if closed[r] or everywhere:
            low = low_v[r] if not low_v[r] >= low and low == low else low
            high = high_v[r] if not high_v[r] <= high and high == high else high
            cold = cold_degc[r] if not cold_degc[r] >= cold and cold == cold else cold
            hot = hot_degc[r] if not hot_degc[r] <= hot and hot == hot else hot
            total_v += voltage_v[r]
    return low, high, cold, hot, total_v


def _joined(guard: Guard, limits: BmsLimits, seen: Seen, joining_s: float, dt_s: float) -> tuple[Guard, float]:
    """Close the next healthy rack after its pre-charge, where its voltage agrees with the bus and little flows."""
    closed = guard.closed
    candidates = ~closed & (guard.latched == 0)
    if guard.any_closed:
        apart_v = np.abs(seen.voltage_v - seen.voltage_v[closed].mean())
        calm = float(np.abs(seen.current_a[closed]).mean()) <= limits.join_share * limits.current_max_a
        candidates &= (apart_v <= limits.join_v) & calm
    if not candidates.any():
        return guard, 0.0
    if joining_s + dt_s < limits.close_s - 1e-9:
        return guard, joining_s + dt_s
    joined = closed.copy()
    joined[int(np.argmax(candidates))] = True
    return replace(guard, closed=joined), 0.0


def _state(guard: Guard) -> BatteryState:
    if guard.any_closed:
        return BatteryState.CONNECTED
    return BatteryState.FAULT if guard.latched.all() else BatteryState.CONNECTING
