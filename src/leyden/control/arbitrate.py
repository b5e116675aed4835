"""Many wants, one decision: bounds only narrow, the first request wins, every step is kept.

The batteries of a site span a region: each within its own bounds, their sum within the group's. A want is folded in by
cutting the region with its bounds, projected on its target, so that what is left can always be met. A bound that
misses what earlier ones left shrinks to their nearest edge and the step says by how much. Solar and wind are targets of
their own, where nothing asked means: generate what you can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan, sqrt

from leyden.control.split import split
from leyden.model.bounds import Bounds, exactly
from leyden.model.decision import Step
from leyden.model.proposal import Proposal, Want
from leyden.model.setpoint import Setpoint
from leyden.model.site import BATTERIES, Site
from leyden.model.words import Words


@dataclass(frozen=True, slots=True)
class Voice:
    """One controller's proposal, in its place in the order."""

    controller: str
    label: Words
    proposal: Proposal


@dataclass(slots=True)
class _Region:
    """What is still allowed: a box per battery, and an interval for their sum."""

    own: dict[str, Bounds]
    group: Bounds = field(default_factory=Bounds)
    asked: set[str] = field(default_factory=set)

    def total(self) -> Bounds:
        """What the sum may still be."""
        low, high = sum(b.low for b in self.own.values()), sum(b.high for b in self.own.values())
        return _between(max(low, self.group.low), min(high, self.group.high))

    def project(self, target: str) -> Bounds:
        """What one target may still do, given what all the others can."""
        if target == BATTERIES:
            return self.total()
        mine = self.own[target]
        others_low = sum(b.low for name, b in self.own.items() if name != target)
        others_high = sum(b.high for name, b in self.own.items() if name != target)
        return _between(max(mine.low, self.group.low - others_high), min(mine.high, self.group.high - others_low))

    def cut(self, target: str, bounds: Bounds) -> tuple[bool, float]:
        """Narrow one target; whether anything was taken away, and by how much the bounds were missed."""
        before = self.project(target)
        after, missed = before.narrow(bounds)
        if target == BATTERIES:
            self.group = after
        else:
            self.own[target] = after
        return after != before, missed

    def take(self, target: str, request_w: float) -> float | None:
        """Give the first request for a target what is left of it; None to all later ones."""
        if target in self.asked:
            return None
        self.asked.add(target)
        taken_w = self.project(target).clamp(request_w)
        self.cut(target, exactly(taken_w))
        return taken_w


def _between(low: float, high: float) -> Bounds:
    """Bounds from sums, which round: a crossing by a rounding error is a point, not an empty region."""
    return Bounds(low, high) if low <= high else exactly((low + high) / 2)


def arbitrate(
    site: Site, voices: Sequence[Voice], soc: Mapping[str, float]
) -> tuple[dict[str, Setpoint], tuple[Step, ...], float]:
    """Fold the proposals in their order into set-points for every target, the trail, and the batteries' total in W.

    `soc` (0 to 1, nan where unknown) only weighs how batteries share a total. Wants for targets that the site does not
    have raise KeyError: configuration is checked at the edge, so this is a programming error.
    """
    # Ratings bound the region from the start so that every sum is finite; the ratings controller says the same aloud.
    region = _Region({b.name: Bounds(-b.converter.power_w, b.converter.power_w) for b in site.batteries})
    sources = {s.name: Bounds(0.0, s.power_w) for s in (*site.solar, *site.wind)}
    steps = tuple(_fold(region, sources, voice, want) for voice in voices for want in voice.proposal)
    total_w, powers = _shares(site, region, soc)
    stopped = {want.target for voice in voices for want in voice.proposal if want.stop}
    reactive = _reactive(site, powers, voices)
    setpoints = {
        name: Setpoint(power_w, reactive[name], run=name not in stopped and BATTERIES not in stopped)
        for name, power_w in powers.items()
    }
    setpoints |= {name: Setpoint(bounds.high, run=name not in stopped) for name, bounds in sources.items()}
    return setpoints, steps, total_w


def _fold(region: _Region, sources: dict[str, Bounds], voice: Voice, want: Want) -> Step:
    """One want, cut into what earlier ones left."""
    if want.target in sources:
        before = sources[want.target]
        after, missed = before.narrow(want.power_w)
        sources[want.target] = after
        return Step(voice.controller, voice.label, want, after, region.total(), after != before, missed)
    if want.target != BATTERIES and want.target not in region.own:
        raise KeyError(f"{voice.controller} wants something of '{want.target}', which this site does not have")
    narrowed, missed = region.cut(want.target, want.power_w)
    allowed, total = region.project(want.target), region.total()
    taken_w = None if want.request_w is None else region.take(want.target, want.request_w)
    return Step(voice.controller, voice.label, want, allowed, total, narrowed, missed, taken_w)


def _shares(site: Site, region: _Region, soc: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """The total, nearest to rest in what is left, shared by what each battery can still give or take."""
    if not site.batteries:
        return 0.0, {}
    names = list(region.own)
    low, high = [region.own[name].low for name in names], [region.own[name].high for name in names]
    at_rest = [region.own[name].clamp(0.0) for name in names]
    total_w = region.total().clamp(sum(at_rest))
    if BATTERIES not in region.asked:
        # Nobody asked the group: only those that its bounds need move away from rest, and only that way.
        low, high = (at_rest, high) if total_w >= sum(at_rest) else (low, at_rest)
    weight = [_weight(site.battery(name).energy_wh, soc.get(name, nan), total_w) for name in names]
    return total_w, dict(zip(names, split(total_w, low, high, weight), strict=True))


def _weight(energy_wh: float, soc: float, total_w: float) -> float:
    """How much of a total falls to a battery: what it can still give, or take; half full where nobody knows."""
    known = soc if 0.0 <= soc <= 1.0 else 0.5
    return energy_wh * max(known if total_w >= 0.0 else 1.0 - known, 1e-3)


def _reactive(site: Site, powers: Mapping[str, float], voices: Sequence[Voice]) -> dict[str, float]:
    """Q per battery, folded like P, in what the converter's circle leaves beside P."""
    result = {}
    for battery in site.batteries:
        room = sqrt(max(0.0, battery.converter.apparent_va**2 - powers[battery.name] ** 2))
        allowed, asked = Bounds(-room, room), None
        for want in (w for voice in voices for w in voice.proposal if w.target == battery.name):
            allowed, _ = allowed.narrow(want.reactive_power_var)
            asked = want.request_var if asked is None else asked
        result[battery.name] = allowed.clamp(asked or 0.0)
    return result
