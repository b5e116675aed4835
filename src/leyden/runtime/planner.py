"""Keeps a plan in force: makes one at the start and every quarter of an hour, outside the cycle."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from leyden.model.clock import Clock
from leyden.model.plan import Plan

EVERY_S = 900.0
AHEAD = timedelta(hours=36)
RETRY_S = 10.0
"""While the batteries have not said their state of charge, ask again soon."""

MakePlan = Callable[[Mapping[str, float], datetime, datetime], Plan]
"""(state of charge by battery, from, until) -> a plan. Raises LeydenError where none can be made."""


class Planner:
    """Holds the plan in force; the cycle only reads it."""

    def __init__(self, make: MakePlan, clock: Clock, on_plan: Callable[[Plan], None]) -> None:
        self._make = make
        self._clock = clock
        self._on_plan = on_plan
        self.plan: Plan | None = None
        self.failing: str | None = None
        """Why the last attempt gave no plan."""

    async def run(self, soc: Callable[[], Mapping[str, float]]) -> None:
        """Plan for ever; `soc` gives the newest states of charge, nan where unknown."""
        wait_s = 0.0 if self.plan is None else EVERY_S
        while True:
            await self._clock.sleep_until(self._clock.elapsed_s() + wait_s)
            wait_s = await asyncio.to_thread(self.step, soc())

    def step(self, soc: Mapping[str, float]) -> float:
        """Plan if the states of charge are known; in how many seconds to come back."""
        if not soc or any(value != value for value in soc.values()):
            return RETRY_S
        self._attempt(soc)
        return EVERY_S

    def _attempt(self, soc: Mapping[str, float]) -> None:
        """Plan once; a plan that cannot be made leaves the last one standing and is told in `failing`."""
        now = self._clock.now()
        try:
            plan = self._make(soc, now, now + AHEAD)
        except Exception as error:  # a planner must never stop the site; the condition tells
            self.failing = f"{type(error).__name__}: {error}"
            return
        self.failing = None
        self.plan = replace(plan, version=1 if self.plan is None else self.plan.version + 1)
        self._on_plan(self.plan)
