"""What the point of connection may carry: batteries are held to it, and what they cannot take is not generated.

Grid power is net demand less battery power, so a limit at the meter is a bound on all batteries together. The net
demand is made steady on the safe side: noise of the meter moves no bound, a real move moves it at once.
"""

from dataclasses import dataclass
from typing import ClassVar

from leyden.control.at_the_meter import DemandLimited, ExportLimitMissed, ImportLimitMissed, export_reason, missed
from leyden.control.curtail import NOBODY, Generated, ceilings
from leyden.control.grid_meter import SILENT_S
from leyden.control.lasting import NEVER, Lasting
from leyden.model.bounds import at_least, at_most
from leyden.model.proposal import NOTHING, Fleeting, Proposal, Want
from leyden.model.site import BATTERIES, Site
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words


class AtGate(Fleeting, frozen=True):
    """What has been missed, and what the generation has done lately."""

    over_import: Lasting = NEVER
    over_export: Lasting = NEVER
    generated: Generated = NOBODY


@dataclass(frozen=True)
class GridLimits:
    """Import and export at the meter."""

    site: Site
    name: str = "grid-limits"
    label: ClassVar[Words] = Words("并网点限值", "grid limits")
    protective: ClassVar[bool] = True
    every_s: ClassVar[float] = 0.0

    def start(self) -> AtGate:
        """Nothing has been seen."""
        return AtGate()

    def propose(self, snapshot: Snapshot, state: AtGate) -> tuple[Proposal, AtGate]:
        """Bounds on all batteries together where they could reach a limit, and ceilings for solar and wind.

        Without a fresh net demand nothing: then the guard of the meter speaks.
        """
        net_w, stamp = snapshot.derived.net_demand_w, snapshot.grid_stamp
        if net_w != net_w or not stamp.age_s < SILENT_S:
            return NOTHING, state
        grid, demand, rated_w = snapshot.site.grid, snapshot.demand, snapshot.site.battery_power_w
        grid_w = snapshot.readings.grid.power_w
        over_import = missed(state.over_import, grid_w - grid.import_limit_w, grid.import_limit_w, snapshot)
        over_export = missed(state.over_export, -grid_w - grid.export_limit_w, grid.export_limit_w, snapshot)
        wants: list[Want] = []
        least_w, most_w = demand.highest_w - grid.import_limit_w, demand.lowest_w + grid.export_limit_w
        if over_export.standing:
            wants.append(Want(BATTERIES, ExportLimitMissed(-grid_w, grid.export_limit_w), power_w=at_most(most_w)))
        elif most_w < rated_w:
            wants.append(Want(BATTERIES, export_reason(net_w, grid.export_limit_w), power_w=at_most(most_w)))
        if over_import.standing:
            wants.append(Want(BATTERIES, ImportLimitMissed(grid_w, grid.import_limit_w), power_w=at_least(least_w)))
        elif least_w > -rated_w:
            reason = DemandLimited(net_w, grid.import_limit_w)
            wants.append(Want(BATTERIES, reason, power_w=at_least(least_w)))
        curtailed, generated = ceilings(snapshot, demand.lowest_w, state.generated)
        return (*wants, *curtailed), AtGate(over_import, over_export, generated)

    def summary(self) -> Words:
        """In one line."""
        grid = self.site.grid
        return Words(
            "受电不超过 {import_w},上网不超过 {export_w}", "import up to {import_w}, export up to {export_w}"
        ).fill({"import_w": grid.import_limit_w, "export_w": grid.export_limit_w})
