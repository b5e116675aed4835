"""Many wants, one decision: bounds only narrow, the first request wins, every step is kept.

The batteries of a site span a region: each within its own bounds, their sum within the group's. A want is folded in by
cutting the region with its bounds, projected on its target, so that what is left can always be met. A bound that
misses what earlier ones left shrinks to their nearest edge and the step says by how much. Solar and wind are targets of
their own, where nothing asked means: generate what you can.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import nan, sqrt

from msgspec import Struct

from leyden.control.split import split
from leyden.model.bounds import FREE, Bounds, exactly
from leyden.model.decision import Step
from leyden.model.proposal import Proposal, Want
from leyden.model.setpoint import Setpoint
from leyden.model.site import BATTERIES, Site
from leyden.model.words import Words


class Voice(Struct, frozen=True):
    """One controller's proposal, in its place in the order."""

    controller: str
    label: Words
    proposal: Proposal


class _Region(Struct):
    """What is still allowed: a box per battery, and an interval for their sum."""

    own: dict[str, Bounds]
    total: Bounds
    """What the sum may still be; kept, because every step tells it."""
    group: Bounds = FREE
    asked: dict[str, float] = {}
    """What each battery that was asked by name was given."""
    group_asked: bool = False
    touched: set[str] = set()

    def _sum(self) -> None:
        own_low = own_high = 0.0
        for bounds in self.own.values():
            own_low += bounds.low
            own_high += bounds.high
        self.total = _between(max(self.group.low, own_low), min(self.group.high, own_high))

    def _others(self, target: str) -> tuple[float, float, float]:
        """Sums over all others: the least, the most, and what they do if nobody wants anything of them."""
        low = high = rest = 0.0
        for name, bounds in self.own.items():
            if name != target:
                low += bounds.low
                high += bounds.high
                rest += bounds.clamp(0.0)
        return low, high, rest

    def left(self, target: str) -> Bounds:
        """What one battery may still do, given what all the others can."""
        mine = self.own[target]
        if self.group is FREE:
            return mine
        low, high, _ = self._others(target)
        return _between(max(mine.low, self.group.low - high), min(mine.high, self.group.high - low))

    def fold(self, voice: Voice, want: Want) -> Step:
        """One want, cut into what earlier ones left."""
        target, bounds = want.target, want.power_w
        before = after = self.total if target == BATTERIES else self.left(target)
        narrowed, missed_w = False, 0.0
        if bounds is not FREE:
            after, missed_w = before.narrow(bounds)
            if after is before:
                # The region begins at the ratings: who says them first has set that edge.
                narrowed = target not in self.touched and (bounds.low == before.low or bounds.high == before.high)
            elif after != before:
                narrowed = True
                self._set(target, after)
            if narrowed:
                self.touched.add(target)
        total = self.total
        taken_w = None if want.request_w is None else self.take(target, want.request_w)
        return Step(voice.controller, voice.label, want, after, total, narrowed, missed_w, taken_w)

    def _set(self, target: str, bounds: Bounds) -> None:
        if target == BATTERIES:
            self.group = self.total = bounds
        else:
            self.own[target] = bounds
            self._sum()

    def take(self, target: str, request_w: float) -> float | None:
        """Give the first request for a target what is left of it; None to all later ones.

        A request is served without setting batteries against each other: no other battery is made to charge what this
        one gives. Only bounds, and requests by name, may do that.
        """
        if target == BATTERIES:
            return None if self.group_asked else self._take_all(request_w)
        if target in self.asked:
            return None
        rest_w = self._others(target)[2]
        easy = Bounds(min(self.group.low - rest_w, 0.0), max(self.group.high - rest_w, 0.0))
        taken_w = self.left(target).narrow(easy)[0].clamp(request_w)
        self.asked[target] = taken_w
        self._set(target, exactly(taken_w))
        return taken_w

    def _take_all(self, request_w: float) -> float:
        """The group's request falls to those that were not asked by name, and never turns them against it."""
        self.group_asked = True
        named_w, left_w = 0.0, request_w
        if self.asked:
            named_w = sum(self.asked.values())
            left_w = min(max(request_w - named_w, min(request_w, 0.0)), max(request_w, 0.0))
        total_w = self.total.clamp(named_w + left_w)
        self._set(BATTERIES, exactly(total_w))
        return total_w - named_w


