"""What of the traces people look at: curves over time in one or two panels, with moments and levels marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leyden.commission.judge.timing import Edge
from leyden.commission.judge.trace import GATE, Series, Traces, key_of
from leyden.commission.judge.watchdog import Starved
from leyden.model.words import Words

Role = Literal["told", "converter", "dc", "gate", "limit"]

FIRST = 20
"""Values of the gate before anything is told, from whose median its change is counted."""
MOST_VALUES = 700
"""A curve on paper shows no more."""

_TOLD, _AC = Words("设定", "told"), Words("变流器", "converter")
_DC, _GATE = Words("直流侧 U×I", "DC volts × amperes"), Words("关口下网变化", "change of import")
_EXPECTED, _SEEN = Words("应有", "as it should"), Words("关口表", "gate meter")
_TIME = Words("时间", "time")
_SINCE = Words("发出设定后的时间", "time since the command")


@dataclass(frozen=True, slots=True)
class Curve:
    """One line."""

    label: Words
    role: Role
    t_s: Sequence[float]
    value: Sequence[float]
    stepped: bool = False
    faint: bool = False
    """One of many that are alike."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes."""

    label: Words
    unit: Literal["W", ""]
    curves: Sequence[Curve]


@dataclass(frozen=True, slots=True)
class Moment:
    """A vertical line."""

    t_s: float
    label: Words


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels over one time axis [s]."""

    title: Words
    panels: Sequence[Panel]
    moments: Sequence[Moment] = ()
    x_label: Words = _TIME


def signs_chart(traces: Traces, battery: str) -> Chart:
    """The pulses: what was told, what converter and battery management say, and how the gate moved."""
    start_s = _start(traces)
    gate = traces[GATE]
    moved = Series(gate.t_s, gate.value - (float(np.median(gate.value[:FIRST])) if len(gate) else 0.0))
    expected = Series(traces.told.t_s, -traces.told.value)
    upper = [
        _curve(_TOLD, "told", traces.told, start_s, stepped=True),
        _curve(_AC, "converter", traces[key_of("converter", battery)], start_s),
        _curve(_DC, "dc", traces[key_of("dc", battery)], start_s),
    ]
    return Chart(
        Words(f"{battery}:脉冲", f"{battery}: pulses"),
        (
            Panel(Words("放电为正", "discharge positive"), "W", [c for c in upper if c.t_s]),
            Panel(
                _GATE,
                "W",
                [_curve(_EXPECTED, "told", expected, start_s, stepped=True), _curve(_SEEN, "gate", moved, start_s)],
            ),
        ),
    )


def timing_chart(traces: Traces, battery: str, edges: Sequence[Edge]) -> Chart:
    """All edges upon each other, as shares of their step."""
    power, gate = traces[key_of("converter", battery)], traces[GATE]
    own = [c for e in edges for c in _shares(power, e, _AC, "converter")]
    seen = [c for e in edges for c in _shares(gate, e, _SEEN, "gate", -1.0)]
    return Chart(
        Words(f"{battery}:{len(edges)} 次阶跃叠加", f"{battery}: {len(edges)} steps upon each other"),
        (Panel(Words("阶跃的份额", "share of the step"), "", (*seen, *own)),),
        (Moment(0.0, Words("发出设定", "told")),),
        _SINCE,
    )


def watchdog_chart(traces: Traces, test: Starved) -> Chart:
    """Until it goes to zero by itself."""
    power = traces[key_of("converter", test.battery)]
    start_s = test.last_write_s
    return Chart(
        Words(f"{test.battery}:停止写入之后", f"{test.battery}: nothing written any more"),
        (Panel(_AC, "W", [_curve(_AC, "converter", power, start_s)]),),
        (
            Moment(0.0, Words("最后一次写入", "last write")),
            Moment(test.armed_s, Words("看门狗时间", "watchdog's time")),
        ),
    )


def stop_chart(traces: Traces, battery: str, stop_s: float) -> Chart:
    """Told to stop, with its set-point standing."""
    power = traces[key_of("converter", battery)]
    return Chart(
        Words(f"{battery}:停机", f"{battery}: stop"),
        (Panel(_AC, "W", [_curve(_AC, "converter", power, stop_s)]),),
        (Moment(0.0, Words("停机命令", "told to stop")),),
    )


def limit_chart(traces: Traces, battery: str, rated_w: float, told_s: float) -> Chart:
    """Told more than its rating."""
    power = traces[key_of("converter", battery)]
    sign = -1.0 if len(traces.told) and float(traces.told.value.min()) < 0.0 else 1.0
    span = (float(power.t_s[0]) - told_s, float(power.t_s[-1]) - told_s) if len(power) else (0.0, 1.0)
    rating = Curve(Words("额定", "rated"), "limit", span, (sign * rated_w, sign * rated_w))
    curves = [
        rating,
        _curve(_TOLD, "told", traces.told, told_s, stepped=True),
        _curve(_AC, "converter", power, told_s),
    ]
    return Chart(Words(f"{battery}:超额定设定", f"{battery}: told more than its rating"), (Panel(_AC, "W", curves),))


def _start(traces: Traces) -> float:
    return min((float(one.t_s[0]) for one in traces.series.values() if len(one)), default=0.0)


def _curve(label: Words, role: Role, series: Series, start_s: float, stepped: bool = False) -> Curve:
    t_s, value = series.t_s - start_s, series.value
    if t_s.size > MOST_VALUES:
        chosen = np.unique(np.linspace(0, t_s.size - 1, MOST_VALUES).astype(int))
        t_s, value = t_s[chosen], value[chosen]
    return Curve(label, role, [round(float(t), 3) for t in t_s], [float(f"{v:.6g}") for v in value], stepped)


def _shares(series: Series, edge: Edge, label: Words, role: Role, sign: float = 1.0) -> Iterator[Curve]:
    """One edge as a share of what was told, from a little before it on."""
    size_w = edge.to_w - edge.from_w
    before = series.between(edge.told_s - 2.0, edge.told_s).value
    part = series.between(edge.told_s - 1.0, edge.end_s)
    if before.size and len(part) > 2:
        share = Series(part.t_s, sign * (part.value - before.mean()) / size_w)
        curve = _curve(label, role, share, edge.told_s)
        yield Curve(curve.label, curve.role, curve.t_s, curve.value, faint=True)
