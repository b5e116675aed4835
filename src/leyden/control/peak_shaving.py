"""Peak shaving: import stays under a limit of one's own, for a demand charge or a transformer.

Only bounds, never a request: what is not needed against the peak is left to whoever comes later. The same bound says
that nobody may charge the site over the limit.
"""

from dataclasses import dataclass
from math import ceil
from typing import Annotated, ClassVar

from leyden.control.at_the_meter import ImportLimitMissed, import_reason, missed
from leyden.control.lasting import NEVER, Lasting
from leyden.control.quarter import QUARTER_S
from leyden.model.bounds import at_least
from leyden.model.proposal import NOTHING, Fleeting, Proposal, Want
from leyden.model.quantity import Quantity
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

MEAN = 0.999
"""What a quarter's mean is aimed at, as a share of the limit: under it, not at it."""
EARLY_S = 60.0
"""So much before the quarter's end its mean is to be there."""
STEP = 0.005
"""Share of the limit in whose steps the aim moves, so that it stands still for a while."""
MOST_CORRECTION = 0.05
"""How far under its limit import is held at most, to bring a quarter's mean back under it."""


class Shaved(Fleeting, frozen=True):
    """Whether the limit is being missed."""

    over: Lasting = NEVER


@dataclass(frozen=True, kw_only=True)
class PeakShaving:
    """Import at most `import_limit`, at every moment and in the mean of each quarter of an hour."""

    use: ClassVar[str] = "peak-shaving"
    label: ClassVar[Words] = Words("削峰", "peak shaving")
    protective: ClassVar[bool] = False

    import_limit_w: Annotated[float, Quantity("W", low=0.0)]
    """Most that may be drawn."""
    charge_headroom_w: Annotated[float, Quantity("W", low=0.0)] = 0.0
    """Charging stops this far under the limit, so that a load that starts does not meet a full gate."""
    name: str = use
    every_s: Annotated[float, Quantity("s", low=0.0)] = 0.0

    def start(self) -> Shaved:
        """Nothing has been seen."""
        return Shaved()

    def propose(self, snapshot: Snapshot, state: Shaved) -> tuple[Proposal, Shaved]:
        """What the batteries must give at least, or may take at most."""
        net_w = snapshot.derived.net_demand_w
        if net_w != net_w:
            return NOTHING, state
        grid_w, limit_w = snapshot.readings.grid.power_w, self.import_limit_w
        over = missed(state.over, grid_w - limit_w, limit_w, snapshot)
        after = state if over is state.over else Shaved(over)
        least_w = snapshot.demand.highest_w - self._aim_w(snapshot)
        if least_w < 0.0:
            least_w = min(0.0, least_w + self.charge_headroom_w)
        if least_w <= -snapshot.site.battery_power_w and not over.standing:
            return NOTHING, after
        told = ImportLimitMissed(grid_w, limit_w) if over.standing else import_reason(snapshot, net_w, limit_w)
        return (Want(BATTERIES, told, power_w=at_least(least_w)),), after

    def _aim_w(self, snapshot: Snapshot) -> float:
        """The limit, or less where the mean of the running quarter is over it: it is brought back by its end."""
        over_w = snapshot.derived.import_mean_15min_w - MEAN * self.import_limit_w
        if not over_w > 0.0 or self.import_limit_w <= 0.0:
            return self.import_limit_w
        gone_s = snapshot.time.timestamp() % QUARTER_S
        correction_w = over_w * gone_s / max(QUARTER_S - EARLY_S - gone_s, 20.0)
        steps = ceil(correction_w / (STEP * self.import_limit_w))
        return self.import_limit_w * (1.0 - min(STEP * steps, MOST_CORRECTION))

    def summary(self) -> Words:
        """In one line."""
        return Words("受电不超过 {limit_w}", "import up to {limit_w}").fill({"limit_w": self.import_limit_w})
