"""Battery management: what stands between the cells and whoever wants their power.

`advance` takes what the sensors of each rack `Seen` and gives the `Bms` a moment later: charge as counted, limits that
fall at once and rise slowly, contactors that open at hard limits whatever anybody asks, and racks joined one by one.
Arrays in, arrays out; all it is set to stands in `BmsLimits`, its rules for opening as a table of `Protection`.
"""

from leyden.bms.limits import BmsLimits, FaultBits, Protection, ProtectionTable, limits_for, table_of
from leyden.bms.management import Bms, advance, new_bms
from leyden.bms.protect import Seen, reset

__all__ = [
    "Bms",
    "BmsLimits",
    "FaultBits",
    "Protection",
    "ProtectionTable",
    "Seen",
    "advance",
    "limits_for",
    "new_bms",
    "reset",
    "table_of",
]
