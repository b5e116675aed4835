"""The stop proven: told not to run it goes to zero, and stays there although its set-point stands."""

from leyden.commission.bench import BadSignError, Bench
from leyden.commission.judge.charts import stop_chart
from leyden.commission.judge.sign_verdicts import NoRoom
from leyden.commission.judge.stop import NoStop, Stopping, judge_stop
from leyden.commission.judge.trace import key_of
from leyden.commission.judge.verdict import Step
from leyden.commission.pace import Pace
from leyden.commission.steps.result import Result, words_of
from leyden.commission.steps.watchdog import pulsing
from leyden.devices import DeviceMap
from leyden.model.site import Battery


async def stop(
    bench: Bench, battery: Battery, pace: Pace, pulse_w: float, device_map: DeviceMap, result: Result
) -> None:
    """With a pulse under way, order it to stop, and leave its set-point where it is."""
    stops = "run" in device_map.roles["converter"].write
    if not stops:
        result.add(Step.STOP, battery.name, NoStop(battery.name, battery.converter.device))
    async with bench.testing(battery):
        try:
            power_w = await pulsing(bench, battery, pace, pulse_w)
            if power_w == 0.0:
                free = bench.leeway()
                why = words_of([free.discharge_reason, free.charge_reason])
                result.add(Step.STOP, battery.name, NoRoom(battery.name, why))
                return
            stop_s = bench.tell(power_w, run=False) if stops else bench.tell(0.0)
            zero_by_s = pace.settle_s + bench.stumble_s
            end_s = stop_s + zero_by_s + pace.stay_s
            await bench.watch(lambda: bench.now_s >= end_s, 2.0 * (end_s - stop_s), pace.look_s)
            result.charts.append(stop_chart(bench.traces(), battery.name, stop_s))
            power = bench.traces()[key_of("converter", battery.name)]
            test = Stopping(battery.name, power_w, stop_s, bench.now_s, zero_by_s, ordered=stops)
            result.findings.append(judge_stop(power, test))
        except BadSignError as error:
            result.aborted(Step.STOP, battery.name, error.reason)
