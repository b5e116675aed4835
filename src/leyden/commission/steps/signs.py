"""Signs, scale and place by pulses: first the load is watched, then there are as many pulses as its noise asks for."""

from collections.abc import Iterator
from itertools import cycle

from leyden.commission.bench import BadSignError, Bench
from leyden.commission.judge.charts import signs_chart
from leyden.commission.judge.contrast import (
    LEAST_PULSES,
    MOST_PULSES,
    NO_NOISE,
    Noise,
    Plateau,
    contrasts,
    noise,
    pulses_needed,
    response,
)
from leyden.commission.judge.gate_verdicts import GateAgrees, GateBlind, GateRatio
from leyden.commission.judge.sign_verdicts import MetersDisagree, NoRoom, OneWay, PulsesSpoilt
from leyden.commission.judge.signs import Seen, judge_signs
from leyden.commission.judge.trace import GATE, key_of
from leyden.commission.judge.verdict import Finding, Mark, Step
from leyden.commission.pace import Pace
from leyden.commission.steps.result import Result, words_of
from leyden.model.site import Battery
from leyden.model.words import Words

SPOILT = 3
"""So many times the pulses that are needed are tried on a computer that stumbles."""
RUNAWAY = 3.0
"""Beyond so many times what was told one pulse is enough to know."""
_WAYS = {1.0: Words("放电", "discharge"), -1.0: Words("充电", "charge")}


async def signs(bench: Bench, battery: Battery, pace: Pace, pulse_w: float, result: Result) -> None:
    """Pulse one battery and say what its meters are; a meter that looks blind is given a second, slower chance."""
    async with bench.testing(battery):
        await _pulsed(bench, battery, pace, pulse_w, result)


async def _pulsed(bench: Bench, battery: Battery, pace: Pace, pulse_w: float, result: Result) -> None:
    test = _Test(bench, battery, pace, pulse_w)
    try:
        if not await bench.ready(pace):
            result.add(
                Step.SIGNS, battery.name, NoRoom(battery.name, Words("变流器未启动", "its converter did not start"))
            )
            return
        room = {sign: bench.spare(sign * pulse_w) for sign in (1.0, -1.0)}
        ways = [sign for sign, (free, _) in room.items() if free]
        if not ways:
            result.add(Step.SIGNS, battery.name, NoRoom(battery.name, words_of([why for _, why in room.values()])))
            return
        if len(ways) == 1:
            why = words_of([room[-ways[0]][1]])
            result.add(Step.SIGNS, battery.name, OneWay(battery.name, _WAYS[ways[0]], why))
        found = await test.run(ways)
        if any(isinstance(one.verdict, GateBlind | GateRatio) for one in found):
            test = _Test(bench, battery, pace.slower, pulse_w)
            found = await test.run(ways)
        result.findings.extend(found)
    except BadSignError as error:
        result.findings.extend(one for one in test.judged() if one.mark is Mark.FAILED)
        result.aborted(Step.SIGNS, battery.name, error.reason)
    finally:
        result.charts.append(signs_chart(bench.traces(), battery.name))
        bench.gate_proven = bench.gate_proven or any(isinstance(one.verdict, GateAgrees) for one in result.findings)


def _order(ways: list[float]) -> Iterator[float]:
    """Out, in, in, out: what drifts evenly falls on both alike."""
    return cycle(ways if len(ways) == 1 else (ways[0], ways[1], ways[1], ways[0]))


def _decided(found: list[Finding]) -> bool:
    """Whether more pulses could tell no more."""
    return not any(one.mark is Mark.UNDECIDED or isinstance(one.verdict, MetersDisagree) for one in found)


class _Test:
    """Pulses of one size and one pace."""

    def __init__(self, bench: Bench, battery: Battery, pace: Pace, pulse_w: float) -> None:
        self._bench = bench
        self._battery = battery
        self._pace = pace
        self._pulse_w = pulse_w
        self._plateaus: list[Plateau] = []
        self._noise: dict[str, Noise] = {}

    async def run(self, ways: list[float]) -> list[Finding]:
        """As many pulses as are needed; every verdict that follows."""
        await self._quiet()
        wanted = min(pulses_needed(self._noise.get(GATE, NO_NOISE).sd, self._pulse_w), MOST_PULSES)
        way = _order(ways)
        for tried in range(1, SPOILT * MOST_PULSES + 1):
            power_w = next(way) * self._pulse_w
            if not self._bench.spare(power_w)[0]:
                continue
            await self._plateau(power_w)
            await self._plateau(0.0)
            done, found = self._done(), self.judged()
            # What is wrong is wrong: only what passes is looked at until it is known well.
            wrong = done >= LEAST_PULSES and any(one.mark is Mark.FAILED for one in found)
            enough = done >= wanted or wrong or (done >= 1 and self._runs_away())
            if (enough and _decided(found)) or done >= MOST_PULSES or tried >= SPOILT * max(wanted, LEAST_PULSES):
                break
        return self.judged()

    async def _quiet(self) -> None:
        """Watch the load at rest: its moves as pulses would see them."""
        bench, pace = self._bench, self._pace
        begin_s = bench.now_s
        bench.tell(0.0)
        while bench.now_s < begin_s + pace.quiet_holds * pace.hold_s:
            await bench.look(pace.look_s)
        traces = bench.traces()
        self._noise = {
            key: noise(one, pace.hold_s, pace.settle_s, begin_s, bench.now_s) for key, one in traces.series.items()
        }
        await self._plateau(0.0)

    async def _plateau(self, power_w: float) -> None:
        self._bench.tell(power_w)
        begin_s, from_s, end_s, sound = await self._bench.hold(self._pace)
        self._plateaus.append(Plateau(power_w, begin_s, from_s, end_s, sound))

    def _done(self) -> int:
        return len(contrasts(self._plateaus, {}))

    def _runs_away(self) -> bool:
        """Whether what is seen is far more than what was told."""
        seen = self._seen()
        return any(abs(seen.answer(kind, self._battery.name).ratio) > RUNAWAY for kind in ("converter", "dc"))

    def judged(self) -> list[Finding]:
        """What can be said by now."""
        seen = self._seen()
        if not seen.pulses:
            tried = sum(1 for one in self._plateaus if one.level_w != 0.0)
            return [Finding(Step.SIGNS, self._battery.name, PulsesSpoilt(self._battery.name, tried))]
        return judge_signs(self._bench.site, seen)

    def _seen(self) -> Seen:
        series = self._bench.traces().series
        pulses = contrasts(self._plateaus, series)
        answers = {
            key: response(pulses, key, self._noise.get(key, NO_NOISE), -1.0 if key == GATE else 1.0) for key in series
        }
        name = self._battery.name
        told = [p for p in self._plateaus if p.level_w != 0.0]
        way = 1.0 if any(p.level_w > 0.0 for p in told) else -1.0
        echo = self._bench.traces()[key_of("echo", name)]
        echoes = [echo.mean(p.from_s, p.end_s) for p in told if p.level_w * way > 0.0]
        return Seen(
            battery=name,
            answers=answers,
            pulses=pulses,
            echo_w=echoes[-1] if echoes else float("nan"),
            gate_noise_w=self._noise.get(GATE, NO_NOISE).sd,
        )
