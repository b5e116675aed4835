"""Energy from the record: the integral of a power, each direction by itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leyden.history.record.aggregate import MINUTE_US, good, held_s
from leyden.history.record.shelves import MINUTES
from leyden.history.record.sql import one
from leyden.history.record.view import Columns, View


@dataclass(frozen=True, slots=True)
class Energy:
    """What flowed through a point in a span."""

    out_wh: float
    """Where power was positive: out of the thing into the bus. Never negative."""
    in_wh: float
    """Where power was negative: from the bus into the thing. Never negative."""
    coverage: float
    """Which part of the span GOOD values cover, 0 to 1: below 1 the energies are too small by the rest."""


def energy(view: View, point: str, span_us: tuple[int, int], newest_us: int | None, hold_s: float) -> Energy:
    """From closed minutes, and from single values before the first and after the last whole minute."""
    start_us, end_us = span_us
    if end_us <= start_us:
        return Energy(0.0, 0.0, 0.0)
    closed_us = start_us if newest_us is None else newest_us // MINUTE_US * MINUTE_US
    first_us = min(-(-start_us // MINUTE_US) * MINUTE_US, end_us)
    last_us = max(min(end_us // MINUTE_US * MINUTE_US, closed_us), first_us)
    whole = view.rows(MINUTES, [point], first_us, last_us, Columns.SUMS)
    query = f"SELECT coalesce(sum(up), 0), coalesce(sum(down), 0), coalesce(sum(seconds), 0) FROM ({whole})"
    sums = np.array(one(view.connection, query), np.float64)
    for edge in ((start_us, first_us), (last_us, end_us)):
        sums += _edge(view, point, edge, hold_s)
    up, down, seconds = sums.tolist()
    return Energy(up / 3600, down / 3600, min(seconds * 1e6 / (end_us - start_us), 1.0))


def _edge(view: View, point: str, edge_us: tuple[int, int], hold_s: float) -> NDArray[np.float64]:
    """Unit-seconds up and down, and seconds, of single values."""
    t_us, values, quality = view.samples([point], *edge_us)[0]
    if not len(t_us):
        return np.zeros(3)
    counts = good(values, quality)
    lasts = held_s(t_us, edge_us[1], hold_s)[counts]
    values = values[counts]
    return np.array([np.maximum(values, 0.0) @ lasts, np.maximum(-values, 0.0) @ lasts, lasts.sum()])
