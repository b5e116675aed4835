"""Movement within seconds to minutes for profiles that only know quarters of an hour: a function of seed and time."""

import math
from functools import lru_cache

OCTAVES = ((97.0, 0.5), (19.0, 0.3), (5.0, 0.2))
"""Period of the nodes [s] and share of the whole: clouds and machines move over a minute more than over seconds."""

_MASK = (1 << 64) - 1


def ripple(seed: int, time_s: float) -> float:
    """A smooth value between -1 and 1, 0 on average; the same for the same seed and time, on every machine."""
    total = 0.0
    for octave, (period_s, share) in enumerate(OCTAVES):
        position = time_s / period_s
        node = math.floor(position)
        part = position - node
        part *= part * (3.0 - 2.0 * part)
        base = seed * 4 + octave
        total += share * ((1.0 - part) * _node(base, node) + part * _node(base, node + 1))
    return total


@lru_cache(maxsize=4096)  # the nodes on both sides of now are asked for again and again
def _node(seed: int, index: int) -> float:
    """A number between -1 and 1 that looks random: splitmix64, Steele et al. 2014, doi 10.1145/2660193.2660195."""
    z = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return (z ^ (z >> 31)) / 2.0**63 - 1.0
