"""Watching cells: who is weak, who drifts, whose joint is loose, since when, long before an alarm.

Frames of one string in (`Frames`: voltages (n, cells), the current they share), a `Digest` of each day out: for every
cell what its deviation from the median is made of. `watch` lays days of all strings side by side and names the cells
that stand out from the others and from their neighbours, each a `Finding` with its kind, its evidence, the date of
onset and what is left to the alarm. Healthy packs name nobody; how far is far follows from how many cells there are.

`Worst` asks the same of the present: the twenty cells that are furthest off, and since when (`worst.py`).
"""

from leyden.bms.watch.digest import Digest, curve_of, digest
from leyden.bms.watch.finding import Finding, WatchReport
from leyden.bms.watch.frames import Frames
from leyden.bms.watch.judge import WatchOptions, watch
from leyden.bms.watch.kind import Kind
from leyden.bms.watch.worst import Worst, worst_of

__all__ = [
    "Digest",
    "Finding",
    "Frames",
    "Kind",
    "WatchOptions",
    "WatchReport",
    "Worst",
    "curve_of",
    "digest",
    "watch",
    "worst_of",
]
