"""Student's t: how far a mean of few values may be off."""

import math
from functools import lru_cache

_PARTS = 60
"""Enough for nine digits: the integrand is smooth."""


@lru_cache(maxsize=1024)
def t_cdf(t: float, dof: float) -> float:
    """Probability that a value of Student's t with `dof` > 0 degrees of freedom is below `t`.

    With t = sqrt(dof) tan(a) the density becomes cos(a)^(dof - 1), which Simpson's rule integrates.
    """
    if math.isinf(t):
        return 0.0 if t < 0.0 else 1.0
    end = math.atan(abs(t) / math.sqrt(dof))
    step = end / _PARTS
    total = sum(
        (1.0 if i in (0, _PARTS) else 4.0 if i % 2 else 2.0) * math.cos(i * step) ** (dof - 1.0)
        for i in range(_PARTS + 1)
    )
    scale = math.exp(math.lgamma((dof + 1.0) / 2.0) - math.lgamma(dof / 2.0)) / math.sqrt(math.pi)
    half = scale * total * step / 3.0
    return 0.5 + math.copysign(min(half, 0.5), t)


@lru_cache(maxsize=256)
def t_quantile(probability: float, dof: float) -> float:
    """The t that a value stays below with this probability, 0.5 to 1 (exclusive)."""
    low, high = 0.0, 1.0
    while t_cdf(high, dof) < probability and high < 1e6:
        high *= 2.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if t_cdf(middle, dof) < probability else (low, middle)
    return 0.5 * (low + high)
