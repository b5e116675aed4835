"""Rainflow counting: a trace that swings up and down, cut into the cycles that a material feels.

The three-point method of ASTM E1049-85 (2017), section 5.4.4. A small ripple on a deep cycle counts as a small cycle
and leaves the deep one whole; cutting at every reversal would turn it into many shallow ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from leyden.model.readings import Floats


@dataclass(frozen=True, slots=True)
class Cycle:
    """One closed cycle, or half of one that was never closed."""

    depth: float
    """From its lowest to its highest value."""
    mean: float
    count: float
    """1, or 0.5 for a half."""
    start: int
    """Index of its first turning point in the trace."""
    end: int
    """Index of its second."""


def turning_points(trace: Floats) -> list[int]:
    """Indices where the trace turns, with its first and its last; flat stretches turn once, nan is passed over."""
    known = np.flatnonzero(np.isfinite(trace))
    if len(known) == 0:
        return []
    values = trace[known]
    moved = np.concatenate([[True], np.diff(values) != 0.0])
    known, values = known[moved], values[moved]
    if len(known) < 3:
        return [int(index) for index in known]
    way = np.sign(np.diff(values))
    turns = np.flatnonzero(way[1:] != way[:-1]) + 1
    return [int(known[0]), *(int(known[index]) for index in turns), int(known[-1])]


def rainflow(trace: Floats) -> Iterator[Cycle]:
    """The cycles of a trace (n,), in the order in which they close; what stays open comes last, as halves."""
    stack: list[int] = []
    for index in turning_points(trace):
        stack.append(index)
        while len(stack) >= 3:
            a, b, c = stack[-3:]
            if abs(trace[c] - trace[b]) < abs(trace[b] - trace[a]):
                break
            if len(stack) == 3:  # the range holds the start of the trace: half a cycle, and the start moves on
                yield _cycle(trace, a, b, 0.5)
                del stack[0]
                break
            yield _cycle(trace, a, b, 1.0)
            del stack[-3:-1]
    for a, b in pairwise(stack):
        yield _cycle(trace, a, b, 0.5)


def _cycle(trace: Floats, start: int, end: int, count: float) -> Cycle:
    low, high = sorted((float(trace[start]), float(trace[end])))
    return Cycle(high - low, (low + high) / 2.0, count, start, end)
