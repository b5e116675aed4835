"""What a test came to: a reason with a mark and a mend."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from leyden.model.reason import Reason
from leyden.model.words import Words

NO_MEND = Words("", "")


class Step(StrEnum):
    """What a commissioning does, in this order."""

    LINKS = "links"
    SIGNS = "signs"
    TIMING = "timing"
    WATCHDOG = "watchdog"
    LIMITS = "limits"
    STOP = "stop"


class Mark(StrEnum):
    """How a test came out."""

    PASSED = "passed"
    NOTED = "noted"
    """Nothing is wrong, but somebody should know."""
    UNDECIDED = "undecided"
    """What was seen does not say; nothing is proven."""
    FAILED = "failed"


MARKS = {
    Mark.PASSED: Words("合格", "passed"),
    Mark.NOTED: Words("提示", "note"),
    Mark.UNDECIDED: Words("未判定", "undecided"),
    Mark.FAILED: Words("不合格", "failed"),
}


class Verdict(Reason, frozen=True):
    """Base of every verdict: its code and its numbers are kept, its sentence is read."""

    mark: ClassVar[Mark]
    mend: ClassVar[Words] = NO_MEND
    """What to do about it."""


class Aborted(Verdict, frozen=True):
    """A bad sign ended a step at once."""

    because: Words
    sentence = Words("立即中止,功率归零:{because}", "ended at once, power to zero: {because}")
    mark = Mark.FAILED
    mend = Words("排除原因后重新进行本步骤", "mend the cause, then do this step again")


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict on one thing."""

    step: Step
    target: str
    """A device, a battery, or the site's id."""
    verdict: Verdict
    confidence: float = math.nan
    """How sure the traces make it, 0 to 1; nan where nothing was left to chance."""

    @property
    def mark(self) -> Mark:
        """How it came out."""
        return self.verdict.mark


def worst(marks: Iterable[Mark]) -> Mark:
    """The mark of them all together; undecided where there are none, for nothing is proven then."""
    return max(marks, key=list(Mark).index, default=Mark.UNDECIDED)
