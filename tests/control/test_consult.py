"""Everybody is asked when due; whoever fails is heard as its fall-back, and begins anew."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from leyden.control.consult import Memory, consult
from leyden.control.self_consumption import SelfConsumption
from leyden.model import Snapshot, Want, Words
from leyden.model.reason import NobodyAsks
from leyden.model.site import BATTERIES
from tests.scenarios.dsl import run, site


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Asks for as many watts as it has been asked; cannot live with a state that is no number."""

    name: str = "counts"
    label: ClassVar[Words] = Words("计数", "counts")
    protective: bool = False
    every_s: float = 0.0

    def start(self) -> int:
        return 0

    def propose(self, snapshot: Snapshot, state: int) -> tuple[Any, int]:
        return (Want(BATTERIES, NobodyAsks(), request_w=float(state + 1)),), state + 1

    def summary(self) -> Words:
        return self.label


@pytest.fixture
def snapshot() -> Snapshot:
    bench = run(site(), [SelfConsumption()], "time | load => power\n0 s | 300 kW => 300 kW")
    assert bench.last is not None
    return bench.last[0]


def test_a_state_from_another_version_is_dropped_and_the_next_call_begins_anew(snapshot):
    voices, memory = consult([Counts()], snapshot, Memory(states={"counts": "of another version"}))
    assert voices[0].proposal[0].reason.code == "ControllerFailed"
    assert "TypeError" in memory.failed["counts"]
    voices, memory = consult([Counts()], snapshot, memory)
    assert voices[0].proposal[0].request_w == 1.0
    assert memory.failed == {}


def test_a_restored_state_is_used(snapshot):
    voices, memory = consult([Counts()], snapshot, Memory(states={"counts": 41}))
    assert voices[0].proposal[0].request_w == 42.0
    assert memory.states["counts"] == 42


def test_a_plant_that_cannot_be_read_runs_the_protective_ones_only(snapshot):
    both = [Counts(name="a", protective=True), Counts(name="b")]
    voices, _ = consult(both, snapshot, Memory(), protective_only=True)
    assert [voice.controller for voice in voices] == ["a"]


def test_memory_is_handed_over_not_changed(snapshot):
    before = Memory()
    consult([Counts()], snapshot, before)
    assert before == Memory()
