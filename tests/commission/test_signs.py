"""Laws of the verdicts on signs and scales: pure, from pulses that are made up."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leyden.commission.judge.contrast import (
    LEAST_PULSES,
    MOST_PULSES,
    Contrast,
    Noise,
    Plateau,
    Response,
    contrasts,
    noise,
    pulses_needed,
    response,
)
from leyden.commission.judge.factor import Kind, factor_of
from leyden.commission.judge.signs import Seen, judge_signs
from leyden.commission.judge.student import t_cdf, t_quantile
from leyden.commission.judge.trace import GATE, Series
from leyden.commission.judge.verdict import Mark
from tests.twin.parks import a_battery, a_site

SITE = a_site(a_battery("b1"), a_battery("b2"))
PULSE_W, HOLD_S, SETTLE_S = 1000.0, 4.0, 2.0
ORDER = (1.0, -1.0, -1.0, 1.0)
LOSS = 0.1


def pulses(count, gate, disturb, converter=1.0, dc=1.0, other=None):
    """Pulses and rests of four values each; `disturb` are the gate's own moves at each value, `gate` and the others the
    factors with which meters answer."""
    levels = [0.0]
    for i in range(count):
        levels += [ORDER[i % 4] * PULSE_W, 0.0]
    rows: dict[str, list[tuple[float, float]]] = {
        GATE: [],
        "converter:b1": [],
        "dc:b1": [],
        "dc_v:b1": [],
        "load:line1": [],
        "dc:b2": [],
    }
    plateaus, moves = [], iter(disturb)
    for i, level in enumerate(levels):
        begin_s = i * HOLD_S
        plateaus.append(Plateau(level, begin_s, begin_s + SETTLE_S, begin_s + HOLD_S - 0.1))
        for k in range(4):
            t_s = begin_s + SETTLE_S + 0.4 * k
            rows[GATE].append((t_s, 5e4 - gate * level + next(moves, 0.0)))
            rows["converter:b1"].append((t_s, converter * level))
            rows["dc:b1"].append((t_s, dc * (level + LOSS * abs(level))))
            rows["dc_v:b1"].append((t_s, 700.0 - 1e-3 * level))
            rows["load:line1"].append((t_s, -5e4 + (other or {}).get("line", 0.0) * level))
            rows["dc:b2"].append((t_s, (other or {}).get("b2", 0.0) * level))
    return plateaus, {key: Series.of(values) for key, values in rows.items()}


def seen(count, gate, disturb=(), gate_noise_w=0.0, **factors):
    plateaus, series = pulses(count, gate, disturb, **factors)
    found = contrasts(plateaus, series)
    before = {GATE: Noise(gate_noise_w, 2.0)}
    answers = {key: response(found, key, before.get(key, Noise()), -1.0 if key == GATE else 1.0) for key in series}
    return Seen("b1", answers, found, echo_w=PULSE_W, gate_noise_w=gate_noise_w)


def codes(of):
    return {finding.verdict.code for finding in judge_signs(SITE, of)}


HEALTHY = {"ConverterFollows", "DcAgrees", "GateAgrees"}


def test_a_healthy_site_passes_and_its_losses_are_told():
    found = {finding.verdict.code: finding for finding in judge_signs(SITE, seen(4, 1.0))}
    assert found.keys() == HEALTHY
    assert all(finding.mark is Mark.PASSED and finding.confidence == 1.0 for finding in found.values())
    agrees = found["DcAgrees"].verdict.as_json()
    assert agrees["discharge_efficiency"] == pytest.approx(1.0 / 1.1)
    assert agrees["charge_efficiency"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("factors", "named"),
    [
        ({"gate": -1.0}, {"GateReversed"}),
        ({"gate": 10.0}, {"GateScale"}),
        ({"gate": 0.1}, {"GateScale"}),
        ({"gate": -10.0}, {"GateReversed", "GateScale"}),
        ({"gate": 1.5}, {"GateRatio"}),
        ({"gate": 0.7}, {"GateRatio"}),
        ({"gate": 0.7, "converter": 0.7, "dc": 0.7}, {"ConverterOff"}),
        ({"gate": 0.0}, {"GateBlind"}),
        ({"gate": 0.0, "other": {"line": 1.0}}, {"MetersSwapped"}),
        ({"gate": 1.0, "other": {"line": 1.0}}, {"LoadSeesBattery"}),
        ({"gate": 1.0, "dc": -1.0}, {"DcReversed"}),
        ({"gate": -1.0, "dc": -1.0}, {"DcReversed", "GateReversed"}),
        ({"gate": 1.0, "dc": 10.0}, {"DcScale"}),
        ({"gate": 1.0, "dc": 0.0}, {"DcBlind"}),
        ({"gate": 1.0, "dc": 0.0, "other": {"b2": 1.1}}, {"ConvertersSwapped"}),
        ({"gate": 1.0, "converter": 10.0}, {"ConverterReads"}),
        ({"gate": 1.0, "converter": -1.0}, {"ConverterReads"}),
        ({"gate": 1.0, "converter": 0.0}, {"ConverterReads"}),
        ({"gate": 10.0, "dc": 10.0}, {"ConverterScale"}),
        ({"gate": 10.0, "dc": 10.0, "converter": 10.0}, {"ConverterScale"}),
        ({"gate": -1.0, "dc": -1.0, "converter": -1.0}, {"ConverterReversed"}),
        ({"gate": 0.0, "dc": 0.0, "converter": 0.0}, {"ConverterIgnores"}),
        ({"gate": 0.0, "dc": 0.0, "converter": 0.0, "other": {"b2": 1.0}}, {"ConvertersSwapped"}),
    ],
)
def test_what_is_wrong_is_named_by_whoever_stands_alone(factors, named):
    of = seen(4, **factors)
    if factors.get("converter") == -1.0 and factors["gate"] == -1.0:
        # It really charges: then the DC voltage rises when it is told to discharge.
        of = Seen("b1", {**of.answers, "dc_v:b1": Response(1e-3, 1e-5, 4, PULSE_W)}, of.pulses, of.echo_w)
    assert {f.verdict.code for f in judge_signs(SITE, of) if f.mark is Mark.FAILED} == named


BOUND = 0.45
"""Share of the pulse that a load may move at any moment, in the worst possible way."""


@given(
    st.integers(LEAST_PULSES, 12),
    st.lists(st.floats(-BOUND, BOUND), min_size=4, max_size=100),
    st.floats(0.0, 0.3),
)
def test_no_noise_below_the_bound_makes_a_right_meter_reversed_blind_or_of_another_scale(count, moves, quiet):
    """Whoever moves the load, and however well he knows when the pulses come."""
    disturb = [PULSE_W * moves[i % len(moves)] for i in range(4 * (2 * count + 1))]
    told = codes(seen(count, 1.0, disturb, gate_noise_w=quiet * PULSE_W))
    assert not told & {"GateReversed", "GateBlind", "MetersSwapped"}
    assert told >= {"ConverterFollows", "DcAgrees"}


@given(st.integers(0, 2**32 - 1), st.sampled_from([-10.0, -1.0, 0.1, 1.0, 10.0]), st.floats(0.0, 3.0))
def test_a_meter_is_named_rightly_or_not_at_all(seed, gate, share):
    """With the noise that was measured beforehand, whatever it is: 99 % of the time by law, in these trials always."""
    rng = np.random.default_rng(seed)
    disturb = rng.normal(0.0, share * PULSE_W, 4 * (2 * MOST_PULSES + 1))
    # The contrast of means of four: one part of the pulse, half a part of the rests.
    sd_w = share * PULSE_W * math.sqrt(1.5 / 4.0)
    answer = seen(MOST_PULSES, gate, disturb, gate_noise_w=sd_w).answers[GATE]
    named = factor_of(answer)
    assert named.kind in (Kind.UNKNOWN, Kind.DECADE, Kind.NONE, Kind.OTHER)
    if named.kind is Kind.DECADE:
        assert named.value == gate
    if named.kind is Kind.NONE:
        assert abs(gate) <= 0.1


@given(st.sampled_from([-1.0, 1.0]), st.floats(1.0, 20.0))
def test_noise_that_is_too_large_is_undecided(gate, share):
    of = seen(MOST_PULSES, gate, gate_noise_w=10.0 * share * PULSE_W)
    undecided = [finding for finding in judge_signs(SITE, of) if finding.target == SITE.grid.device]
    assert [finding.mark for finding in undecided] == [Mark.UNDECIDED]
    told = undecided[0].verdict.as_json()
    assert told["code"] == "GateUndecided"
    assert told["needed"] > MOST_PULSES  # type: ignore[operator]


@example(ratio=45.0, error=35.0)
@given(ratio=st.floats(-50.0, 50.0), error=st.floats(0.0, 100.0))
def test_what_is_named_fits_all_of_where_the_ratio_may_be(ratio, error):
    named = factor_of(Response(ratio, error, 8, PULSE_W))
    low, high = ratio - error, ratio + error
    if named.kind is Kind.DECADE:
        assert (low > 0.0) == (high > 0.0)
        assert math.copysign(1.0, named.value) == math.copysign(1.0, ratio)
        assert min(abs(low), abs(high)) > 0.3 * abs(named.value)
    elif named.kind is Kind.NONE:
        assert max(abs(low), abs(high)) < 0.3
    elif named.kind is Kind.OTHER:
        assert (low > 0.0) == (high > 0.0)


def test_nothing_is_named_from_nothing():
    assert factor_of(response([], GATE)).kind is Kind.UNKNOWN
    assert factor_of(Response(math.nan, 0.1, 2, PULSE_W)).kind is Kind.UNKNOWN
    one = [Contrast(PULSE_W, {GATE: -PULSE_W})]
    assert math.isinf(response(one, GATE, sign=-1.0).error)


@given(st.floats(0.0, 1e3), st.floats(0.0, 1e3))
def test_more_noise_wants_more_pulses(less, more):
    few, many = sorted((less, more))
    assert LEAST_PULSES <= pulses_needed(few, PULSE_W) <= pulses_needed(many, PULSE_W)
    assert pulses_needed(many, PULSE_W) % 2 == 0


@given(st.floats(-1e4, 1e4), st.floats(-100.0, 100.0))
def test_a_load_that_drifts_evenly_is_no_noise(level_w, slope_w_per_s):
    t_s = np.arange(0.0, 60.0, 0.25)
    found = noise(Series(t_s, level_w + slope_w_per_s * t_s), HOLD_S, SETTLE_S, 0.0, 60.0)
    assert found.sd < 1e-6 * (abs(level_w) + 60.0 * abs(slope_w_per_s)) + 1e-9 + 0.3 * abs(slope_w_per_s)
    assert found.windows >= 1.0


def test_pulses_that_were_spoilt_do_not_count():
    plateaus, series = pulses(4, 1.0, ())
    spoilt = [Plateau(p.level_w, p.begin_s, p.from_s, p.end_s, sound=i != 3) for i, p in enumerate(plateaus)]
    assert len(contrasts(plateaus, series)) == 4
    assert len(contrasts(spoilt, series)) == 3


@pytest.mark.parametrize(
    ("probability", "dof", "t"),
    [(0.975, 1.0, 12.706), (0.995, 4.0, 4.604), (0.995, 10.0, 3.169), (0.975, 1e6, 1.95996)],
)
def test_students_t_is_the_one_in_the_tables(probability, dof, t):
    assert t_quantile(probability, dof) == pytest.approx(t, rel=1e-3)
    assert t_cdf(t, dof) == pytest.approx(probability, abs=1e-4)
    assert t_cdf(-t, dof) == pytest.approx(1.0 - probability, abs=1e-4)
