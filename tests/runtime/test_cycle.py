"""The cycle on a plant that does nothing, and on controllers that fail."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from leyden.control import Memory
from leyden.model import Decision, Snapshot, Want, Words
from leyden.model.plant import NullPlant, Setpoints
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES
from leyden.model.snapshot import Context
from leyden.runtime import Carried, cycle
from tests.control.test_arbitrate import ONE


class Because(Reason, frozen=True):
    sentence = Words("因为", "because")


@dataclass
class Notebook:
    pages: list[tuple[Snapshot, Decision, Memory]] = field(default_factory=list)

    def note(self, snapshot: Snapshot, decision: Decision, memory: Memory) -> None:
        self.pages.append((snapshot, decision, memory))


@dataclass
class Remembering(NullPlant):
    written: list[Setpoints] = field(default_factory=list)

    def write(self, setpoints: Setpoints) -> None:
        self.written.append(setpoints)


class Asks:
    label = Words("请求", "asks")
    protective = False
    every_s = 0.0

    def __init__(self, name: str, power_w: float | None) -> None:
        self.name = name
        self.power_w = power_w

    def start(self) -> int:
        return 0

    def propose(self, snapshot: Snapshot, state: int) -> tuple[tuple[Want, ...], int]:
        if self.power_w is None:
            raise ZeroDivisionError("planted")
        return (Want(BATTERIES, Because(), request_w=self.power_w),), state + 1

    def summary(self) -> Words:
        return self.label


class Protects(Asks):
    protective = True


class Slow(Asks):
    every_s = 10.0


def turn(controllers, turns=1):
    plant, notebook, carried = Remembering(), Notebook(), Carried()
    for second in range(turns):

        def context(setpoints, second=second):
            return Context(
                time=datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC), elapsed_s=float(second), setpoints=setpoints
            )

        carried = cycle(ONE, plant, controllers, context, notebook, carried)
    return plant, notebook, carried


def test_nothing_asked_writes_rest():
    plant, notebook, carried = turn([])
    assert plant.written[0]["b1"].power_w == 0.0
    assert notebook.pages[0][1].number == 1
    assert carried.setpoints == plant.written[0]


def test_states_are_carried():
    _, _, carried = turn([Asks("a", 1e5)], turns=3)
    assert carried.memory.states["a"] == 3
    assert carried.number == 3


def test_a_slow_controller_is_asked_when_due_and_stands_in_between():
    plant, _, carried = turn([Slow("a", 1e5)], turns=12)
    assert carried.memory.states["a"] == 2
    assert all(written["b1"].power_w == 1e5 for written in plant.written)


def test_an_economic_controller_that_fails_has_nothing_to_say():
    plant, notebook, _ = turn([Asks("broken", None), Asks("next", 2e5)])
    assert plant.written[0]["b1"].power_w == 2e5
    assert "ZeroDivisionError: planted" in notebook.pages[0][2].failed["broken"]


def test_a_protective_controller_that_fails_holds_at_zero():
    plant, notebook, _ = turn([Protects("broken", None), Asks("next", 2e5)])
    assert plant.written[0]["b1"].power_w == 0.0
    assert notebook.pages[0][1].steps[0].want.reason.code == "ControllerFailed"
