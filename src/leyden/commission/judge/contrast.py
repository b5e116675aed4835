"""How far each meter moved for what was told, and how sure that is.

A pulse stands between two rests: its contrast is its mean less half of theirs, so that a load that drifts evenly
cancels out. What is left of the load's moves is measured beforehand, at rest, by the same contrast over a record
without pulses; from it follows how many pulses are needed. Pulses are many small experiments: their mean has the error
of Student's t, with the spread that was seen or the noise that was measured beforehand, whichever is larger.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leyden.commission.judge.student import t_cdf, t_quantile
from leyden.commission.judge.trace import Series

SURE = 0.99
"""Probability that the true ratio lies within the error that is told."""
ENOUGH = 0.15
"""Error of a ratio at which pulses are enough to name it."""
LEAST_PULSES, MOST_PULSES = 4, 24
_SINGLE_DOF = 1.0


@dataclass(frozen=True, slots=True)
class Plateau:
    """A time at one set-point; values count from `from_s` on, when everything has settled."""

    level_w: float
    begin_s: float
    from_s: float
    end_s: float
    sound: bool = True
    """False where too little was read, or the computer stumbled."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """One pulse: what was told, and how far each series moved for it."""

    told_w: float
    moved: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Noise:
    """What a series does by itself, as a contrast would see it."""

    sd: float = 0.0
    windows: float = 0.0
    """How many independent looks that is worth."""


NO_NOISE = Noise()


@dataclass(frozen=True, slots=True)
class Response:
    """How a series answers: its move per watt that was told."""

    ratio: float
    error: float
    """The true ratio is within ratio +- error, as surely as SURE says; inf where nothing can be said."""
    pulses: int
    told_w: float
    """Size of a pulse."""
    dof: float = _SINGLE_DOF

    @property
    def low(self) -> float:
        """Lower end of where the ratio is."""
        return self.ratio - self.error

    @property
    def high(self) -> float:
        """Upper end of where the ratio is."""
        return self.ratio + self.error

    @property
    def moved_w(self) -> float:
        """How far it moved for a pulse of discharge."""
        return self.ratio * self.told_w

    @property
    def error_w(self) -> float:
        """The error of that."""
        return self.error * self.told_w

    def probability(self, low: float, high: float) -> float:
        """How likely the true ratio is between two values."""
        if not math.isfinite(self.error):
            return 0.0
        if self.error < 1e-12:
            return 1.0 if low <= self.ratio <= high else 0.0
        scale = self.error / t_quantile(0.5 + SURE / 2.0, self.dof)
        return t_cdf((high - self.ratio) / scale, self.dof) - t_cdf((low - self.ratio) / scale, self.dof)


NO_RESPONSE = Response(math.nan, math.inf, 0, 0.0)


def contrasts(plateaus: Sequence[Plateau], series: Mapping[str, Series]) -> list[Contrast]:
    """Every sound pulse between two sound rests."""
    found = []
    for before, pulse, after in zip(plateaus, plateaus[1:], plateaus[2:], strict=False):
        if pulse.level_w == 0.0 or before.level_w != 0.0 or after.level_w != 0.0:
            continue
        if before.sound and pulse.sound and after.sound:
            moved = {key: _moved(one, before, pulse, after) for key, one in series.items()}
            found.append(Contrast(pulse.level_w, moved))
    return found


def _moved(series: Series, before: Plateau, pulse: Plateau, after: Plateau) -> float:
    means = [series.mean(p.from_s, p.end_s) for p in (before, pulse, after)]
    return means[1] - 0.5 * (means[0] + means[2])


def noise(series: Series, hold_s: float, settle_s: float, start_s: float, end_s: float) -> Noise:
    """What contrasts of pulses of `hold_s` would be in a record [start, end] without any: root of their mean square."""
    shift_s = max((hold_s - settle_s) / 2.0, 1e-3)
    found = []
    begin_s = start_s
    while begin_s + 3.0 * hold_s <= end_s + 1e-6:
        edges = [begin_s + i * hold_s for i in range(3)]
        p = [Plateau(0.0, t, t + settle_s, t + hold_s) for t in edges]
        found.append(_moved(series, p[0], p[1], p[2]))
        begin_s += shift_s
    found = [value for value in found if value == value]
    if not found:
        return NO_NOISE
    return Noise(math.sqrt(sum(v * v for v in found) / len(found)), max(1.0, (end_s - start_s) / hold_s - 2.0))


def pulses_needed(noise_w: float, pulse_w: float) -> int:
    """How many pulses name a ratio against this noise: an even number, so that both directions have as many."""
    wanted = math.ceil((3.5 * noise_w / (ENOUGH * pulse_w)) ** 2)
    return max(LEAST_PULSES, wanted + wanted % 2)


def response(pulses: Sequence[Contrast], key: str, before: Noise = NO_NOISE, sign: float = 1.0) -> Response:
    """How a series answered; `sign` -1 for one that falls where the battery gives, as the gate meter does.

    Charging and discharging are told apart: losses move a DC side less in one and more in the other, which is no noise.
    """
    ways: dict[bool, list[float]] = {}
    for pulse in pulses:
        ratio = sign * pulse.moved.get(key, math.nan) / pulse.told_w
        if ratio == ratio:
            ways.setdefault(pulse.told_w > 0.0, []).append(ratio)
    count = sum(map(len, ways.values()))
    if count == 0:
        return NO_RESPONSE
    means = {way: sum(values) / len(values) for way, values in ways.items()}
    mean = sum(means.values()) / len(means)
    told_w = sum(abs(pulse.told_w) for pulse in pulses) / len(pulses)
    squares = sum((value - means[way]) ** 2 for way, values in ways.items() for value in values)
    seen_dof = count - len(ways)
    variance = max(squares / seen_dof if seen_dof else 0.0, (before.sd / told_w) ** 2)
    dof = max(_SINGLE_DOF, seen_dof + before.windows)
    if seen_dof + before.windows <= 0.0:
        return Response(mean, math.inf, count, told_w)
    per_mean = sum(1.0 / len(values) for values in ways.values()) / len(ways) ** 2
    error = t_quantile(0.5 + SURE / 2.0, dof) * math.sqrt(variance * per_mean)
    return Response(mean, error, count, told_w, dof)


def each_way(pulses: Sequence[Contrast], key: str, sign: float = 1.0) -> tuple[float, float]:
    """Mean move per watt told, in charging and in discharging; nan where there were no such pulses."""
    found = []
    for way in (-1.0, 1.0):
        ratios = [sign * p.moved.get(key, math.nan) / p.told_w for p in pulses if p.told_w * way > 0.0]
        ratios = [ratio for ratio in ratios if ratio == ratio]
        found.append(sum(ratios) / len(ratios) if ratios else math.nan)
    return found[0], found[1]
