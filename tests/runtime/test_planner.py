"""A plan is kept in force; one that cannot be made leaves the last standing and is told."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import nan
from pathlib import Path

import pytest

from leyden.model.plan import Plan
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.config import load_config
from leyden.runtime.planner import Planner
from leyden.runtime.wiring import plan_source

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


def test_a_table_written_today_is_no_plan_of_the_future_where_a_twin_lives_in_the_past(tmp_path: Path) -> None:
    """A plan recorded for later than now is found by nobody who asks what is planned."""
    config = load_config(Path(__file__).parents[2] / "sites" / "park.toml")
    (tmp_path / "plan.csv").write_text("start,power,target\n2020-07-15 06:00,-100 kW,b1\n2020-07-15 08:00,0 W,b1\n")
    moved = replace(config, path=tmp_path / "park.toml", plan=replace(config.plan, source="plan.csv"))
    source = plan_source(moved)
    assert source is not None
    then = datetime(2020, 7, 15, tzinfo=UTC)
    assert source({}, then, then + timedelta(days=1)).made == then
    later = datetime(2199, 1, 1, tzinfo=UTC)
    assert source({}, later, later + timedelta(days=1)).made < later
