"""What was decided, and every step that led to it."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from leyden.model.bounds import Bounds
from leyden.model.proposal import Want
from leyden.model.setpoint import Setpoint
from leyden.model.words import Words

_W = 1.0
"""Powers closer than this are the same power: a watt is nothing on a site, and far above rounding."""


class Step(Struct, frozen=True):
    """One want, and what became of it."""

    controller: str
    label: Words
    want: Want
    allowed_w: Bounds
    """What the want's target may still do after this step."""
    total_w: Bounds
    """What all batteries together may still do after this step."""
    narrowed: bool = False
    """Whether this step's bounds took anything away."""
    missed_w: float = 0.0
    """By how much its bounds had to give way to earlier ones."""
    taken_w: float | None = None
    """What its request was given, if it was the first to ask for this target."""


class Decision(Struct, frozen=True):
    """Set-points with the trail behind them; the record keeps it under its number."""

    number: int
    time: datetime
    setpoints: Mapping[str, Setpoint]
    steps: tuple[Step, ...]
    total_w: float
    """What all batteries together are to deliver."""

    @property
    def commander(self) -> Step | None:
        """Who commands: the first to ask, unless a bound forces more than was asked; None at rest.

        A bound that gives the askers less than they asked only limits them, and is found in `binding`.
        """
        askers = [step for step in self.steps if step.taken_w is not None]
        forced = abs(self.total_w - sum(step.taken_w or 0.0 for step in askers)) > _W
        for step in askers:
            wanted_w, taken_w = step.want.request_w or 0.0, step.taken_w or 0.0
            forced = forced or not min(wanted_w, 0.0) - _W <= taken_w <= max(wanted_w, 0.0) + _W
        if forced:
            pushes = [step for before, step in self._edges() if _pushes(before, step, self.total_w)]
            return pushes[-1] if pushes else next(iter(askers), None)
        return next(iter(askers), None)

    @property
    def binding(self) -> tuple[Step, ...]:
        """The steps that set the edge at which the total lies, latest first; empty where the total is free."""
        return tuple(step for before, step in self._edges() if _sets_edge(before, step, self.total_w))[::-1]

    def _edges(self) -> list[tuple[Step | None, Step]]:
        """Every step that narrowed something, with the one before it."""
        pairs = zip((None, *self.steps), self.steps, strict=False)
        return [(before, step) for before, step in pairs if step.narrowed]

    @property
    def sentence(self) -> Words:
        """What the batteries do and why: "discharging 812 kW: load 2.9 MW, import limit 2.1 MW (peak shaving)"."""
        verb, step = _verb(self.total_w), self.commander
        if step is None:
            return verb
        why, by = step.want.reason.words, step.label
        return Words(f"{verb.zh}:{why.zh}({by.zh})", f"{verb.en}: {why.en} ({by.en})")

    @property
    def shortfalls(self) -> tuple[Step, ...]:
        """Steps whose bounds could not be kept, because earlier ones stood against them."""
        return tuple(step for step in self.steps if step.missed_w > _W)


_DISCHARGING = Words("放电 {power_w}", "discharging {power_w}")
_CHARGING = Words("充电 {power_w}", "charging {power_w}")
_RESTING = Words("静置", "resting")


def _verb(total_w: float) -> Words:
    if abs(total_w) < _W:
        return _RESTING
    return (_DISCHARGING if total_w > 0 else _CHARGING).fill({"power_w": abs(total_w)})


def _sets_edge(before: Step | None, step: Step, total_w: float) -> bool:
    """Whether this step moved an edge of the total to where the result now lies."""
    low_moved, high_moved = _moved(before, step)
    return (low_moved and abs(step.total_w.low - total_w) <= _W) or (
        high_moved and abs(step.total_w.high - total_w) <= _W
    )


def _pushes(before: Step | None, step: Step, total_w: float) -> bool:
    """Whether this step moved the edge that keeps the result from rest."""
    low_moved, high_moved = _moved(before, step)
    edge = (low_moved, step.total_w.low) if total_w >= 0.0 else (high_moved, step.total_w.high)
    return edge[0] and abs(edge[1] - total_w) <= _W


def _moved(before: Step | None, step: Step) -> tuple[bool, bool]:
    """Whether this step moved the low and the high edge of the total."""
    return (
        before is None or step.total_w.low > before.total_w.low,
        before is None or step.total_w.high < before.total_w.high,
    )
