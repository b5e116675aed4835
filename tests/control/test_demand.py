"""Net demand: exact at rest, and never moved by what the battery itself may explain."""

from hypothesis import given
from hypothesis import strategies as st

from leyden.control.demand import KEEP_S, Demand, demanded
from leyden.control.trace import Trace

RATED_W = 1e6


def seen(*looks: tuple[float, float, float], told_s: float = 1.0) -> Demand:
    """(time, meter, battery) after one another."""
    demand = Demand()
    for time_s, grid_w, battery_w in looks:
        demand = demanded(demand, (time_s, grid_w), (time_s, battery_w), told_s, RATED_W)
    return demand


def test_at_rest_it_is_exact_at_once():
    assert seen((0, 5e5, 0)).net_w == 5e5
    assert seen((0, 5e5, 1e5), (1, 5e5, 1e5), (2, 9e5, 1e5)).net_w == 1e6


def test_the_battery_s_own_move_is_no_demand_whenever_the_meter_shows_it():
    for late in range(5):
        looks = [(float(t), 5e5 - (4e5 if t >= 10 + late else 0.0), 4e5 if t >= 10 else 0.0) for t in range(20)]
        for upto in range(1, 20):
            assert seen(*looks[:upto]).net_w == 5e5, (late, upto)


def test_what_the_battery_cannot_explain_is_demand_even_while_it_moves():
    assert seen((0, 5e5, 0), (1, 5e5, 4e5), (2, 2e6, 4e5)).net_w == 2e6
    assert seen((0, 5e5, 0), (1, 5e5, 4e5), (2, -1e6, 4e5)).net_w == -6e5


def test_a_value_that_was_read_before_changes_nothing_but_the_battery_is_remembered():
    before = seen((0, 5e5, 0), (1, 5e5, 0))
    again = demanded(before, (1.0, 5e5), (1.5, 3e5), 1.0, RATED_W)
    assert again.net_w == before.net_w
    assert again.battery.powers[-1] == 3e5
    blind = demanded(again, None, (2.0, 4e5), 1.0, RATED_W)
    assert blind.net_w == before.net_w
    assert blind.battery.powers[-1] == 4e5


looks = st.lists(st.tuples(st.sampled_from([0.1, 1.0, 3.0]), st.floats(-5e6, 5e6), st.floats(-1e6, 1e6)), max_size=40)


@given(looks)
def test_it_lies_between_what_the_last_seconds_allow_and_memory_is_bounded(steps):
    time_s, demand, powers = 0.0, Demand(), []
    for dt_s, grid_w, battery_w in steps:
        time_s += dt_s
        powers.append(battery_w)
        demand = demanded(demand, (time_s, grid_w), (time_s, battery_w), 1.0, RATED_W)
        assert grid_w + min(powers) - 5.1e6 <= demand.net_w <= grid_w + max(powers) + 5.1e6
        assert (
            demand.battery.moments[-1] - demand.battery.moments[0] <= KEEP_S + 3.0 or len(demand.battery.moments) <= 2
        )
    if steps and len({step[2] for step in steps}) == 1 and len({step[1] for step in steps}) == 1:
        assert demand.net_w == steps[0][1] + steps[0][2]


def test_a_trace_interpolates_holds_its_ends_and_knows_its_range():
    trace = Trace().add(0.0, 0.0, 5.0).add(1.0, 100.0, 5.0).add(3.0, 50.0, 5.0)
    assert [trace.at(t) for t in (-1.0, 0.0, 0.5, 2.0, 3.0, 9.0)] == [0.0, 0.0, 50.0, 75.0, 50.0, 50.0]
    assert trace.within(0.5, 0.6) == (0.0, 100.0)
    assert trace.within(1.5, 2.0) == (50.0, 100.0)
    assert trace.within(4.0, 5.0) == (50.0, 50.0)
    assert trace.add(3.0, 7.0, 5.0) is trace
    assert trace.add(9.0, 1.0, 5.0).moments == (3.0, 9.0)
