"""The steps of a commissioning: each does one test on the bench and hands what it read to the judges.

A step is thin: it tells, looks and waits. What it means is decided in `judge`.
"""

from leyden.commission.steps.limits import limits
from leyden.commission.steps.links import links
from leyden.commission.steps.result import Result
from leyden.commission.steps.signs import signs
from leyden.commission.steps.stop import stop
from leyden.commission.steps.timing import timing
from leyden.commission.steps.watchdog import watchdog

__all__ = ["Result", "limits", "links", "signs", "stop", "timing", "watchdog"]
