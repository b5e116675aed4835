"""The run: every step is asked for before it is done, and none is done that an earlier one forbids."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leyden import __version__
from leyden.commission import steps
from leyden.commission.bench import BadSignError, Bench
from leyden.commission.document import Part, Report
from leyden.commission.judge.links import DeviceSeen
from leyden.commission.judge.verdict import Aborted, Mark, Step
from leyden.commission.pace import Pace, pace_of
from leyden.commission.questions import question
from leyden.commission.steps.links import seen
from leyden.commission.steps.result import Result
from leyden.model.site import Battery
from leyden.model.words import Words
from leyden.runtime.config import SiteConfig

PULSE = 0.05
"""Share of its rated power: ten times that, if a scale is wrong, is still within it."""

_DECLINED = Words("操作员未确认", "not confirmed by the person")
_INTERRUPTED = Words("中途停止,设备已交还", "stopped half-way; the devices were handed back")
_AFTER_ABORT = Words("前一步骤因异常中止", "an earlier step was ended by a bad sign")
_NOT_TRUSTED = Words("该电池未通过方向与比例试验", "this battery has not passed signs and scale")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants done."""

    by: str
    why: str = ""
    steps: Sequence[Step] = tuple(Step)
    batteries: Sequence[str] = ()
    """By name; all of them if none is named."""
    pulse: float = PULSE
    """Share of the rated power."""


Ask = Callable[[Words], Awaitable[bool]]
"""Whether a step may be done, which is told in words."""
Progress = Callable[[Part], None]
"""Told of every part as soon as it is over."""


@dataclass(slots=True)
class _Run:
    """One run while it goes on."""

    config: SiteConfig
    bench: Bench
    wish: Wish
    ask: Ask
    progress: Progress
    began: datetime
    parts: list[Part] = field(default_factory=list)
    devices: list[DeviceSeen] = field(default_factory=list)
    passed_signs: dict[str, bool] = field(default_factory=dict)
    aborted: bool = False
    whole: bool = False
    """Whether it came to its end."""

    async def all(self) -> None:
        """Step by step, and within a step battery by battery."""
        named = self._named()
        for step in Step:
            if step not in self.wish.steps:
                continue
            if step is Step.LINKS:
                await self._part(step, None)
            else:
                for battery in named:
                    await self._part(step, battery)
        self.whole = True

    def _named(self) -> list[Battery]:
        """The batteries that are meant."""
        wanted = self.wish.batteries
        return [battery for battery in self.config.site.batteries if not wanted or battery.name in wanted]

    async def _part(self, step: Step, battery: Battery | None) -> None:
        target, began = self.config.site.id if battery is None else battery.name, self.bench.now()
        result = Result()
        not_done = await self._forbidden(step, battery)
        try:
            if not_done is None:
                await self._do(step, battery, result)
        except BadSignError as error:
            result.aborted(step, target, error.reason)
        except asyncio.CancelledError:
            not_done = _INTERRUPTED
            raise
        finally:
            self._over(step, target, began, result, not_done)

    def _over(self, step: Step, target: str, began: datetime, result: Result, not_done: Words | None) -> None:
        found = tuple(result.findings)
        part = Part(step, target, began, self.bench.now(), found, tuple(result.lines), tuple(result.charts), not_done)
        self.parts.append(part)
        self.aborted = self.aborted or any(isinstance(one.verdict, Aborted) for one in found)
        if step is Step.SIGNS and not_done is None:
            self.passed_signs[target] = result.passed(target)
        self.progress(part)

    async def _forbidden(self, step: Step, battery: Battery | None) -> Words | None:
        """Why a step is not done; None if it is."""
        if self.aborted:
            return _AFTER_ABORT
        if battery is not None and not self.passed_signs.get(battery.name, True):
            return _NOT_TRUSTED
        asked = question(self.config, step, battery, self._pace(battery), self.wish.pulse)
        return None if await self.ask(asked) else _DECLINED

    def _pace(self, battery: Battery | None) -> Pace:
        site = self.config.site
        return pace_of(site, battery or site.batteries[0]) if site.batteries else Pace(1.0, 1.0)

    async def _do(self, step: Step, battery: Battery | None, result: Result) -> None:
        bench, maps = self.bench, self.config.maps
        if battery is None:
            self.devices = await steps.links(bench, maps, result)
            return
        pace, pulse_w = self._pace(battery), self.wish.pulse * battery.converter.power_w
        device_map = maps[battery.converter.device]
        if step is Step.SIGNS:
            await steps.signs(bench, battery, pace, pulse_w, result)
        elif step is Step.TIMING:
            await steps.timing(bench, battery, pace, pulse_w, result)
        elif step is Step.WATCHDOG:
            await steps.watchdog(bench, battery, pace, pulse_w, device_map, result)
        elif step is Step.LIMITS:
            await steps.limits(bench, battery, pace, self.passed_signs.get(battery.name, False), result)
        else:
            await steps.stop(bench, battery, pace, pulse_w, device_map, result)

    def report(self) -> Report:
        """What has been found by now."""
        site = self.config.site
        return Report(
            site=site.id,
            name=site.name,
            simulated=self.config.twin is not None,
            by=self.wish.by,
            why=self.wish.why,
            began=self.began,
            ended=self.bench.now(),
            zone=site.zone,
            version=__version__,
            devices=tuple(self.devices or seen(self.bench, self.config.maps)),
            parts=tuple(self.parts),
            left_alone=dict(self.bench.left_alone),
            complete=set(self.wish.steps) == set(Step) and self._named() == list(site.batteries),
            interrupted=not self.whole,
        )


async def commission(
    config: SiteConfig,
    bench: Bench,
    wish: Wish,
    ask: Ask,
    progress: Progress = lambda part: None,
    keep: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Everything that is wished for and allowed. `keep` is given the report however the run ends, Ctrl-C too."""
    run = _Run(config, bench, wish, ask, progress, bench.now())
    try:
        await run.all()
    finally:
        keep(run.report())
    return run.report()


def failed(report: Report) -> bool:
    """Whether anything is left to be mended or decided."""
    return report.mark in (Mark.FAILED, Mark.UNDECIDED)
