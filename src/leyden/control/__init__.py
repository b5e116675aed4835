"""The decisions: one controller a file, and the functions that make one decision of many wishes.

`observe` makes a snapshot of readings, `consult` asks every controller, `arbitrate` folds their proposals in order,
`split` shares a total, `conditions` tells what an operator must answer. All of it is pure: no clock, no files, no
network; what must be remembered is handed in and out.

Three kinds of controllers, in this order of priority, which is `chain`:

1. `protective`: ratings, the following check, battery limits, the gate meter's guard, grid limits. Always there.
2. `Manual`: commands, which are leases.
3. What `[[control]]` in site.toml lists, found by `controller_types` under its `use`.

Bounds only narrow, and an earlier one wins; the first to request a power is given it, as far as bounds let. To add a
controller see docs/guides/add-a-controller.md: it is one file.
"""

from leyden.control.arbitrate import Voice, arbitrate
from leyden.control.conditions import conditions
from leyden.control.consult import Memory, consult
from leyden.control.manual import Manual
from leyden.control.observe import Observed, observe
from leyden.control.split import split

__all__ = ["Manual", "Memory", "Observed", "Voice", "arbitrate", "conditions", "consult", "observe", "split"]
