"""Any span at the resolution of the screen: minimum, mean and maximum of each pixel, of the coarsest rows that will do.

Steps of a minute and more are made of minutes, of a quarter of an hour and more of quarter-hours; what has not closed
yet comes from the finer rows, so that the newest second is always in. Steps begin at multiples of their width, so that
a moving window does not make the curve dance. A step that is hardly longer than the distance between rows would show
holes that are none: then the samples themselves are given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leyden.history.record.aggregate import MINUTE_US, QUARTER_US, good
from leyden.history.record.series import Curves, Series, Source
from leyden.history.record.shelves import MINUTES, QUARTERS, READINGS, Shelf
from leyden.history.record.view import Columns, Sample, View

_SECOND_US = 1_000_000
_SAMPLES_US = 5 * _SECOND_US
"""Below this step single samples are read and looked at: at 1 Hz that is at most five per pixel."""
_NEAR = 1.5
"""A step may be so much wider than a pixel, if whole minutes or quarter-hours then serve: a day is 1440 minutes."""
_BREAK = 3.0
"""A distance between samples of more than so many usual ones is a gap, and drawn as one."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked for."""

    points: Sequence[str]
    start_us: int
    end_us: int
    width: int


def query(view: View, span: Span, newest_us: int | None, cycle_us: int) -> Curves:
    """Curves of all points of a span. `newest_us` was read before the snapshot: up to it intervals are closed."""
    source, step_us = _resolution(view, span, cycle_us)
    if source == "raw" and step_us <= max(_SAMPLES_US, 2 * cycle_us):
        return _fine(view, span, step_us)
    wide = _whole_steps(span, step_us)
    rows = _selected(view, wide, source, newest_us)
    series = _grid(view, rows, wide, step_us, source)
    return Curves(step_us / 1e6, source, series)


def _whole_steps(span: Span, step_us: int) -> Span:
    """The span made wider, so that it holds only whole steps."""
    start_us, end_us = span.start_us // step_us * step_us, -(-span.end_us // step_us) * step_us
    return Span(span.points, start_us, end_us, span.width)


def _resolution(view: View, span: Span, cycle_us: int) -> tuple[Source, int]:
    """The coarsest rows that still fill every pixel; coarser ones where finer ones are forgotten already."""
    wanted_us = max(-(-(span.end_us - span.start_us) // max(span.width, 1)), 1)
    levels: tuple[tuple[Source, Shelf, int], ...] = (
        ("raw", READINGS, _SECOND_US), ("minutes", MINUTES, MINUTE_US), ("quarters", QUARTERS, QUARTER_US),
    )  # fmt: skip
    at = sum(_NEAR * wanted_us >= unit_us for _, _, unit_us in levels[1:])
    begins = [view.earliest_us(shelf) for _, shelf, _ in levels]
    while at < 2 and span.start_us < begins[at] and begins[at + 1] < begins[at]:
        at += 1
    source, _, unit_us = levels[at]
    if source == "raw" and wanted_us < _SECOND_US:
        return source, wanted_us
    return source, max(-(-wanted_us // unit_us), 1) * unit_us


def _selected(view: View, span: Span, source: Source, newest_us: int | None) -> str:
    """One relation of (idx, t, n, low, mean, high): closed intervals, and finer rows after the last closed one."""
    newest_us = span.start_us if newest_us is None else newest_us
    start_us = span.start_us
    pieces: list[str] = []
    for name, shelf, unit_us in (("quarters", QUARTERS, QUARTER_US), ("minutes", MINUTES, MINUTE_US)):
        if source == name or (pieces and source == "quarters"):
            closed_us = min(max(newest_us // unit_us * unit_us, start_us), span.end_us)
            pieces.append(view.rows(shelf, span.points, start_us, closed_us, Columns.INTERVALS))
            start_us = closed_us
    pieces.append(view.rows(READINGS, span.points, start_us, span.end_us, Columns.GOOD_VALUES))
    return " UNION ALL ".join(pieces)


def _grid(view: View, rows: str, span: Span, step_us: int, source: Source) -> Mapping[str, Series]:
    """Rows laid into the steps they belong to. Many seconds are best summed up by the database, a few thousand
    intervals here: to group them there costs as much again as to find them."""
    step = f"epoch_us(t) // {step_us} AS step"
    wanted = f"SELECT idx, {step}, n, low, mean, high FROM ({rows})"
    if source == "raw":
        sums = "sum(n) AS n, min(low) AS low, sum(n * mean) / sum(n) AS mean, max(high) AS high"
        wanted = f"SELECT idx, {step}, {sums} FROM ({rows}) GROUP BY ALL"
    found = view.connection.execute(wanted).fetchnumpy()
    first, steps = span.start_us // step_us, (span.end_us - span.start_us) // step_us
    shape = (len(span.points), steps)
    at = np.asarray(found["idx"], np.int64) * steps + np.asarray(found["step"], np.int64) - first
    n = np.asarray(found["n"], np.float64)
    total = np.bincount(at, n, steps * len(span.points))
    low, high = np.full(len(total), np.inf), np.full(len(total), -np.inf)
    np.minimum.at(low, at, found["low"])
    np.maximum.at(high, at, found["high"])
    mean = np.bincount(at, n * found["mean"], len(total))
    empty = total == 0
    curves = [np.where(empty, np.nan, curve).reshape(shape) for curve in (low, mean / np.where(empty, 1, total), high)]
    t = (first + np.arange(steps)) * step_us / 1e6
    return {name: Series(t, *(curve[index] for curve in curves)) for index, name in enumerate(span.points)}


def _fine(view: View, span: Span, step_us: int) -> Curves:
    """Samples of a short span; put on a grid where there are at least two to a step."""
    wide = _whole_steps(span, step_us)
    found = view.samples(wide.points, wide.start_us, wide.end_us)
    usual_us = min((float(np.median(np.diff(t_us))) for t_us, _, _ in found if len(t_us) > 1), default=_SECOND_US)
    named = list(zip(span.points, found, strict=True))
    if step_us >= 2 * usual_us:
        return Curves(step_us / 1e6, "raw", {name: _stepped(sample, wide, step_us) for name, sample in named})
    return Curves(usual_us / 1e6, "raw", {name: _single(sample, span, _BREAK * usual_us) for name, sample in named})


def _stepped(sample: Sample, span: Span, step_us: int) -> Series:
    t_us, values, quality = sample
    counts = good(values, quality)
    first, steps = span.start_us // step_us, (span.end_us - span.start_us) // step_us
    curves = np.full((3, steps), np.nan)
    step = t_us[counts] // step_us - first
    if len(step):
        starts = np.flatnonzero(np.diff(step, prepend=-1))
        at, values = step[starts], values[counts]
        curves[0, at] = np.minimum.reduceat(values, starts)
        curves[1, at] = np.add.reduceat(values, starts) / np.diff(starts, append=len(step))
        curves[2, at] = np.maximum.reduceat(values, starts)
    return Series((first + np.arange(steps)) * step_us / 1e6, *curves)


def _single(sample: Sample, span: Span, break_us: float) -> Series:
    """Every sample, with a nan in each gap so that no line is drawn across it."""
    t_us, values, quality = sample
    inside = (t_us >= span.start_us) & (t_us < span.end_us)
    t_us, values = t_us[inside], np.where(good(values, quality), values, np.nan)[inside]
    gaps = np.flatnonzero(np.diff(t_us) > break_us)
    t = np.insert(t_us.astype(np.float64), gaps + 1, t_us[gaps] + break_us) / 1e6
    values = np.insert(values, gaps + 1, np.nan)
    return Series(t, values, values, values)
