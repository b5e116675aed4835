"""Limits: ours by asking our own protective controllers, the device's by telling it more than its rating."""

from collections.abc import Sequence

from leyden.commission.bench import BadSignError, Bench
from leyden.commission.judge.charts import limit_chart
from leyden.commission.judge.guard import DeviceSays, RunsAway
from leyden.commission.judge.limits import (
    TOLERANCE,
    AskedTooMuch,
    DeviceExceeds,
    DeviceRefuses,
    DeviceUnproven,
    OursFails,
    OursHolds,
    judge_device_limit,
)
from leyden.commission.judge.trace import key_of
from leyden.commission.judge.verdict import Step, Verdict
from leyden.commission.pace import FAST_LOOK_S, Pace
from leyden.commission.steps.result import Result, words_of
from leyden.control import Memory, Observed, arbitrate, consult, observe
from leyden.control.arbitrate import Voice
from leyden.control.catalogue import chain
from leyden.model.decision import Step as DecisionStep
from leyden.model.proposal import Want
from leyden.model.reason import Reason
from leyden.model.site import Battery
from leyden.model.snapshot import Context
from leyden.model.words import Words

ASKED_OF_US, ASKED_OF_IT = 1.5, 1.1
"""Shares of the rating."""


async def limits(bench: Bench, battery: Battery, pace: Pace, full_power: bool, result: Result) -> None:
    """First in our own head, then at the device, if there is room for its full power and the gate is to be trusted."""
    async with bench.testing(battery):
        try:
            if not await bench.ready(pace):
                why = Words("变流器未启动", "its converter did not start")
                result.add(Step.LIMITS, battery.name, DeviceUnproven(battery.name, why))
                return
            await bench.hold(pace)
            for sign in (1.0, -1.0):
                result.add(Step.LIMITS, battery.name, ours(bench, battery, sign))
            result.add(Step.LIMITS, battery.name, await _device(bench, battery, pace, full_power, result))
        except BadSignError as error:
            result.aborted(Step.LIMITS, battery.name, error.reason)


def ours(bench: Bench, battery: Battery, sign: float) -> Verdict:
    """What would become of a request far beyond the rating, by the same code that runs the site."""
    asked_w = sign * ASKED_OF_US * battery.converter.power_w
    context = Context(time=bench.now(), elapsed_s=bench.now_s)
    snapshot, _ = observe(bench.site, bench.readings, context, Observed())
    voices, _ = consult(chain(bench.site, ()), snapshot, Memory(), protective_only=True)
    person = Voice(
        "commission", Words("调试", "commissioning"), (Want(battery.name, AskedTooMuch(), request_w=asked_w),)
    )
    soc = {b.name: snapshot.soc(b.name) for b in bench.site.batteries}
    setpoints, steps, _ = arbitrate(bench.site, [*voices, person], soc)
    given_w = setpoints[battery.name].power_w
    if not abs(given_w) <= battery.converter.power_w or given_w * sign < 0.0:
        return OursFails(battery.name, asked_w, given_w)
    return OursHolds(battery.name, asked_w, given_w, words_of([_binding(steps, given_w, sign)]))


def _binding(steps: Sequence[DecisionStep], given_w: float, sign: float) -> Reason | None:
    """What set the edge at which it ended; the latest, as it is the narrowest."""
    for step in reversed(steps):
        edge_w = step.allowed_w.high if sign > 0.0 else step.allowed_w.low
        if step.narrowed and abs(edge_w - given_w) <= 1.0:
            return step.want.reason
    return None


async def _device(bench: Bench, battery: Battery, pace: Pace, full_power: bool, result: Result) -> Verdict:
    """Tell it a tenth more than its rating for as long as it needs to get there, and not a moment longer."""
    rated_w = battery.converter.power_w
    if not full_power or not bench.gate_proven:
        why = Words("关口表与变流器须先通过脉冲试验", "gate meter and converter must pass the pulses first")
        return DeviceUnproven(battery.name, why)
    free = bench.leeway()
    room_w, sign = max((free.discharge_w, 1.0), (free.charge_w, -1.0))
    if room_w < rated_w:
        return DeviceUnproven(battery.name, words_of([free.way(sign)[1]]))
    asked_w, told_s = sign * ASKED_OF_IT * rated_w, bench.tell(sign * ASKED_OF_IT * rated_w)
    ramp_s = rated_w / battery.converter.ramp_w_per_s + pace.settle_s
    try:
        await bench.watch(lambda: bench.now_s > told_s + ramp_s or _beyond(bench, rated_w), ramp_s + 1.0, FAST_LOOK_S)
    except BadSignError as error:
        if isinstance(error.reason, RunsAway):
            return DeviceExceeds(battery.name, asked_w, error.reason.seen_w, rated_w)
        # A device that cuts the number off in its register looks as if another master had written it.
        if not isinstance(error.reason, DeviceSays):
            raise
    finally:
        bench.tell(0.0)
        result.charts.append(limit_chart(bench.traces(), battery.name, rated_w, told_s))
    power = bench.traces()[key_of("converter", battery.name)]
    refused = bench.links()[battery.converter.device].error
    if refused is not None and not _beyond(bench, rated_w):
        return DeviceRefuses(battery.name, asked_w, refused)
    return judge_device_limit(power, battery.name, asked_w, rated_w, told_s, bench.now_s)


def _beyond(bench: Bench, rated_w: float) -> bool:
    return abs(bench.power_w()) > (1.0 + TOLERANCE) * rated_w
