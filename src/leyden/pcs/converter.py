"""A power converter as a device behaves: states, dead time, ramp and lag, its circle of P and Q, its watchdog."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from leyden.model.states import ConverterState
from leyden.physics import converter_loss, follow
from leyden.physics.follow import decay

REST_W_SHARE = 1e-3  # of rated power: below it a converter told zero blocks its switches and is at rest
CABINET_RISE_K = 30.0  # above the surroundings at full loss, ordinary for an air-cooled cabinet
CABINET_LAG_S = 900.0


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

    low_w: float
    """AC power that its battery allows; low_w <= 0 <= high_w."""
    high_w: float
    dc_ready: bool
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
    state_s: float = 0.0
    """How long it has been starting."""
    temperature_degc: float = 25.0


def told(pcs: Pcs, rating: PcsRating, values: Mapping[str, float], ignore: bool = False) -> Pcs:
    """The converter after a write of `setpoint_w`, `setpoint_var`, `run` and `watchdog_s`, each of which may be absent.

    Any write feeds the watchdog; `watchdog_s` of 0 switches it off. A converter that ignores its set-point still says
    that it took it. Raises ValueError for an unknown point or a value that is not a number.
    """
    if unknown := values.keys() - {"setpoint_w", "setpoint_var", "run", "watchdog_s"}:
        raise ValueError(f"a converter has no write point {min(unknown)!r}")
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
    """The converter `dt_s` later. What its battery cannot give or take it never delivers, not even on the way."""
    pcs = _watched(pcs, dt_s)
    past_s = 0.0
    coming = pcs.coming
    while coming and coming[0][0] <= dt_s - 1e-9:
        due_s = max(coming[0][0], past_s)
        pcs = _moved(pcs, rating, around, due_s - past_s)
        pcs = replace(pcs, order=coming[0][1])
        past_s, coming = due_s, coming[1:]
    pcs = _moved(pcs, rating, around, dt_s - past_s)
    return replace(pcs, coming=tuple((due_s - dt_s, order) for due_s, order in coming)) if pcs.coming else pcs


def _watched(pcs: Pcs, dt_s: float) -> Pcs:
    """Count the watchdog down; when it has run out the converter goes to zero by itself and says so."""
    if not pcs.watchdog_left_s > 0.0:
        return pcs
    left_s = max(pcs.watchdog_left_s - dt_s, 0.0)
    if left_s > 0.0:
        return replace(pcs, watchdog_left_s=left_s)
    return replace(
        pcs, watchdog_left_s=0.0, order=Order(run=pcs.order.run), echo=Order(run=pcs.echo.run), coming=()
    )  # fmt: skip


def _moved(pcs: Pcs, rating: PcsRating, around: Surroundings, dt_s: float) -> Pcs:
    """State and powers after `dt_s` under one order."""
    state, state_s = _next_state(pcs, rating, around, dt_s)
    temperature_degc = _cabinet(pcs, rating, around, dt_s)
    if state not in (ConverterState.RUNNING, ConverterState.STOPPING):
        return replace(
            pcs, state=state, state_s=state_s, power_w=0.0, reactive_power_var=0.0, reference_w=0.0,
            temperature_degc=temperature_degc,
        )  # fmt: skip
    stopping = state is ConverterState.STOPPING
    low_w, high_w = max(around.low_w, -rating.power_w), min(around.high_w, rating.power_w)
    target_w = 0.0 if stopping else min(max(pcs.order.power_w, low_w), high_w)
    power_w, reference_w = follow(pcs.power_w, pcs.reference_w, target_w, rating.ramp_w_per_s, rating.lag_s, dt_s)
    power_w, reference_w = min(max(power_w, low_w), high_w), min(max(reference_w, low_w), high_w)
    room_var = math.sqrt(max(rating.apparent_va**2 - power_w**2, 0.0))
    target_var = 0.0 if stopping else pcs.order.reactive_power_var
    reactive_var = target_var + (pcs.reactive_power_var - target_var) * decay(dt_s, rating.lag_s)
    return replace(
        pcs, state=state, state_s=state_s, power_w=power_w, reference_w=reference_w,
        reactive_power_var=min(max(reactive_var, -room_var), room_var), temperature_degc=temperature_degc,
    )  # fmt: skip


def _next_state(pcs: Pcs, rating: PcsRating, around: Surroundings, dt_s: float) -> tuple[ConverterState, float]:
    """The state during this step, and how long it has been starting by its end."""
    if around.tripped:
        return ConverterState.FAULT, 0.0
    if not around.dc_ready or pcs.state is ConverterState.FAULT:
        return ConverterState.OFF, 0.0
    order, state = pcs.order, pcs.state
    if state is ConverterState.OFF:
        return (ConverterState.STARTING, dt_s) if order.run else (state, 0.0)
    at_rest = abs(pcs.power_w) + abs(pcs.reactive_power_var) < REST_W_SHARE * rating.power_w
    if not order.run:
        stopped = at_rest or state in (ConverterState.STARTING, ConverterState.STANDBY)
        return (ConverterState.OFF if stopped else ConverterState.STOPPING), 0.0
    if state is ConverterState.STARTING and pcs.state_s < rating.start_s - 1e-9:
        return state, pcs.state_s + dt_s
    resting = at_rest and order.power_w == 0.0 and order.reactive_power_var == 0.0
    return (ConverterState.STANDBY if resting else ConverterState.RUNNING), 0.0


def _cabinet(pcs: Pcs, rating: PcsRating, around: Surroundings, dt_s: float) -> float:
    """Cabinet temperature [degC]: the surroundings and a rise in proportion to the loss, slowly."""
    loss_w = converter_loss(math.hypot(pcs.power_w, pcs.reactive_power_var), rating.apparent_va)
    rise_k = CABINET_RISE_K * loss_w / converter_loss(rating.apparent_va, rating.apparent_va)
    settled = around.ambient_degc + rise_k
    return settled + (pcs.temperature_degc - settled) * decay(dt_s, CABINET_LAG_S)
