"""Times from made-up steps: what was put in is found again, with an honest spread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.commission.judge.step_fit import ramp_response
from leyden.commission.judge.timing import Edge, judge_timing, spread_of, times_of
from leyden.commission.judge.trace import GATE, Series, Traces
from tests.twin.parks import a_battery, a_site

SITE = a_site(a_battery("b1"))
STEP_W = 4e5


def stepped(dead_s, ramp_w_per_s, lag_s, delay_s, look_s=0.1, load=lambda t_s: 0.0, count=12):
    """Traces of steps up and down, every look a little later than the one before."""
    hold_s = 6.0 + STEP_W / ramp_w_per_s
    edges = []
    for i in range(count):
        told_s = 10.0 + i * (hold_s + 0.37 * look_s)
        low, high = (0.0, STEP_W) if i % 2 == 0 else (STEP_W, 0.0)
        edges.append(Edge(told_s, low, high, told_s + hold_s))
    t_s = np.arange(0.0, edges[-1].end_s + 5.0, look_s) + 0.013
    ramp_s = STEP_W / ramp_w_per_s

    def at(times_s):
        total = np.zeros_like(times_s)
        for edge in edges:
            total += (edge.to_w - edge.from_w) * ramp_response(times_s - edge.told_s - dead_s, ramp_s, lag_s)
        return total

    power = Series(t_s, at(t_s))
    gate = Series(t_s, 2e6 + np.array([load(t) for t in t_s]) - at(t_s - delay_s))
    return Traces({"converter:b1": power, GATE: gate}), edges


@pytest.mark.parametrize(
    ("dead_s", "ramp_w_per_s", "lag_s", "delay_s"),
    [(0.0, 4e5, 0.0, 0.2), (0.3, 2e5, 0.3, 1.0), (0.1, 1e6, 0.1, 3.0), (1.0, 1e5, 0.0, 0.0)],
)
def test_what_was_put_in_is_found_again(dead_s, ramp_w_per_s, lag_s, delay_s):
    traces, edges = stepped(dead_s, ramp_w_per_s, lag_s, delay_s)
    times = times_of(traces, "b1", edges)
    assert times.steps == 12
    assert times.dead_s.median == pytest.approx(dead_s, abs=0.06)
    assert times.ramp_w_per_s.median == pytest.approx(ramp_w_per_s, rel=0.1)
    assert times.delay_s.median == pytest.approx(delay_s, abs=0.06)


def test_a_ramp_that_is_over_between_two_looks_is_only_told_to_be_no_slower():
    traces, edges = stepped(0.1, 2e7, 0.0, 0.5, look_s=0.25)
    times = times_of(traces, "b1", edges)
    found, lines = judge_timing(SITE, "b1", times, gate_trusted=True)
    codes = [finding.verdict.code for finding in found]
    assert codes in (["DeadTime", "RampAtLeast", "MeterDelay"], ["DeadTime", "Ramp", "MeterDelay"])
    assert times.at_least_w_per_s < 2.5e7
    assert lines[0].table == "[battery.b1]"


def test_a_load_that_hides_the_steps_leaves_the_delay_undecided():
    rng = np.random.default_rng(1)
    traces, edges = stepped(0.1, 4e5, 0.1, 0.5, load=lambda _: 3e6 * rng.standard_normal())
    found, lines = judge_timing(SITE, "b1", times_of(traces, "b1", edges), gate_trusted=True)
    assert [finding.verdict.code for finding in found][-1] == "DelayUndecided"
    assert [line.table for line in lines] == ["[battery.b1]"]


def test_a_converter_that_does_not_move_leaves_its_times_undecided():
    traces, edges = stepped(0.1, 4e5, 0.1, 0.5)
    still = Traces({"converter:b1": Series(traces[GATE].t_s, 0.0 * traces[GATE].t_s), GATE: traces[GATE]})
    found, lines = judge_timing(SITE, "b1", times_of(still, "b1", edges), gate_trusted=True)
    assert [finding.verdict.code for finding in found] == ["TimesUndecided", "DelayUndecided"]
    assert lines == []


def test_lines_say_what_the_file_would_and_whether_it_does():
    traces, edges = stepped(0.3, 7.5e5, 0.1, 1.0)
    _, lines = judge_timing(SITE, "b1", times_of(traces, "b1", edges), gate_trusted=True)
    converter, meter = lines
    assert converter.text.startswith('converter = { device = "pcs-b1", power = "1.5 MW", apparent = ')
    assert 'dead_time = "0.3 s"' in converter.text
    assert converter.changes
    assert (meter.table, meter.text, meter.changes) == ("[grid]", 'meter_delay = "1 s"', False)
    assert "12 steps" in meter.toml


@given(st.floats(0.0, 2.0), st.floats(0.05, 5.0), st.just(0.0) | st.floats(0.01, 1.0))
def test_a_step_seen_through_a_lag_rises_from_nothing_to_all_of_it(dead_s, ramp_s, lag_s):
    t_s = np.linspace(-1.0, 60.0, 400)
    share = ramp_response(t_s - dead_s, ramp_s, lag_s)
    assert (np.diff(share) >= -1e-9).all()
    assert share[0] == 0.0
    assert share[-1] == pytest.approx(1.0, abs=1e-3)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_a_spread_is_of_what_there_is(values):
    found = spread_of([*values, float("nan"), float("inf")])
    assert found.count == len(values)
    assert min(values) <= found.median <= max(values)
    assert 0.0 <= found.spread <= (max(values) - min(values)) / 2.0 + 1e-6
