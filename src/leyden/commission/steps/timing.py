"""Dead time, ramp and the meter's delay, from steps up and down."""

import asyncio

from leyden.commission.bench import BadSignError, Bench
from leyden.commission.judge.charts import timing_chart
from leyden.commission.judge.sign_verdicts import NoRoom
from leyden.commission.judge.timing import Edge, judge_timing, times_of
from leyden.commission.judge.timing_verdicts import DelayNotMeasured
from leyden.commission.judge.verdict import Finding, Step
from leyden.commission.pace import FAST_LOOK_S, Pace
from leyden.commission.steps.result import Result, words_of
from leyden.model.site import Battery
from leyden.model.words import Words

STEPS = 6
"""Up and down again so many times: twice as many edges."""
LARGEST_SHARE, SHARE_OF_ROOM = 0.3, 0.7
"""A step is large enough for a ramp to be seen, and stays well within what may be told."""
ARRIVED = 0.05
"""Share of a step within which its end is reached."""
LONGEST_RAMP = 8.0
"""So many holds a converter that ramps slowly is waited for."""


async def timing(bench: Bench, battery: Battery, pace: Pace, pulse_w: float, result: Result) -> None:
    """Step one battery up and down, and measure."""
    edges: list[Edge] = []
    async with bench.testing(battery):
        try:
            if not await bench.ready(pace):
                why = Words("变流器未启动", "its converter did not start")
                result.add(Step.TIMING, battery.name, NoRoom(battery.name, why))
                return
            step_w = largest_step(bench, battery, pulse_w)
            if step_w == 0.0:
                why = words_of([bench.leeway().discharge_reason, bench.leeway().charge_reason])
                result.add(Step.TIMING, battery.name, NoRoom(battery.name, why))
                return
            await bench.hold(pace)
            for _ in range(STEPS):
                edges.append(await _edge(bench, pace, 0.0, step_w))
                edges.append(await _edge(bench, pace, step_w, 0.0))
        except BadSignError as error:
            result.aborted(Step.TIMING, battery.name, error.reason)
    if edges:
        await asyncio.to_thread(_judge, bench, battery, edges, result)


def _judge(bench: Bench, battery: Battery, edges: list[Edge], result: Result) -> None:
    """Takes a second or two, when everything has been handed back."""
    traces = bench.traces()
    result.charts.append(timing_chart(traces, battery.name, edges))
    times = times_of(traces, battery.name, edges)
    found, lines = judge_timing(bench.site, battery.name, times, bench.gate_proven)
    result.findings.extend(found)
    result.lines.extend(lines)
    if not bench.gate_proven:
        device = bench.site.grid.device
        result.findings.append(Finding(Step.TIMING, device, DelayNotMeasured(device)))


def largest_step(bench: Bench, battery: Battery, pulse_w: float) -> float:
    """A step with its sign: the larger way; 0 where there is no room for a pulse."""
    free = bench.leeway()
    room_w, sign = max((free.discharge_w, 1.0), (free.charge_w, -1.0))
    wanted_w = max(pulse_w, LARGEST_SHARE * battery.converter.power_w)
    step_w = min(wanted_w, SHARE_OF_ROOM * room_w)
    return sign * step_w if step_w >= pulse_w else 0.0


async def _edge(bench: Bench, pace: Pace, from_w: float, to_w: float) -> Edge:
    """Tell, and look as fast as it goes until it has arrived and the gate has seen it."""
    size_w = abs(to_w - from_w)
    told_s = bench.tell(to_w)

    def arrived() -> bool:
        return bench.now_s >= told_s + pace.hold_s and abs(bench.power_w() - to_w) <= ARRIVED * size_w

    await bench.watch(arrived, LONGEST_RAMP * pace.hold_s, FAST_LOOK_S)
    return Edge(told_s, from_w, to_w, bench.now_s)
