"""What a commissioning came to: who, when, which devices, every verdict with its traces, and what is proposed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from leyden.commission.judge.charts import Chart
from leyden.commission.judge.lines import ConfigLine
from leyden.commission.judge.links import DeviceSeen
from leyden.commission.judge.verdict import Finding, Mark, Step, worst
from leyden.model.words import Words

FORM = 1
"""Counts up with every change of the JSON document."""

STEPS: Mapping[Step, Words] = {
    Step.LINKS: Words("通信、标识与测点", "links, identity and points"),
    Step.SIGNS: Words("方向、比例与表计位置", "signs, scale and place of the meters"),
    Step.TIMING: Words("死区、爬坡与表计延迟", "dead time, ramp and the meter's delay"),
    Step.WATCHDOG: Words("看门狗", "watchdog"),
    Step.LIMITS: Words("限值", "limits"),
    Step.STOP: Words("停机", "stop"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One step on one battery, or on the whole site."""

    step: Step
    target: str
    began: datetime
    ended: datetime
    findings: Sequence[Finding] = ()
    lines: Sequence[ConfigLine] = ()
    charts: Sequence[Chart] = ()
    not_done: Words | None = None
    """Why it was left out; None where it was done."""

    @property
    def mark(self) -> Mark:
        """How it came out; undecided where it was left out."""
        return Mark.UNDECIDED if self.not_done is not None else worst(finding.mark for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    site: str
    name: Words
    simulated: bool
    by: str
    why: str
    began: datetime
    ended: datetime
    """Aware UTC, site time."""
    zone: tzinfo
    version: str
    """Of Leyden."""
    devices: Sequence[DeviceSeen]
    parts: Sequence[Part]
    left_alone: Mapping[str, Words] = field(default_factory=dict)
    """Devices that could not be handed back, and why."""
    complete: bool = True
    """Whether every step was asked for, on every battery."""
    interrupted: bool = False
    """Whether it was stopped before its end."""

    @property
    def mark(self) -> Mark:
        """The worst of all parts; failed where a device could not be handed back, undecided where it was stopped."""
        ends = [*([Mark.FAILED] if self.left_alone else []), *([Mark.UNDECIDED] if self.interrupted else [])]
        return worst([*(part.mark for part in self.parts), *ends])

    @property
    def findings(self) -> list[Finding]:
        """Of all parts, in order."""
        return [finding for part in self.parts for finding in part.findings]

    @property
    def lines(self) -> list[ConfigLine]:
        """What is proposed for site.toml, each once: a meter before several batteries is measured with each."""
        found: dict[tuple[str, str], ConfigLine] = {}
        for part in self.parts:
            for line in part.lines:
                found.setdefault((line.table, line.text.split("=")[0]), line)
        return list(found.values())

    @property
    def file_name(self) -> str:
        """By site and local time, without its ending."""
        return f"{self.site}-commissioning-{self.began.astimezone(self.zone):%Y-%m-%d-%H%M}"

    @property
    def summary(self) -> dict[str, Any]:
        """What the ledger keeps."""
        return {
            "mark": str(self.mark),
            "complete": self.complete and not self.interrupted,
            "steps": {f"{part.step}:{part.target}": str(part.mark) for part in self.parts},
            "failed": [f"{f.target}: {f.verdict.code}" for f in self.findings if f.mark is Mark.FAILED],
            "version": self.version,
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, plain: times ISO 8601 in UTC, powers in W, discharge and import positive."""
        return {
            "form": FORM,
            "site": self.site,
            "name": asdict(self.name),
            "simulated": self.simulated,
            "by": self.by,
            "why": self.why,
            "began": self.began.isoformat(),
            "ended": self.ended.isoformat(),
            "version": self.version,
            "mark": str(self.mark),
            "complete": self.complete,
            "interrupted": self.interrupted,
            "devices": [plain(asdict(device)) for device in self.devices],
            "parts": [_part_json(part) for part in self.parts],
            "proposed": [asdict(line) for line in self.lines],
            "not_handed_back": {name: asdict(words) for name, words in self.left_alone.items()},
        }


def _part_json(part: Part) -> dict[str, Any]:
    return {
        "step": str(part.step),
        "target": part.target,
        "began": part.began.isoformat(),
        "ended": part.ended.isoformat(),
        "mark": str(part.mark),
        "not_done": None if part.not_done is None else asdict(part.not_done),
        "findings": [finding_json(finding) for finding in part.findings],
        "charts": [plain(asdict(chart)) for chart in part.charts],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """One verdict with its numbers and its sentence."""
    verdict = finding.verdict
    return {
        "target": finding.target,
        "mark": str(finding.mark),
        "confidence": plain(finding.confidence),
        **{name: plain(value) for name, value in verdict.as_json().items()},
        "mend": asdict(verdict.mend.fill({})) if verdict.mend.en else None,
    }


def plain(value: Any) -> Any:
    """As JSON takes it: what is no number is null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Words):
        return asdict(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
