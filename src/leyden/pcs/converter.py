"""A power converter as a device behaves: states, dead time, ramp and lag, its circle of P and Q, its watchdog."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from leyden.model.states import ConverterState
from leyden.physics import ac_power, converter_loss, dc_power, follow
from leyden.physics.follow import decay

REST_SHARE = 1e-3  # of rated power: below it a converter told zero blocks its switches and is at rest
CABINET_RISE_K = 30.0  # above the surroundings at full loss, ordinary for an air-cooled cabinet
CABINET_LAG_S = 900.0
_FULL_LOSS = converter_loss(1.0, 1.0)

WRITE_POINTS = frozenset({"setpoint_w", "setpoint_var", "run", "watchdog_s"})
"""What a converter can be told."""


@dataclass(frozen=True, slots=True)
class PcsRating:
    """What one converter is built for."""

    power_w: float
    apparent_va: float
    ramp_w_per_s: float
    dead_time_s: float = 0.0
    """From a command until anything changes."""
    lag_s: float = 0.0
    """Time constant behind the ramp."""
    start_s: float = 5.0
    """From the order to run until it can deliver."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a converter is told to do."""

    power_w: float = 0.0
    reactive_power_var: float = 0.0
    run: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a converter meets during one step."""

    charge_limit_w: float
    """DC power that its battery takes, never negative."""
    discharge_limit_w: float
    """DC power that its battery gives, never negative."""
    dc_ready: bool = True
    """Whether there is a battery behind it."""
    tripped: bool = False
    ambient_degc: float = 25.0


@dataclass(frozen=True, slots=True)
class Pcs:
    """One converter at one moment."""

    state: ConverterState = ConverterState.OFF
    power_w: float = 0.0
    """At the AC terminals, discharge positive."""
    reactive_power_var: float = 0.0
    reference_w: float = 0.0
    """Where the ramp stands; the power follows with the lag."""
    starting_s: float = 0.0
    """How long it has been starting."""
    temperature_degc: float = 25.0
    order: Order = Order()
    """What it is doing now."""
    echo: Order = Order()
    """What its registers say."""
    coming: tuple[tuple[float, Order], ...] = ()
    """(seconds until it takes effect, order) of commands within the dead time, oldest first."""
    watchdog_s: float = math.nan
    """Reversion time as armed; nan is off."""
    watchdog_left_s: float = math.nan
    """0 when it has run out: it then holds zero until it is written to again."""


def told(pcs: Pcs, rating: PcsRating, values: Mapping[str, float], ignore: bool = False) -> Pcs:
    """The converter after a write of some of WRITE_POINTS; raises ValueError for others and for what is no number.

    Any write feeds the watchdog; `watchdog_s` of 0 switches it off. A converter that ignores its set-point still says
    that it took it.
    """
    if unknown := values.keys() - WRITE_POINTS:
        raise ValueError(f"a converter has no write point {min(unknown)!r}; it has {', '.join(sorted(WRITE_POINTS))}")
    if not all(math.isfinite(value) for value in values.values()):
        raise ValueError(f"a converter can only be told numbers (got {dict(values)})")
    armed_s = values.get("watchdog_s", pcs.watchdog_s)
    armed_s = armed_s if armed_s > 0.0 else math.nan
    echo = Order(
        values.get("setpoint_w", pcs.echo.power_w),
        values.get("setpoint_var", pcs.echo.reactive_power_var),
        bool(values.get("run", pcs.echo.run)),
    )
    latest = pcs.coming[-1][1] if pcs.coming else pcs.order
    coming = pcs.coming if ignore or echo == latest else (*pcs.coming, (rating.dead_time_s, echo))
    return replace(pcs, echo=echo, coming=coming, watchdog_s=armed_s, watchdog_left_s=armed_s)


def advance(pcs: Pcs, rating: PcsRating, around: Surroundings, dt_s: float) -> Pcs:
    """The converter `dt_s` later. What its battery does not allow it never delivers, not even on the way."""
    if pcs.watchdog_left_s > 0.0:
        pcs = _watched(pcs, dt_s)
    if not pcs.coming:
        return _moved(pcs, rating, around, dt_s)
    past_s = 0.0
    for due_s, order in pcs.coming:
        if due_s > dt_s - 1e-9:
            break
        pcs = replace(_moved(pcs, rating, around, max(due_s - past_s, 0.0)), order=order, coming=pcs.coming[1:])
        past_s = max(due_s, past_s)
    pcs = _moved(pcs, rating, around, dt_s - past_s)
    return replace(pcs, coming=tuple((due_s - dt_s, order) for due_s, order in pcs.coming))


def _watched(pcs: Pcs, dt_s: float) -> Pcs:
    """Count the watchdog down; when it has run out the converter goes to zero by itself and says so."""
    left_s = pcs.watchdog_left_s - dt_s
    if left_s > 1e-9:
        return replace(pcs, watchdog_left_s=left_s)
    idle, told_idle = Order(run=pcs.order.run), Order(run=pcs.echo.run)
    return replace(pcs, watchdog_left_s=0.0, order=idle, echo=told_idle, coming=())


def _moved(pcs: Pcs, rating: PcsRating, around: Surroundings, dt_s: float) -> Pcs:
    """State and powers after `dt_s` under one order."""
    state = _next_state(pcs, rating, around)
    starting_s = pcs.starting_s + dt_s if state is ConverterState.STARTING else 0.0
    power_w, reference_w, reactive_var = 0.0, 0.0, 0.0
    if state is ConverterState.RUNNING or state is ConverterState.STOPPING:
        target = pcs.order if state is ConverterState.RUNNING else Order()
        q_left = decay(dt_s, rating.lag_s)
        reactive_var = target.reactive_power_var + (pcs.reactive_power_var - target.reactive_power_var) * q_left
        target_w = _allowed(target.power_w, reactive_var, rating, around)
        power_w, reference_w = follow(pcs.power_w, pcs.reference_w, target_w, rating.ramp_w_per_s, rating.lag_s, dt_s)
        if power_w != target_w:
            power_w = _allowed(power_w, reactive_var, rating, around)
            reference_w = _allowed(reference_w, reactive_var, rating, around)
        room_var = math.sqrt(max(rating.apparent_va**2 - power_w**2, 0.0))
        if abs(reactive_var) > room_var:
            reactive_var = math.copysign(room_var, reactive_var)
            power_w = _allowed(power_w, reactive_var, rating, around)
    return Pcs(
        state, power_w, reactive_var, reference_w, starting_s, _cabinet(pcs, rating, around, dt_s), pcs.order, pcs.echo,
        pcs.coming, pcs.watchdog_s, pcs.watchdog_left_s,
    )  # fmt: skip


def _allowed(power_w: float, reactive_var: float, rating: PcsRating, around: Surroundings) -> float:
    """AC power within the rating, and so that with its losses the battery's DC limits hold."""
    power_w = min(max(power_w, -rating.power_w), rating.power_w)
    dc_w = dc_power(power_w, reactive_var, rating.apparent_va)
    if dc_w > around.discharge_limit_w:
        return ac_power(around.discharge_limit_w, reactive_var, rating.apparent_va)
    if dc_w < -around.charge_limit_w:
        return ac_power(-around.charge_limit_w, reactive_var, rating.apparent_va)
    return power_w


