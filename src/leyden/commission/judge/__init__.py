"""What the traces of a commissioning say: pure, numbers in, verdicts out.

`Traces` are what was read while a test ran, each value with its own time. `contrast` makes of pulses and the rests
around them how far each meter moved for what was told, and how sure that is; `signs`, `timing`, `watchdog`, `limits`,
`stop` and `links` make verdicts of it; `guard` says what may be told at all, and what ends a test at once.

A `Verdict` is a `Reason` with a mark (passed, noted, undecided, failed) and its mend: undecided is a verdict too.
"""

from leyden.commission.judge.contrast import Plateau, Response
from leyden.commission.judge.lines import ConfigLine
from leyden.commission.judge.signs import Seen, judge_signs
from leyden.commission.judge.timing import Edge, Times, judge_timing
from leyden.commission.judge.trace import Series, Traces
from leyden.commission.judge.verdict import Aborted, Finding, Mark, Step, Verdict

__all__ = [
    "Aborted",
    "ConfigLine",
    "Edge",
    "Finding",
    "Mark",
    "Plateau",
    "Response",
    "Seen",
    "Series",
    "Step",
    "Times",
    "Traces",
    "Verdict",
    "judge_signs",
    "judge_timing",
]
