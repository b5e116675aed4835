"""Dead time, ramp and the meter's delay, from steps up and down: each edge is a measurement, many give the spread.

Dead time and ramp are fitted to the converter's own power, with the lag behind them. The gate meter's
delay is the shift at which the converter's power explains the gate's best, with an even drift of the load allowed for:
what the load does besides is noise, which many edges average out. All in site time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from leyden.commission.judge.lines import ConfigLine, converter_line, meter_delay_line
from leyden.commission.judge.step_fit import StepFit, fit_step
from leyden.commission.judge.timing_verdicts import (
    DeadTime,
    DelayUndecided,
    MeterDelay,
    Ramp,
    RampAtLeast,
    TimesUndecided,
)
from leyden.commission.judge.trace import GATE, Series, Traces, key_of
from leyden.commission.judge.verdict import Finding, Step, Verdict
from leyden.model.readings import Floats
from leyden.model.site import Site
from leyden.model.words import printed_value

LEAST_EDGES = 3
GROUPS = 4
"""Edges are fitted in so many groups, whose spread is what is told."""
"""Fewer tell no spread."""
LONGEST_DELAY_S, EARLIEST_S = 8.0, -2.0
"""Between which the gate's delay behind the converter is looked for; it may be ahead of a converter that averages."""
SHIFT_STEP_S = 0.02
EXPLAINED = 0.5
"""Share of the gate's moves that the converter must explain at its best shift, or nothing is said."""
RESOLVED = 0.4
"""A ramp is known if the shortest that fits is at least this share of the longest."""
TAIL_LOOKS = 12
"""So much of the end is looked at too: it tells a lag from a ramp."""
STUMBLE = 4.0
"""An edge with a gap of so many times the usual one is left out."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One step: when it was told, from where to where, and until when it was left so."""

    told_s: float
    from_w: float
    to_w: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with its spread: half of the middle two thirds, which a normal error calls its standard deviation."""

    median: float = math.nan
    spread: float = math.nan
    count: int = 0


def spread_of(values: Sequence[float]) -> Spread:
    """Of those that are numbers."""
    found = np.array([value for value in values if math.isfinite(value)])
    if found.size == 0:
        return Spread()
    low, middle, high = np.percentile(found, (16.0, 50.0, 84.0))
    return Spread(float(middle), float(high - low) / 2.0, int(found.size))


@dataclass(frozen=True, slots=True)
class Times:
    """What the edges of one battery say."""

    steps: int = 0
    """Edges that arrived, and that no stumble of the computer spoilt."""
    dead_s: Spread = Spread()
    ramp_w_per_s: Spread = Spread()
    at_least_w_per_s: float = math.nan
    """Where the ramp was too fast to be seen: no slower than this."""
    delay_s: Spread = Spread()
    look_s: float = math.nan
    """Pause between two looks: nothing is known better than half of it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rise:
    """One edge of the converter's power, as a share of its step over the time since it was told."""

    t_s: Floats
    share: Floats
    size_w: float
    look_s: float
    """Pause between two looks."""
    gap_s: float
    """The widest on the way up."""


def times_of(traces: Traces, battery: str, edges: Sequence[Edge]) -> Times:
    """Everything that the edges tell."""
    power = traces[key_of("converter", battery)]
    found = [rise for edge in edges if (rise := _rise(power, edge)) is not None]
    look_s = spread_of([rise.look_s for rise in found]).median
    usual_s = spread_of([rise.gap_s for rise in found]).median
    rises = [rise for rise in found if rise.gap_s <= STUMBLE * usual_s]
    # Looks fall on other moments of each edge, so that a few edges together are seen more finely than each alone.
    groups = [rises[i::GROUPS] for i in range(min(GROUPS, len(rises)))]
    fits = [(fit_step(*_together(group), look_s), _mean([rise.size_w for rise in group])) for group in groups]
    known = [(fit, w) for fit, w in fits if fit.shortest_ramp_s >= RESOLVED * fit.longest_ramp_s]
    ramp = spread_of([w / fit.ramp_s for fit, w in known])
    doubt = spread_of([_doubt(fit, w, look_s) for fit, w in known]).median
    return Times(
        steps=len(rises),
        dead_s=spread_of([fit.dead_s for fit, _ in fits]),
        ramp_w_per_s=replace(ramp, spread=max(ramp.spread, doubt)) if known else ramp,
        at_least_w_per_s=spread_of([w / fit.longest_ramp_s for fit, w in fits]).median,
        delay_s=spread_of([gate_delay(traces[GATE], power, edge) for edge in edges]),
        look_s=look_s,
    )


def _doubt(fit: StepFit, size_w: float, look_s: float) -> float:
    """By how much a ramp may be off: what fits nearly as well, and a quarter of a look at its ends."""
    close = 0.5 * size_w * (1.0 / fit.shortest_ramp_s - 1.0 / fit.longest_ramp_s)
    return max(close, size_w / fit.ramp_s * (0.25 * look_s / fit.ramp_s))


