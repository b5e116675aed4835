"""A plan is kept in force; one that cannot be made leaves the last standing and is told."""

import asyncio
from datetime import UTC, datetime
from math import nan

import pytest

from leyden.model.plan import Plan
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.planner import Planner

START = datetime(2026, 7, 15, tzinfo=UTC)


@pytest.mark.asyncio
async def test_plans_every_quarter_and_survives_a_failure():
    clock, socs = SimulatedClock(START), iter([{"b1": nan}, {"b1": 0.5}, {"b1": 0.6}, {"b1": 0.7}])
    made: list[Plan] = []
    done = asyncio.Event()

    def make(soc, start, end):
        if soc["b1"] == 0.6:
            raise ValueError("planted")
        return Plan((), start, "test")

    planner = Planner(make, clock, made.append)

    seen: list[str | None] = []

    def soc():
        seen.append(planner.failing)
        try:
            return next(socs)
        except StopIteration:
            done.set()
            return {}

    task = asyncio.create_task(planner.run(soc))
    await asyncio.wait_for(done.wait(), 5.0)
    task.cancel()
    assert [plan.version for plan in made] == [1, 2]
    # The first waits for a state of charge only a moment, not a quarter of an hour.
    assert made[0].made == START.replace(second=10)
    assert "ValueError: planted" in seen
    assert planner.failing is None
