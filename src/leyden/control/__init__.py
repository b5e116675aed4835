"""The decisions: one controller a file, and the two functions that make one decision of many wishes.

`observe` makes a snapshot of readings, `consult` asks every controller, `arbitrate` folds their proposals in order, and
`split` shares a total. All of it is pure: no clock, no files, no network.
"""

from leyden.control.arbitrate import Voice, arbitrate
from leyden.control.consult import Memory, consult
from leyden.control.observe import Observed, observe
from leyden.control.split import split

__all__ = ["Memory", "Observed", "Voice", "arbitrate", "consult", "observe", "split"]