def _next_state(pcs: Pcs, rating: PcsRating, around: Surroundings) -> ConverterState:
    """The state during this step."""
    if around.tripped:
        return ConverterState.FAULT
    if not around.dc_ready or pcs.state is ConverterState.FAULT:
        return ConverterState.OFF
    order, state = pcs.order, pcs.state
    if state is ConverterState.OFF:
        return ConverterState.STARTING if order.run else state
    at_rest = abs(pcs.power_w) + abs(pcs.reactive_power_var) < REST_SHARE * rating.power_w
    if not order.run:
        stopped = at_rest or state is ConverterState.STARTING or state is ConverterState.STANDBY
        return ConverterState.OFF if stopped else ConverterState.STOPPING
    if state is ConverterState.STARTING and pcs.starting_s < rating.start_s - 1e-9:
        return state
    resting = at_rest and order.power_w == 0.0 and order.reactive_power_var == 0.0
    return ConverterState.STANDBY if resting else ConverterState.RUNNING


def _cabinet(pcs: Pcs, rating: PcsRating, around: Surroundings, dt_s: float) -> float:
    """Cabinet temperature [degC]: the surroundings and a rise in proportion to the loss, slowly."""
    loss = converter_loss(math.hypot(pcs.power_w, pcs.reactive_power_var) / rating.apparent_va, 1.0)
    settled = around.ambient_degc + CABINET_RISE_K * loss / _FULL_LOSS
    return settled + (pcs.temperature_degc - settled) * decay(dt_s, CABINET_LAG_S)
