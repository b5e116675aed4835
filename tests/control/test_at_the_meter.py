"""A limit is missed when the meter itself has shown it for long enough."""

from dataclasses import replace

import pytest

from leyden.control.at_the_meter import missed
from leyden.control.lasting import NEVER
from leyden.control.self_consumption import SelfConsumption
from tests.scenarios.dsl import run, site


@pytest.mark.parametrize(("stumble_s", "first_s"), [(0.0, 3), (30.0, 33)])
def test_a_stumble_of_this_computer_is_waited_for(stumble_s, first_s):
    bench = run(site(), [SelfConsumption()], "time | load => power\n0 s | 0 W => 0 W")
    assert bench.last is not None
    snapshot, over, seen = bench.last[0], NEVER, []
    for second in range(40):
        context = replace(snapshot.context, elapsed_s=float(second), stumble_s=stumble_s)
        over = missed(over, 1e6, 4e6, replace(snapshot, context=context))
        seen.append(over.standing)
    assert seen.index(True) == first_s
