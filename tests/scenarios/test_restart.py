"""After a restart: what must be remembered is, and what was timed by the old clock does no harm."""

from typing import Any

import pytest

from leyden.control import Memory
from leyden.control.catalogue import chain
from leyden.control.follow_plan import FollowPlan
from leyden.control.keep_reserve import KeepReserve
from leyden.control.peak_shaving import PeakShaving
from leyden.control.self_consumption import SelfConsumption
from leyden.history.ledger.typed_json import dump, load
from tests.scenarios.dsl import Bench, run, site

CONTROLLERS: list[Any] = [KeepReserve(soc=0.2), PeakShaving(import_limit_w=2e6), FollowPlan(), SelfConsumption()]
PARK = site(solar=2e6, export_w=0.0)


def kept(bench: Bench) -> Memory:
    """States as the ledger keeps them: JSON, by their types."""
    states = {}
    for controller in chain(PARK, CONTROLLERS):
        state = bench.memory.states[controller.name]
        states[controller.name] = load(dump(state), type(state))
        assert states[controller.name] == state, controller.name
    return Memory(states=states)


@pytest.fixture
def before() -> Bench:
    """Ten minutes in which everything happened: a lease that ended, a reserve reached, sun held back, a silence."""
    return run(
        PARK,
        CONTROLLERS,
        """
        time  | load   | pv1  | soc  | command         | b1.bms | meter  => power
        0 s   | 500 kW | 2 MW | 50 % |                 |        |        =>
        60 s  |        |      | 95 % |                 |        |        =>
        120 s | 3 MW   |      | 40 % |                 |        |        =>
        200 s |        |      |      | 1 MW for 60 s   |        |        =>
        270 s |        |      |      |                 | silent |        =>
        300 s |        |      |      |                 | ok     | silent =>
        310 s |        |      |      |                 |        | ok     =>
        590 s | 900 kW | 0 W  | 20 % |                 |        |        => 0 W
        600 s |        |      |      | -1 MW for 0.5 s |        |        =>
        """,
    )


def test_a_reserve_that_was_reached_stays_reached(before):
    table = "time | load | soc => power\n0 s | 900 kW | 21 % => 0 W\n9 s | | => 0 W\n20 s | | 23 % => 900 kW"
    run(PARK, CONTROLLERS, table, memory=kept(before))


def test_what_was_timed_by_the_old_clock_holds_nobody_back(before):
    """The monotonic clock begins at 0 again, ten minutes before the kept moments."""
    run(
        PARK,
        CONTROLLERS,
        """
        time | load   | pv1  | soc  | b1.converter => power    | pv1    | alarms
        0 s  | 900 kW | 0 W  | 50 % | ok           =>          |        | -
        9 s  |        |      |      |              => 900 kW   |        | -
        20 s | 500 kW | 1 MW |      |              => -500 kW  |        | -
        40 s |        |      | 95 % |              => 0 W      | 500 kW | -
        60 s | 2.9 MW | 0 W  | 50 % |              =>          | 2 MW   |
        80 s |        |      |      |              => 1.5 MW   |        | -
        """,
        memory=kept(before),
    )


def test_a_converter_that_was_stopped_stays_stopped_until_it_has_rested():
    stuck = "time | load | b1.converter => power\n0 s | 900 kW | stuck => 900 kW\n30 s | | => 0 W"
    memory = kept(run(PARK, CONTROLLERS, stuck))
    run(
        PARK,
        CONTROLLERS,
        """
        time | load   => power  | alarms
        0 s  | 900 kW => 0 W    | stopped-not-following:b1
        59 s |        => 0 W    | stopped-not-following:b1
        62 s |        => 900 kW | -
        """,
        memory=memory,
    )
