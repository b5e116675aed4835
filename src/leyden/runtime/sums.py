"""Everything that a station sums up and that a restart must not lose: the day, the month's demand, shadow's estimate.

One document in the ledger once a minute and at the end of a quarter-hour: each write is a wait for the disk and a wear
of it, and what a kill loses of a minute the day's `coverage` tells.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from leyden.control.quarter import QUARTER_S, Quarter
from leyden.history import Ledger
from leyden.model.clock import Clock
from leyden.model.decision import Decision
from leyden.model.plan import Plan
from leyden.model.site import Site
from leyden.model.snapshot import Price, Snapshot
from leyden.runtime.demand import KeptQuarter, MonthDemand
from leyden.runtime.today import Today
from leyden.runtime.usual import Quartered, Stretch, Usual, still_to_save, stretches
from leyden.runtime.would_be import ShadowDays, WouldBe

SUMS, USUAL, SHADOW_DAYS = "station.sums", "station.usual", "station.shadow-days"
KEEP_EVERY_S = 60.0

Keep = Callable[[str, object], None]
"""Keeps a state under its name; what cannot be kept is an alarm and no stop."""


@dataclass(frozen=True, slots=True)
class KeptSums:
    """As the ledger keeps them."""

    today: Today = field(default_factory=Today)
    quarter: KeptQuarter = field(default_factory=KeptQuarter)
    demand: MonthDemand = field(default_factory=MonthDemand)
    would_be: WouldBe = field(default_factory=WouldBe)


class Sums:
    """The sums of one station while it runs."""

    def __init__(self, site: Site, clock: Clock, ledger: Ledger, keep: Keep) -> None:
        kept = ledger.states.load(SUMS, KeptSums)
        if kept is None:  # an earlier version kept the day alone
            kept = KeptSums(today=ledger.states.load("today", Today) or Today())
        # Kept sums are of another run, whose clock had another start: they stand, and this run goes on from here.
        self.today = replace(kept.today, elapsed_s=None)
        self.quarter = kept.quarter
        """The running quarter-hour as the demand meter counts it."""
        self.demand = kept.demand
        self.would_be = replace(kept.would_be, elapsed_s=None)
        """The day in shadow; of no meaning elsewhere."""
        self.usual = ledger.states.load(USUAL, Usual) or Usual()
        self.shadow_days = ledger.states.load(SHADOW_DAYS, ShadowDays) or ShadowDays()
        self._site = site
        self._clock = clock
        self._ledger = ledger
        self._keep = keep
        self._seen = Quartered()
        self._kept_s = clock.elapsed_s()
        self._expected: tuple[tuple[Plan, Usual, str] | None, tuple[Stretch, ...]] = (None, ())
        """Of which plan beside which demand on which day, and what it is expected to save."""

    def add(self, snapshot: Snapshot, decision: Decision, shadow: bool) -> None:
        """One more cycle."""
        self.today = self.today.add(snapshot)
        self._see(snapshot)
        if shadow:
            before, self.would_be = self.would_be, self.would_be.add(snapshot, decision.total_w)
            if before.day not in ("", self.would_be.day):
                self._shadow_day_over(before)
        if self._clock.elapsed_s() - self._kept_s >= KEEP_EVERY_S:
            self.keep()

    def _see(self, snapshot: Snapshot) -> None:
        before, self._seen = self._seen, self._seen.add(snapshot)
        if before.quarter not in (-1, self._seen.quarter) and before.counted_s >= QUARTER_S / 2:
            self.usual = self.usual.seen(before.quarter, before.demand_ws / before.counted_s)
            self._keep(USUAL, self.usual)

    def count(self, quarter: Quarter, clock_trusted: bool) -> None:
        """The running quarter-hour after a cycle; a finished one counts for the month while the clock is right."""
        before, self.quarter = self.quarter, KeptQuarter.of(quarter)
        if before.number in (-1, self.quarter.number):
            return
        if clock_trusted:
            self.demand = self.demand.finished(before, self._site.zone)
        self.keep()

    def keep_demand(self, demand: MonthDemand) -> None:
        """Keep what a person says of the month's demand. Raises OSError where it cannot be kept."""
        self._ledger.states.save(SUMS, replace(self.kept, demand=demand), self._clock.now())

    def keep(self) -> None:
        """Keep all of it for the next start."""
        self._kept_s = self._clock.elapsed_s()
        self._keep(SUMS, self.kept)

    @property
    def kept(self) -> KeptSums:
        """As it is kept."""
        return KeptSums(self.today, self.quarter, self.demand, self.would_be)

    def leave_shadow(self) -> None:
        """The day in shadow ends here."""
        self._shadow_day_over(self.would_be)
        self.would_be = WouldBe()

    def _shadow_day_over(self, day: WouldBe) -> None:
        self.shadow_days = self.shadow_days.over(day)
        self._keep(SHADOW_DAYS, self.shadow_days)

    def plan_money(
        self, plan: Plan | None, price_at: Callable[[datetime], Price], soc: float, now: datetime, now_w: float
    ) -> float | None:
        """What the plan of the whole local day is expected to save: what it would have until now, beside the demand
        that was measured, and what is left of it, beside the usual one (beside `now_w`, the demand of this moment, as
        long as nothing is usual). None without plan or tariff.
        """
        if plan is None:
            return None
        local = now.astimezone(self._site.zone)
        day = local.date().isoformat()
        known, key = self._expected[0], (plan, self.usual, day)
        if known is None or known[0] is not plan or known[1] is not self.usual or known[2] != day:
            midnight = _next_midnight(local).astimezone(UTC)
            self._expected = key, stretches(self._site, plan, price_at, self.usual, soc, now, midnight, now_w)
        parts = self._expected[1]
        if not parts and self.today.planned_money is None:
            return None
        return (self.today.planned_money or 0.0) + still_to_save(parts, now)


def _next_midnight(local: datetime) -> datetime:
    return datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
