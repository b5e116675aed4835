"""Who wins: the order of site.toml, under protection; and what becomes of a controller that fails."""

from dataclasses import dataclass
from typing import Any, ClassVar

from leyden.control.follow_plan import FollowPlan
from leyden.control.keep_reserve import KeepReserve
from leyden.control.peak_shaving import PeakShaving
from leyden.control.self_consumption import SelfConsumption
from leyden.control.time_windows import TimeWindows, Window
from leyden.model import Bounds, Want, Words
from leyden.model.proposal import Proposal
from leyden.model.reason import NobodyAsks
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Snapshot
from tests.scenarios.dsl import battery, run, site

RESERVE, PEAK, PLAN, SELF = KeepReserve(soc=0.2), PeakShaving(import_limit_w=1e6), FollowPlan(), SelfConsumption()
CHARGE = TimeWindows(charge=(Window.from_text("00:00-24:00"),))


def test_the_park_of_the_design():
    """Reserve, peak shaving, plan, self-consumption, in this order."""
    run(
        site(),
        [RESERVE, PEAK, PLAN, SELF],
        """
        time | load   | soc  | plan            => power   | by               | binds
        0 s  | 600 kW | 50 % | battery -600 kW => -400 kW | follow-plan      | peak-shaving
        9 s  | 1.3 MW |      |                 => 300 kW  | peak-shaving     | peak-shaving
        18 s |        |      | battery 700 kW  => 700 kW  | follow-plan      | -
        27 s |        | 20 % |                 => 0 W     | follow-plan      | keep-reserve peak-shaving
        36 s | 300 kW | 60 % | none            => 300 kW  | self-consumption | -
        """,
    )


def test_order_is_priority():
    table = "time | load | soc => power | by\n0 s | 1.3 MW | 10 % => {} | {}"
    run(site(), [RESERVE, PEAK], table.format("0 W", "-"))
    run(site(), [PEAK, RESERVE], table.format("300 kW", "peak-shaving"))
    table = "time | load | plan => power | by\n0 s | 300 kW | battery 500 kW => {} | {}"
    run(site(), [PLAN, SELF], table.format("500 kW", "follow-plan"))
    run(site(), [SELF, PLAN], table.format("300 kW", "self-consumption"))


def test_protection_stands_above_everything_that_site_toml_may_say():
    run(
        site(import_w=500e3, export_w=0.0),
        [CHARGE],
        """
        time | load   | soc   => power   | by           | binds
        0 s  | 100 kW | 50 %  => -400 kW | time-windows | grid-limits
        9 s  | 800 kW |       => 300 kW  | grid-limits  | grid-limits
        18 s |        | 5 %   => 0 W     | time-windows | battery-limits grid-limits
        """,
    )


def test_a_jump_of_the_clock_stops_the_plan_and_lets_the_next_decide():
    run(
        site(),
        [PLAN, SELF],
        """
        time | load   | plan           | clock  => power  | by
        0 s  | 300 kW | battery 500 kW | ok     => 500 kW | follow-plan
        9 s  |        |                | jumped => 300 kW | self-consumption
        18 s |        |                | ok     => 500 kW | follow-plan
        """,
    )


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """Does what it must not."""

    how: str
    name: str = "wrong"
    label: ClassVar[Words] = Words("错误", "wrong")
    protective: bool = False
    every_s: float = 0.0

    def start(self) -> int:
        return 0

    def propose(self, snapshot: Snapshot, state: int) -> tuple[Proposal, int]:
        wants: dict[str, Any] = {
            "raises": lambda: (Want(BATTERIES, NobodyAsks(), power_w=Bounds(1.0, 1.0 / state)),),
            "nan": lambda: (Want(BATTERIES, NobodyAsks(), request_w=float("nan")),),
            "nowhere": lambda: (Want("b9", NobodyAsks(), request_w=1.0),),
            "nothing": lambda: (None,),
            "reactive": lambda: (Want(BATTERIES, NobodyAsks(), request_var=1.0),),
        }
        return wants[self.how](), state

    def summary(self) -> Words:
        return self.label


def test_a_controller_that_fails_costs_itself_its_word_and_nobody_else():
    for how in ("raises", "nan", "nowhere", "nothing", "reactive"):
        run(
            site(),
            [Wrong(how=how), SELF],
            "time | load => power | by | alarms\n0 s | 300 kW => 300 kW | self-consumption | controller-failed:wrong",
        )


def test_a_protective_controller_that_fails_holds_everything_at_zero():
    for how in ("raises", "nan", "nowhere", "nothing"):
        bench = run(
            site(battery("b1"), battery("b2")),
            [Wrong(how=how, protective=True), SELF],
            "time | load => b1 | b2 | alarms\n0 s | 300 kW => 0 W | 0 W | controller-failed:wrong",
        )
        assert bench.last is not None
        assert bench.last[2][0].source == "wrong"
