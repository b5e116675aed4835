"""Made-up packs: the healthy ones name nobody, and what was planted is named, by its kind and its day."""

from functools import cache

import numpy as np
import pytest

from leyden.bms.watch import Digest, Kind, WatchReport, curve_of, digest, watch
from tests.bms.watch.packs import LFP, Fault, Pack, frames_of

CURVE = curve_of(LFP)
ALL = (
    Fault(7, 15, leak_soc_per_day=0.002),
    Fault(50, 15, resistance_per_day=0.01),
    Fault(90, 15, capacity_per_day=0.003),
    Fault(120, 18, joint_ohm=5e-5),
    Fault(150, 20, sensor_v=0.006),
)
KINDS = {
    7: Kind.SELF_DISCHARGE, 50: Kind.RESISTANCE, 90: Kind.CAPACITY, 120: Kind.JOINT, 150: Kind.OFFSET,
}  # fmt: skip


@cache
def digests(pack: Pack) -> list[Digest]:
    made = (digest(frames, day, CURVE) for day, frames in enumerate(frames_of(pack)))
    return [one for one in made if one is not None]


def seen(pack: Pack) -> WatchReport:
    return watch([digests(pack)])


@pytest.mark.parametrize(
    ("seed", "cells", "step_v", "balanced"),
    [
        (1, 384, 0.001, False),
        (2, 384, 0.005, False),
        (3, 104, 0.001, True),
        (4, 16, 0.005, False),
        (5, 384, 0.002, True),
    ],
)
def test_a_healthy_pack_names_nobody(seed, cells, step_v, balanced):
    """With a spread of 1 % in capacity and charge and 5 % in resistance, noise of a millivolt, rounded to 1 to 5 mV."""
    pack = Pack(seed=seed, cells=cells, step_v=step_v, balanced=balanced, days=20, step_s=1200.0)
    assert seen(pack).findings == ()


@pytest.mark.soak
def test_of_sixty_healthy_packs_hardly_one_names_anybody():
    """The false alarm rate: measured, because the real spread is not the normal one that the limit is made for."""
    packs = [
        Pack(seed=100 + k, cells=(384, 104, 16)[k % 3], step_v=(0.001, 0.005)[k % 2], balanced=k % 4 == 0, days=30,
             step_s=900.0)
        for k in range(60)
    ]  # fmt: skip
    assert sum(bool(seen(pack).findings) for pack in packs) <= 2


@pytest.mark.parametrize("balanced", [False, True])
def test_what_was_planted_is_named_by_kind_and_day(balanced):
    report = seen(Pack(faults=ALL, seed=2, cells=160, step_s=900.0, balanced=balanced))
    assert {one.cell: one.kind for one in report.findings} == KINDS
    for one in report.findings:
        planted = next(fault for fault in ALL if fault.cell == one.cell)
        assert one.onset_day is not None
        assert abs(one.onset_day - planted.from_day) <= 4.0
        assert one.since_days == one.last_day - one.onset_day + 1
        assert one.left_v > 0.0  # long before an alarm


def test_numbers_of_the_evidence_are_those_that_were_planted():
    report = seen(Pack(faults=ALL, seed=2, cells=160, step_s=900.0))
    first = {one.cell: one.evidence[0] for one in report.findings}
    assert first[120].change == pytest.approx(5e-5, rel=0.25)
    assert first[150].now == pytest.approx(0.006, abs=0.0015)
    assert first[90].change == pytest.approx(0.003 * 24.0, rel=0.45)
    assert all(one.distance > one.limit for one in first.values())


def test_the_list_is_ranked_by_how_far_beyond_the_limit():
    scores = [one.score for one in seen(Pack(faults=ALL, seed=2, cells=160, step_s=900.0)).findings]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 1.0


def test_a_fault_in_one_rack_is_not_hidden_by_the_other():
    ill = digests(Pack(faults=ALL, seed=2, cells=160, step_s=900.0))
    well = digests(Pack(seed=6, cells=64, step_s=1800.0))
    assert {one.string for one in watch([well, ill]).findings} == {1}


def test_a_cell_that_says_nothing_is_not_judged_and_spoils_nothing():
    pack = Pack(seed=1, cells=64, days=12, step_s=900.0, faults=(Fault(9, 4, joint_ohm=2e-4),))
    made = []
    for day, frames in enumerate(frames_of(pack)):
        frames.voltage_v[:, 20] = np.nan
        frames.voltage_v[:5, 21] = 0.0
        frames.voltage_v[::3, 22] = 6.5535
        made.append(digest(frames, day, CURVE))
    found = watch([[one for one in made if one is not None]]).findings
    assert [one.cell for one in found] == [9]


def test_nothing_recorded_is_nothing_found():
    assert watch([[]]).findings == ()
    assert watch([]).strings == ()
