"""A battery management system: it counts charge, limits power, protects, and joins racks to the bus."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leyden.bms.limits import BmsLimits, Curve, ProtectionTable
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
        closed = self.guard.closed
        return float(self.rack_soc.mean() if closed.all() or not closed.any() else self.rack_soc[closed].mean())

    @property
    def fault_bits(self) -> int:
        """FaultBits of all racks together."""
        return int(np.bitwise_or.reduce(self.guard.latched))


def new_bms(limits: BmsLimits, rack_soc: Floats, closed: bool) -> Bms:
    """A healthy system that believes `rack_soc` (rack,); on the bus, or with all contactors open."""
    guard = new_guard(len(limits.protections), len(rack_soc), closed)
    return Bms(guard, rack_soc.copy(), BatteryState.CONNECTED if closed else BatteryState.DISCONNECTED)


def advance(bms: Bms, limits: BmsLimits, table: ProtectionTable, seen: Seen, dt_s: float) -> Bms:
    """The system `dt_s` later, having seen its sensors."""
    guard = guarded(bms.guard, table, limits, seen, dt_s)
    guard, joining_s = _joined(guard, limits, seen, bms.joining_s, dt_s)
    charge, discharge = _allowances(bms, limits, seen, guard.closed, dt_s)
    full_w = _full_power(guard, limits, seen)
    return Bms(
        guard=guard,
        rack_soc=_counted(bms.rack_soc, limits, seen, dt_s),
        state=_state(guard),
        charge=charge,
        discharge=discharge,
        charge_limit_w=charge.share * full_w,
        discharge_limit_w=discharge.share * full_w,
        joining_s=joining_s,
    )


def _counted(rack_soc: Floats, limits: BmsLimits, seen: Seen, dt_s: float) -> Floats:
    """Charge counted by the current, pulled to an end where the cells say that the rack is there."""
    counted: Floats = rack_soc - seen.current_a * (dt_s / (3600.0 * limits.capacity_ah))
    full, empty = seen.cell_voltage_max_v >= limits.full_v, seen.cell_voltage_min_v <= limits.empty_v
    if full.any() or empty.any():
        step = ANCHOR_PER_S * dt_s
        counted = np.where(full, np.minimum(counted + step, np.maximum(counted, 1.0)), counted)
        counted = np.where(empty, np.maximum(counted - step, np.minimum(counted, 0.0)), counted)
    return np.clip(counted, 0.0, 1.0)


def _allowances(
    bms: Bms, limits: BmsLimits, seen: Seen, closed: NDArray[np.bool_], dt_s: float
) -> tuple[Allowance, Allowance]:
    """Charge and discharge, by the worst cell of the racks on the bus (of all where none is)."""
    if closed.all() or not closed.any():
        low_v, high_v = float(seen.cell_voltage_min_v.min()), float(seen.cell_voltage_max_v.max())
        cold, hot = float(seen.cell_temperature_min_degc.min()), float(seen.cell_temperature_max_degc.max())
    else:
        low_v, high_v = float(seen.cell_voltage_min_v[closed].min()), float(seen.cell_voltage_max_v[closed].max())
        cold = float(seen.cell_temperature_min_degc[closed].min())
        hot = float(seen.cell_temperature_max_degc[closed].max())
    charge = min(limits.charge_by_voltage.at(high_v), _worst(limits.charge_by_temperature, cold, hot))
    discharge = min(limits.discharge_by_voltage.at(low_v), _worst(limits.discharge_by_temperature, cold, hot))
    return bms.charge.after(charge, limits, dt_s), bms.discharge.after(discharge, limits, dt_s)


def _worst(curve: Curve, cold_degc: float, hot_degc: float) -> float:
    return min(curve.at(cold_degc), curve.at(hot_degc))


def _full_power(guard: Guard, limits: BmsLimits, seen: Seen) -> float:
    """Continuous power of the racks on the bus; 0 while one of them waits for its current to go."""
    closed = guard.closed
    if not closed.any() or bool(np.any(closed & (guard.latched != 0))):
        return 0.0
    return limits.current_max_a * float(seen.voltage_v[closed].sum())


def _joined(guard: Guard, limits: BmsLimits, seen: Seen, joining_s: float, dt_s: float) -> tuple[Guard, float]:
    """Close the next healthy rack after its pre-charge, where its voltage agrees with the bus and little flows."""
    closed = guard.closed
    if closed.all():
        return guard, 0.0
    candidates = ~closed & (guard.latched == 0)
    if closed.any():
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
    if guard.closed.any():
        return BatteryState.CONNECTED
    return BatteryState.FAULT if guard.latched.all() else BatteryState.CONNECTING
