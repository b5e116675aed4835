"""A chart as SVG: panels above each other over one time axis, with ticks that people would choose."""

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from leyden.commission.judge.charts import Chart, Curve, Panel, Role
from leyden.model.words import Words

WIDTH, LEFT, RIGHT = 720.0, 62.0, 12.0
PANEL, TWO_PANELS, GAP, TOP, BOTTOM = 190.0, 135.0, 26.0, 22.0, 30.0
COLOURS: dict[Role, str] = {
    "told": "#6b7684",
    "converter": "#0a6fa5",
    "dc": "#c2590c",
    "gate": "#5c3aa3",
    "limit": "#b3261e",
}
DASHES: dict[Role, str] = {"told": "5 3", "limit": "7 4"}
SPARE = 0.08
"""Empty share of a panel above and below its curves."""

Say = Callable[[Words], str]
"""Words in the languages of the report, plain."""


def svg_of(chart: Chart, say: Say) -> str:
    """The whole chart."""
    height = TWO_PANELS if len(chart.panels) > 1 else PANEL
    total = TOP + BOTTOM + len(chart.panels) * height + (len(chart.panels) - 1) * GAP
    curves = [curve for panel in chart.panels for curve in panel.curves if curve.t_s]
    if not curves:
        return ""
    span = (min(min(c.t_s) for c in curves), max(max(c.t_s) for c in curves))
    across = _Scale(span, (LEFT, WIDTH - RIGHT))
    parts = [
        f'<svg viewBox="0 0 {WIDTH:g} {total:g}" role="img" aria-label="{escape(say(chart.title))}">',
    ]
    top = TOP
    for panel in chart.panels:
        parts += _panel(panel, across, top, height, say)
        top += height + GAP
    parts += _moments(chart, across, total, say)
    parts += _time_axis(across, total - BOTTOM, say(chart.x_label))
    return "".join([*parts, "</svg>"])


class _Scale:
    """A straight scale from values to places."""

    def __init__(self, span: tuple[float, float], places: tuple[float, float]) -> None:
        low, high = span
        self.low, self.high = (low, high) if high > low else (low - 0.5, high + 0.5)
        self._first, self._last = places

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self._first + share * (self._last - self._first)

    def ticks(self, about: int) -> list[float]:
        """Round values, some `about` of them."""
        raw = (self.high - self.low) / about
        unit = 10.0 ** math.floor(math.log10(raw))
        step = next(factor * unit for factor in (1.0, 2.0, 5.0, 10.0) if factor * unit >= raw)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]


def _panel(panel: Panel, across: _Scale, top: float, height: float, say: Say) -> Iterator[str]:
    values = [value for curve in panel.curves for value in curve.value]
    low, high = (min([*values, 0.0]), max([*values, 0.0])) if values else (0.0, 1.0)
    spare = SPARE * ((high - low) or 1.0)
    up = _Scale((low - spare, high + spare), (top + height, top))
    factor, unit = _prefix(max(abs(low), abs(high)), panel.unit)
    width = WIDTH - LEFT - RIGHT
    yield f'<rect x="{LEFT:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="none" stroke="#c3cad2"/>'
    for tick in up.ticks(5 if height > TWO_PANELS else 4):
        y, bold = up(tick), ' stroke="#9aa4b0"' if tick == 0.0 else ' stroke="#e6eaee"'
        yield f'<line x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}"{bold}/>'
        yield f'<text x="{LEFT - 6:g}" y="{y + 3.5:.1f}" text-anchor="end">{_number(tick / factor)}</text>'
    axis = f"{say(panel.label)} [{unit}]" if unit else say(panel.label)
    yield f'<text x="{LEFT:g}" y="{top - 7:g}">{escape(axis)}</text>'
    yield from _legend(panel.curves, top, say)
    for curve in panel.curves:
        yield _line(curve, across, up)


def _legend(curves: Sequence[Curve], top: float, say: Say) -> Iterator[str]:
    """Each kind of curve once, from the right; a single one is told by its axis."""
    kinds = list({curve.role: curve for curve in curves}.values())
    if len(kinds) < 2:
        return
    right = WIDTH - RIGHT
    for curve in reversed(kinds):
        text = say(curve.label)
        right -= _width(text)
        yield f'<text x="{right:.1f}" y="{top - 7:g}">{escape(text)}</text>'
        right -= 24.0
        dash = DASHES.get(curve.role, "")
        yield (
            f'<line x1="{right:.1f}" x2="{right + 18:.1f}" y1="{top - 10.5:g}" y2="{top - 10.5:g}" '
            f'stroke="{COLOURS[curve.role]}" stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        right -= 12.0


def _line(curve: Curve, across: _Scale, up: _Scale) -> str:
    places: list[str] = []
    before: float | None = None
    for t_s, value in zip(curve.t_s, curve.value, strict=True):
        x, y = across(t_s), up(value)
        if curve.stepped and before is not None:
            places.append(f"{x:.1f},{before:.1f}")
        places.append(f"{x:.1f},{y:.1f}")
        before = y
    thin = curve.faint or curve.role in ("told", "limit")
    style = f'stroke-width="{1.0 if thin else 1.6}" opacity="{0.55 if curve.faint else 1}"'
    dash = f' stroke-dasharray="{DASHES[curve.role]}"' if curve.role in DASHES else ""
    return (
        f'<polyline points="{" ".join(places)}" fill="none" stroke="{COLOURS[curve.role]}" {style}{dash} '
        'stroke-linejoin="round"/>'
    )


def _moments(chart: Chart, across: _Scale, total: float, say: Say) -> Iterator[str]:
    """Vertical lines with their names, on white so that no curve crosses them."""
    for moment in chart.moments:
        if not across.low <= moment.t_s <= across.high:
            continue
        x = across(moment.t_s)
        right = x > 0.6 * WIDTH
        ends = f'y1="{TOP:g}" y2="{total - BOTTOM:g}"'
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" {ends} stroke="#3c4754" stroke-dasharray="2 3"/>'
        anchor, at = ("end", x - 4.0) if right else ("start", x + 4.0)
        text = escape(say(moment.label))
        yield f'<text x="{at:.1f}" y="{TOP + 52:g}" class="moment" text-anchor="{anchor}">{text}</text>'


def _time_axis(across: _Scale, bottom: float, label: str) -> Iterator[str]:
    for tick in across.ticks(9):
        x = across(tick)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom:g}" y2="{bottom + 4:g}" stroke="#9aa4b0"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16:g}" text-anchor="middle">{_number(tick)}</text>'
    yield f'<text x="{WIDTH - RIGHT:g}" y="{bottom + 28:g}" text-anchor="end">{escape(label)} [s]</text>'


def _prefix(largest: float, unit: str) -> tuple[float, str]:
    if unit != "W":
        return 1.0, unit
    for factor, prefix in ((1e6, "M"), (1e3, "k")):
        if largest >= 0.8 * factor:
            return factor, prefix + unit
    return 1.0, unit


def _number(value: float) -> str:
    text = f"{value:.4g}"
    return ("0" if float(text) == 0.0 else text).replace("-", "\N{MINUS SIGN}")


def _width(text: str) -> float:
    """About as wide as it is printed: a Chinese character is as wide as high."""
    return sum(10.8 if ord(letter) > 0x2E7F else 5.9 for letter in text)
