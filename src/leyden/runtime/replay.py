"""Deciding again: the cycles of a black box through the `cycle` that decided them, and whether they come out alike.

Nothing is simulated: each cycle is given what the plant said then and what was in force then. What one cycle carries to
the next is our own, from the first chunk on; only where cycles are missing it is taken from the box again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from leyden.control import Memory
from leyden.model import Controller, Decision, Snapshot
from leyden.model.plant import Setpoints
from leyden.model.readings import Readings
from leyden.model.setpoint import Setpoint
from leyden.model.site import Site
from leyden.model.snapshot import Context
from leyden.model.words import Words
from leyden.runtime.beginning import taken_over
from leyden.runtime.blackbox import Chunk, Cycle
from leyden.runtime.blackbox.box import outcome
from leyden.runtime.blackbox.layout import unpack
from leyden.runtime.blackbox.tagged import Maker, TaggedError, field_names, with_fields
from leyden.runtime.cycle import Carried, cycle
from leyden.runtime.describe import decision_json


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision made again."""

    decision: Decision
    differences: tuple[Words, ...]
    """What did not come out as it did then; empty where every bit of it did."""
    body: bytes
    """The decision with its trail as JSON, as the record has it."""


def replay(
    site: Site, controllers: Sequence[Controller[Any]], chunks: Iterable[Chunk], start: datetime, end: datetime
) -> Iterator[Replayed]:
    """The decisions of [start, end] again; earlier cycles of the first chunk are decided without being told.

    Raises TaggedError where a chunk holds what this version does not know.
    """
    maker, again = Maker(), _Again(site)
    for chunk in chunks:
        heard = _heard(controllers, chunk)
        if again.carried is None or again.carried.number + 1 != chunk.cycles[0].outcome.number:
            again.carried = maker.value(orjson.loads(chunk.carried))
        context: dict[str, Any] = {}
        for each in chunk.cycles:
            context |= {name: maker.value(orjson.loads(text)) for name, text in each.changes.items()}
            found = again.decide(heard, chunk, each, context)
            if start <= found.decision.time <= end:
                yield found


def _heard(controllers: Sequence[Controller[Any]], chunk: Chunk) -> list[Controller[Any]]:
    by_name = {controller.name: controller for controller in controllers}
    missing = [name for name in chunk.controllers if name not in by_name]
    if missing:
        raise TaggedError(f"no controller {', '.join(missing)} here: it was another version, or a package is missing")
    return [by_name[name] for name in chunk.controllers]


class _Again:
    """Plant and journal of a cycle that has been before."""

    def __init__(self, site: Site) -> None:
        self.carried: Carried | None = None
        self._site = site
        self._readings = Readings()
        self._decision: Decision | None = None

    def read(self) -> Readings:
        """What the plant said then."""
        return self._readings

    def write(self, setpoints: Setpoints) -> None:
        """Nobody is told."""

    def note(self, snapshot: Snapshot, decision: Decision, memory: Memory) -> None:
        """What came of it."""
        self._decision = decision

    def decide(
        self, controllers: Sequence[Controller[Any]], chunk: Chunk, then: Cycle, fields: Mapping[str, Any]
    ) -> Replayed:
        """One cycle."""
        assert self.carried is not None
        self._readings = unpack(chunk.slots, then.row)
        self.carried = cycle(
            self._site, self, controllers, lambda told: _context(then, fields, told), self, self.carried
        )
        decision = self._decision
        assert decision is not None
        body = orjson.dumps(decision_json(decision))
        return Replayed(decision, tuple(_differences(then, decision, body)), body)


def _context(then: Cycle, fields: Mapping[str, Any], setpoints: Mapping[str, Setpoint]) -> Context:
    known = set(field_names(Context) or ())
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=then.t_us)
    context = Context(time=time, elapsed_s=then.elapsed_s)
    context = with_fields(context, **{name: value for name, value in fields.items() if name in known})
    return with_fields(context, setpoints=taken_over(setpoints, context.begun, context.elapsed_s))


def _differences(then: Cycle, decision: Decision, body: bytes) -> Iterator[Words]:
    """Set-point by set-point; if all are the same, whether the trail is too."""
    now, before = outcome(decision, body), then.outcome
    if now.digest == before.digest and now.setpoints == before.setpoints:
        return
    if now.number != before.number:
        yield Words("编号 {was} → {now}", "number {was} -> {now}").fill({"was": before.number, "now": now.number})
    told, same = {target: rest for target, *rest in now.setpoints}, True
    for target, power_w, reactive_var, run in before.setpoints:
        if told.get(target) != [power_w, reactive_var, run]:
            same = False
            found = told.get(target)
            values = {"target": target, "was_w": power_w, "now_w": float("nan") if found is None else found[0]}
            yield Words("{target} {was_w} → {now_w}", "{target} {was_w} -> {now_w}").fill(values)
    if same:
        yield Words("设定值一致,依据不同", "the set-points are the same, the trail is another")
