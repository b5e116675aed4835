"""The cycle: the page to read first.

Read the plant, observe, let every controller propose, arbitrate, write, and hand what happened to the journal. It is
plain synchronous code: devices poll on tasks of their own, the journal only enqueues. The same function runs the live
site, the demo and every study.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from leyden.control import Memory, Observed, arbitrate, consult, observe
from leyden.model import Controller, Decision, Plant, Site, Snapshot
from leyden.model.setpoint import Setpoint
from leyden.model.snapshot import Context


class Journal(Protocol):
    """Where a cycle leaves what happened: record, ledger, alarms, the room's stream. Must not wait."""

    def note(self, snapshot: Snapshot, decision: Decision, memory: Memory) -> None:
        """Take over one cycle."""
        ...


@dataclass(frozen=True, slots=True)
class Carried:
    """What one cycle hands to the next."""

    number: int = 0
    observed: Observed = field(default_factory=Observed)
    memory: Memory = field(default_factory=Memory)
    setpoints: Mapping[str, Setpoint] = field(default_factory=dict)


def cycle(
    site: Site,
    plant: Plant,
    controllers: Sequence[Controller[Any]],
    context: Callable[[Mapping[str, Setpoint]], Context],
    journal: Journal,
    carried: Carried,
) -> Carried:
    """One turn. `context` gives time, prices, plan and leases, knowing the set-points in force."""
    readings = plant.read()
    snapshot, observed = observe(site, readings, context(carried.setpoints), carried.observed)
    voices, memory = consult(controllers, snapshot, carried.memory)
    setpoints, steps, total_w = arbitrate(site, voices, snapshot.socs)
    decision = Decision(carried.number + 1, snapshot.time, setpoints, steps, total_w)
    plant.write(setpoints)
    journal.note(snapshot, decision, memory)
    return Carried(decision.number, observed, memory, setpoints)
