"""What one test of one thing came to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leyden.commission.judge.charts import Chart
from leyden.commission.judge.lines import ConfigLine
from leyden.commission.judge.verdict import Aborted, Finding, Step, Verdict
from leyden.model.reason import Reason
from leyden.model.words import Words


@dataclass(slots=True)
class Result:
    """Filled while a test runs, so that what was found stands even if it is ended."""

    findings: list[Finding] = field(default_factory=list)
    lines: list[ConfigLine] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)

    def add(self, step: Step, target: str, *verdicts: Verdict) -> None:
        """Verdicts that need no statistics."""
        self.findings.extend(Finding(step, target, verdict) for verdict in verdicts)

    def aborted(self, step: Step, target: str, reason: Reason) -> None:
        """A bad sign ended it."""
        self.add(step, target, Aborted(reason.words))

    def passed(self, target: str) -> bool:
        """Whether there are findings of a target and none of them failed or stayed undecided."""
        marks = [finding.mark for finding in self.findings if finding.target == target]
        return bool(marks) and not {"failed", "undecided"} & set(marks)


def words_of(reasons: Sequence[Reason | None]) -> Words:
    """What bounds something, in words."""
    said = [reason.words for reason in reasons if reason is not None] or [Words("余地不足", "too little room")]
    return Words(";".join(dict.fromkeys(w.zh for w in said)), "; ".join(dict.fromkeys(w.en for w in said)))
