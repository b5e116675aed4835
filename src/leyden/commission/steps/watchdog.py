"""The watchdog: feed it, stop, and see the converter go to zero by itself."""

from leyden.commission.bench import BadSignError, Bench
from leyden.commission.judge.charts import watchdog_chart
from leyden.commission.judge.sign_verdicts import NoRoom
from leyden.commission.judge.trace import key_of
from leyden.commission.judge.verdict import Step
from leyden.commission.judge.watchdog import GONE_SHARE, MOST_LATE_S, NoWatchdog, Starved, judge_watchdog
from leyden.commission.pace import Pace
from leyden.commission.steps.result import Result, words_of
from leyden.devices import DeviceMap
from leyden.model.site import Battery

TAIL_S = 3.0
"""It is watched for so much longer than it may take."""


async def watchdog(
    bench: Bench, battery: Battery, pace: Pace, pulse_w: float, device_map: DeviceMap, result: Result
) -> None:
    """With a pulse under way, write nothing more."""
    role = device_map.roles["converter"]
    if role.watchdog_s is None or not role.guarded(role.write):
        result.add(Step.WATCHDOG, battery.name, NoWatchdog(battery.name, battery.converter.device))
        return
    async with bench.testing(battery):
        try:
            power_w = await pulsing(bench, battery, pace, pulse_w)
            if power_w == 0.0:
                free = bench.leeway()
                why = words_of([free.discharge_reason, free.charge_reason])
                result.add(Step.WATCHDOG, battery.name, NoRoom(battery.name, why))
                return
            armed_s = _armed(bench, battery, role.watchdog_s)
            last_s = bench.starve()
            slack_s = pace.settle_s + bench.stumble_s
            late_s = last_s + armed_s + slack_s + MOST_LATE_S
            gone_w = 0.5 * GONE_SHARE * pulse_w

            def over() -> bool:
                return bench.now_s > late_s + TAIL_S or abs(bench.power_w()) < gone_w

            await bench.watch(over, late_s + 2.0 * TAIL_S - bench.now_s, pace.look_s)
            seen_s = bench.now_s + 1.0
            await bench.watch(lambda: bench.now_s > seen_s, 2.0, pace.look_s)
            test = Starved(battery.name, power_w, last_s, armed_s, bench.now_s, slack_s)
            result.charts.append(watchdog_chart(bench.traces(), test))
            result.findings.append(judge_watchdog(bench.traces()[key_of("converter", battery.name)], test))
        except BadSignError as error:
            result.aborted(Step.WATCHDOG, battery.name, error.reason)


async def pulsing(bench: Bench, battery: Battery, pace: Pace, pulse_w: float) -> float:
    """Start, and settle at a pulse in whichever way there is room for; what was told, 0 where there is none."""
    if not await bench.ready(pace):
        return 0.0
    power_w = next((sign * pulse_w for sign in (1.0, -1.0) if bench.spare(sign * pulse_w)[0]), 0.0)
    if power_w != 0.0:
        bench.tell(power_w)
        await bench.hold(pace)
    return power_w


def _armed(bench: Bench, battery: Battery, said_s: float) -> float:
    """Its time: the longest that the device says remains, or what its map says."""
    seen = bench.traces()[key_of("watchdog", battery.name)].value
    return max(said_s, float(seen.max()) if seen.size else 0.0)
