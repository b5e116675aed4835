"""Sharing a total: one function for racks in a battery, batteries on a site and sites in a fleet."""

import math
from collections.abc import Sequence


def split(total: float, low: Sequence[float], high: Sequence[float], weight: Sequence[float]) -> list[float]:
    """Shares that sum to `total`, each within [low, high], proportional to `weight` where its limits leave room.

    Exact water-filling: every share is `clip(level * weight, low, high)` with one common level, found by walking the
    levels at which a share meets a limit. Where the total lies outside [sum(low), sum(high)] every share stands at the
    nearer limit and the sum is as near as it can be. A member of weight 0 stays at the value in its limits nearest to
    zero until the others are full. Units are the caller's; limits must be finite and weights not negative. Raises
    ValueError for nan.
    """
    least, most, whole = sum(low), sum(high), sum(weight)
    if math.isnan(total + least + most + whole):
        raise ValueError("split needs numbers: a share of nan is not a set-point")
    if not weight:
        return []
    if total <= least:
        return list(low)
    if total >= most:
        return list(high)
    if whole > 0.0:
        plain = [total / whole * w for w in weight]
        for share, a, b in zip(plain, low, high, strict=True):
            if not a <= share <= b:
                break
        else:  # where no limit is met the level is at hand
            return _spread(total - sum(plain), plain, low, high)
    # Weights only matter against each other; one that is nothing beside the largest is none.
    largest = max(weight)
    weight = [w / largest if w > 1e-9 * largest else 0.0 for w in weight]
    weighted = _filled(total, low, high, weight)
    return _spread(total - sum(weighted), weighted, low, high)


def _filled(total: float, low: Sequence[float], high: Sequence[float], weight: Sequence[float]) -> list[float]:
    """Shares at the highest common level whose sum does not pass the total."""

    def at(level: float) -> list[float]:
        return [min(max(level * w if w > 0 else 0.0, a), b) for w, a, b in zip(weight, low, high, strict=True)]

    levels = sorted({edge / w for w, a, b in zip(weight, low, high, strict=True) if w > 0 for edge in (a, b)})
    below = [level for level in levels if sum(at(level)) <= total]
    if not below:
        return at(levels[0]) if levels else at(0.0)
    start = below[-1]
    shares = at(start)
    slope = sum(w for w, a, b in zip(weight, low, high, strict=True) if w > 0 and a / w <= start < b / w)
    return at(start + (total - sum(shares)) / slope) if slope > 0 else shares


def _spread(rest: float, shares: list[float], low: Sequence[float], high: Sequence[float]) -> list[float]:
    """What weights could not place (all weights zero, or rounding), put where there is room, first come first."""
    spread = list(shares)
    if rest == 0.0:
        return spread
    for index, share in enumerate(shares):
        filled = share + rest
        if filled < low[index]:
            filled = low[index]
        elif filled > high[index]:
            filled = high[index]
        spread[index] = filled
        rest -= filled - share
        if rest == 0.0:
            break
    return spread