def _rise(power: Series, edge: Edge) -> _Rise | None:
    """One edge; None where it did not arrive."""
    part = power.between(edge.told_s - 0.5 * (edge.end_s - edge.told_s), edge.end_s)
    before = part.between(-math.inf, edge.told_s).value
    after = part.between(edge.told_s, math.inf)
    if before.size == 0 or len(after) < 4:
        return None
    start_w = float(before[-1])
    end_w = float(np.median(after.value[-max(2, len(after) // 4) :]))
    if abs(end_w - start_w) < 0.5 * abs(edge.to_w - edge.from_w):
        return None
    t_s = after.t_s - edge.told_s
    share = (after.value - start_w) / (end_w - start_w)
    arrived = np.flatnonzero(share >= 0.9)
    if arrived.size == 0:
        return None
    look_s = float(np.median(np.diff(t_s)))
    seen = t_s <= t_s[arrived[0]] + TAIL_LOOKS * look_s
    gap_s = float(np.diff(np.concatenate(([0.0], t_s[: arrived[0] + 1]))).max())
    return _Rise(t_s[seen], share[seen], abs(end_w - start_w), look_s, gap_s)


def _together(rises: Sequence[_Rise]) -> tuple[Floats, Floats]:
    t_s = np.concatenate([rise.t_s for rise in rises])
    share = np.concatenate([rise.share for rise in rises])
    order = np.argsort(t_s)
    return t_s[order], share[order]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def gate_delay(gate: Series, power: Series, edge: Edge) -> float:
    """By how much the gate's meter lags behind the converter's at one edge; nan where the load hides it."""
    room_s = 0.6 * (edge.end_s - edge.told_s)
    seen = gate.between(edge.told_s - room_s, edge.end_s)
    if len(seen) < 8 or len(power) < 8:
        return math.nan
    t_s = seen.t_s - edge.told_s
    basis, _ = np.linalg.qr(np.column_stack((np.ones_like(t_s), t_s)))
    rest = seen.value - basis @ (basis.T @ seen.value)
    moves = float(rest @ rest)
    if moves == 0.0:
        return math.nan
    latest_s = min(LONGEST_DELAY_S, 0.7 * (edge.end_s - edge.told_s))
    shifts_s = np.arange(EARLIEST_S, latest_s, SHIFT_STEP_S)
    shifted = power.at(seen.t_s[None, :] - shifts_s[:, None])
    shifted -= (shifted @ basis) @ basis.T
    sizes = (shifted * shifted).sum(axis=1)
    left = moves - (shifted @ rest) ** 2 / np.maximum(sizes, 1e-12 * moves)
    best = float(left.min())
    if not best <= (1.0 - EXPLAINED) * moves:
        return math.nan
    # A step is as well explained by every shift between two looks: the middle of them is meant.
    return float(shifts_s[left <= best + 1e-6 * moves].mean())


def judge_timing(site: Site, battery: str, times: Times, gate_trusted: bool) -> tuple[list[Finding], list[ConfigLine]]:
    """Verdicts, and the lines of site.toml that follow."""
    lines: list[ConfigLine] = []
    found: list[tuple[str, Verdict]] = []
    dead, ramp, look_s = times.dead_s, times.ramp_w_per_s, times.look_s
    if times.steps < LEAST_EDGES:
        found.append((battery, TimesUndecided(battery, times.steps)))
    else:
        dead_spread_s = max(dead.spread, look_s / 4.0)
        found.append((battery, DeadTime(battery, dead.median, dead_spread_s, times.steps)))
        said = f"dead time {_s(dead.median)} ± {_s(dead_spread_s)}"
        measured: float | None = None
        if ramp.count > GROUPS // 2:
            measured = ramp.median
            texts = _per_s(ramp.median), _per_s(ramp.spread)
            found.append((battery, Ramp(battery, *texts, times.steps)))
            said += f", ramp {texts[0]} ± {texts[1]}"
        else:
            least = _per_s(times.at_least_w_per_s)
            found.append((battery, RampAtLeast(battery, least, look_s)))
            said += f", ramp at least {least}"
            if times.at_least_w_per_s > site.battery(battery).converter.ramp_w_per_s:
                measured = times.at_least_w_per_s
        lines.append(converter_line(site, battery, dead.median, measured, f"measured: {said}; {times.steps} steps"))
    if gate_trusted:
        found.extend(_of_gate(site, times, lines))
    return [Finding(Step.TIMING, target, verdict) for target, verdict in found], lines


def _of_gate(site: Site, times: Times, lines: list[ConfigLine]) -> list[tuple[str, Verdict]]:
    device, delay = site.grid.device, times.delay_s
    spread_s = max(delay.spread, times.look_s / 4.0) if delay.count else math.nan
    if delay.count < LEAST_EDGES or not spread_s < 2.0:
        return [(device, DelayUndecided(device, delay.count))]
    because = f"measured: {_s(max(delay.median, 0.0))} ± {_s(spread_s)}; {delay.count} steps"
    lines.append(meter_delay_line(site, delay.median, because))
    return [(device, MeterDelay(device, max(delay.median, 0.0), spread_s, delay.count))]


def _s(seconds: float) -> str:
    return f"{seconds:.2f} s"


def _per_s(ramp_w_per_s: float) -> str:
    """A ramp in three figures."""
    return f"{printed_value('power_w', ramp_w_per_s)}/s"
