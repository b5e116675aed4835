"""Everybody is asked when due; whoever fails is heard as its fall-back, and begins anew."""

from dataclasses import dataclass, replace
from math import nan
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


@dataclass(frozen=True, kw_only=True)
class Asks(Counts):
    """Asks something of a target that is not there, or nothing that is a number."""

    name: str = "asks"
    target: str = BATTERIES
    power_w: float = 1.0

    def propose(self, snapshot: Snapshot, state: int) -> tuple[Any, int]:
        return (Want(self.target, NobodyAsks(), request_w=self.power_w),), state


@pytest.mark.parametrize(
    ("asks", "error"),
    [(Asks(target="b9"), "KeyError: \"no target 'b9' here"), (Asks(power_w=nan), "NotANumberError: nan was requested")],
)
def test_what_nobody_could_follow_costs_one_its_word(snapshot, asks, error):
    voices, memory = consult([asks, Counts()], snapshot, Memory())
    assert [voice.proposal[0].reason.code for voice in voices] == ["ControllerFailed", "NobodyAsks"]
    assert memory.failed["asks"].startswith(error)


@dataclass(frozen=True, kw_only=True)
class Seldom(Counts):
    name: str = "seldom"
    every_s: float = 10.0


def test_who_is_not_due_is_heard_with_what_was_said_last(snapshot):
    memory, heard = Memory(), []
    for second in range(21):
        now = replace(snapshot, context=replace(snapshot.context, elapsed_s=100.0 + second))
        voices, memory = consult([Seldom(), Counts()], now, memory)
        heard.append(tuple(voice.proposal[0].request_w for voice in voices))
    assert heard == [(1.0 + second // 10, 1.0 + second) for second in range(21)]


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
