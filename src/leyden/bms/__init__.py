"""Battery management: what stands between the cells and whoever wants their power.

`advance` takes what the sensors of a battery `Seen` and gives the `Bms` a moment later. In its order: acquisition (what
of it may be believed), interlocks, protection (18 families of quantities and what guards the guards, at three levels,
as a table in `tables/`), contactors (opened in order, joined one by one after pre-charge), limits that fall at once and
rise slowly, and what binds them, charge as counted, balancing, heating and cooling. Arrays in, arrays out; all it is
set to stands in `BmsLimits`. `supervise` is the form for equipment that has a management of its own: it can only
narrow.

Beside it: `soc_filter` (charge with its standard deviation), `power` (what can be given for how long), `health`
(capacity and resistance from use), `watch` (cells over weeks).
"""

from leyden.bms.fault_bits import FaultBits
from leyden.bms.levels import Level, level_of
from leyden.bms.limits import BmsLimits, limits_for
from leyden.bms.management import Bms, advance, new_bms, reset
from leyden.bms.seen import Seen

__all__ = ["Bms", "BmsLimits", "FaultBits", "Level", "Seen", "advance", "level_of", "limits_for", "new_bms", "reset"]