def _between(low: float, high: float) -> Bounds:
    """Bounds from sums, which round: a crossing by a rounding error is a point, not an empty region."""
    return Bounds(low, high) if low <= high else exactly((low + high) / 2)


def arbitrate(
    site: Site, voices: Sequence[Voice], soc: Mapping[str, float]
) -> tuple[dict[str, Setpoint], tuple[Step, ...], float]:
    """Fold the proposals in their order into set-points for every target, the trail, and the batteries' total in W.

    `soc` (0 to 1, nan where unknown) only weighs how batteries share a total. Wants for targets that the site does not
    have raise KeyError: `consult` lets none through, so this is a programming error.
    """
    # Ratings bound the region from the start so that every sum is finite; the ratings controller says the same aloud.
    rated_w = site.battery_power_w
    region = _Region(dict(site.battery_bounds), Bounds(0.0 - rated_w, rated_w))  # -rated_w of no battery would be -0
    sources = dict(site.source_bounds)
    steps, stopped, reactive = [], set(), []
    for voice in voices:
        for want in voice.proposal:
            source = want.target in sources
            steps.append(_ceiled(sources, region.total, voice, want) if source else region.fold(voice, want))
            if want.stop:
                stopped.add(want.target)
            if want.request_var is not None or want.reactive_power_var is not FREE:
                reactive.append(want)
    total_w, powers = _shares(site, region, soc)
    q = _reactive(site, powers, reactive) if reactive else {}
    setpoints = {
        name: Setpoint(power_w, q.get(name, 0.0), not stopped or not {name, BATTERIES} & stopped)
        for name, power_w in powers.items()
    }
    for name, bounds in sources.items():
        setpoints[name] = _ceiling(bounds.high, name not in stopped)
    return setpoints, tuple(steps), total_w


@lru_cache(maxsize=256)
def _ceiling(power_w: float, run: bool) -> Setpoint:
    """The same few every cycle."""
    return Setpoint(power_w, run=run)


def _ceiled(sources: dict[str, Bounds], total: Bounds, voice: Voice, want: Want) -> Step:
    """One want for solar or wind."""
    before = sources[want.target]
    after, missed_w = before.narrow(want.power_w)
    sources[want.target] = after
    return Step(voice.controller, voice.label, want, after, total, after != before, missed_w)


def _shares(site: Site, region: _Region, soc: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """The total, nearest to rest in what is left, shared by what each battery can still give or take."""
    total_w, own = region.total.clamp(0.0), region.own
    if not region.group_asked:
        # Only those that bounds need move away from rest, and only that way.
        rest_w = 0.0
        for bounds in own.values():
            rest_w += bounds.clamp(0.0)
        total_w = region.total.clamp(rest_w)
        own = {name: _from_rest(bounds, total_w >= rest_w) for name, bounds in own.items()}
    if len(own) == 1:
        return total_w, dict.fromkeys(own, total_w)
    low, high, weight = [], [], []
    for battery in site.batteries:
        bounds = own[battery.name]
        low.append(bounds.low)
        high.append(bounds.high)
        weight.append(_weight(battery.energy_wh, soc.get(battery.name, nan), total_w))
    return total_w, dict(zip(own, split(total_w, low, high, weight), strict=True))


def _from_rest(bounds: Bounds, upwards: bool) -> Bounds:
    """What of some bounds lies on one side of rest."""
    rest_w = bounds.clamp(0.0)
    return Bounds(rest_w, bounds.high) if upwards else Bounds(bounds.low, rest_w)


def _weight(energy_wh: float, soc: float, total_w: float) -> float:
    """How much of a total falls to a battery: what it can still give, or take; half full where nobody knows."""
    known = soc if 0.0 <= soc <= 1.0 else 0.5
    return energy_wh * max(known if total_w >= 0.0 else 1.0 - known, 1e-3)


def _reactive(site: Site, powers: Mapping[str, float], wants: Sequence[Want]) -> dict[str, float]:
    """Q per battery, folded like P, in what the converter's circle leaves beside P."""
    result = {}
    for battery in site.batteries:
        room = sqrt(max(0.0, battery.converter.apparent_va**2 - powers[battery.name] ** 2))
        allowed, asked = Bounds(-room, room), None
        for want in (want for want in wants if want.target == battery.name):
            allowed, _ = allowed.narrow(want.reactive_power_var)
            asked = want.request_var if asked is None else asked
        result[battery.name] = allowed.clamp(asked or 0.0)
    return result
