"""A cell on one HTML page: its curves over charge, and how its model follows a record. No script, no network."""

from collections.abc import Sequence
from html import escape

import numpy as np

from leyden.model.readings import Floats
from leyden.physics.cell import Cell
from leyden.physics.trace import Trace, model_voltage

Line = tuple[str, Floats, Floats]
"""Name, x and y of a line."""

_WIDTH, _HEIGHT = 680, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 34, 44
_INKS = ("#0b6bcb", "#d9480f", "#2b8a3e", "#862e9c")
_MOST = 1500  # points of a line: more than the page has dots, few enough for a small file

_STYLE = """
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; margin: 2rem auto; max-width: 1440px; padding: 0 1rem;
       color: #1b1f24; background: #fff }
h1 { font-size: 1.4rem; margin: 0 } p { color: #57606a; white-space: pre-line }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 1.5rem }
svg { width: 100%; height: auto; font-size: 13px } .grid { stroke: #d8dee4 } text { fill: #57606a } .head { fill: #1b1f24; font-weight: 600 }
table { border-collapse: collapse; margin-bottom: 1.5rem } td { padding: .15rem 1rem .15rem 0 } td + td { font-variant-numeric: tabular-nums }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3 } .head { fill: #e6edf3 } .grid { stroke: #30363d } text, p { fill: #9198a1; color: #9198a1 } }
"""  # noqa: E501


def cell_page(cell: Cell, record: Trace | None = None, start_soc: float = 1.0) -> str:
    """The page; with a record, also how the model follows it from rest at `start_soc`."""
    charts = [_ocv(cell), _resistances(cell), _warmth(cell)]
    if np.any(cell.hysteresis.half_v > 0.0):
        half = (("half the gap 半幅", cell.hysteresis.soc, 1e3 * cell.hysteresis.half_v),)
        charts.append(_chart("hysteresis 滞回 [mV]", "SOC", half))
    if np.any(cell.entropy.v_per_k != 0.0):
        slope = (("dU/dT", cell.entropy.soc, 1e3 * cell.entropy.v_per_k),)
        charts.append(_chart("entropy 熵系数 [mV/K]", "SOC", slope))
    if record is not None:
        charts += _followed(cell, record, start_soc)
    title = escape(cell.rating.name)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>\n'
        f'<body><h1>{title}</h1><p>{escape(cell.source)}</p>{_table(cell)}<div class="charts">\n'
        + "\n".join(charts)
        + "\n</div></body></html>\n"
    )


def _table(cell: Cell) -> str:
    rating, impedance = cell.rating, cell.impedance
    rows = [
        ("capacity 容量", f"{rating.capacity_ah:g} Ah"),
        ("voltage 电压", f"{rating.voltage_min_v:g} / {rating.nominal_voltage_v:g} / {rating.voltage_max_v:g} V"),
        ("sustained resistance 持续内阻, SOC 0.5, 25 °C", f"{1e3 * cell.resistance_ohm:.3g} mΩ"),
        ("time constants 时间常数", f"{impedance.tau1_s:.3g} s, {impedance.tau2_s:.3g} s"),
        ("ageing 老化模型", cell.ageing or "–"),
    ]
    return "<table>" + "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in rows) + "</table>"


def _ocv(cell: Cell) -> str:
    soc = np.linspace(0.0, 1.0, 501)
    return _chart("open-circuit voltage 开路电压 [V]", "SOC", (("OCV", soc, cell.ocv.voltage_v(soc)),))


def _resistances(cell: Cell) -> str:
    z = cell.impedance
    rows = (
        ("R0 charge 充", z.r0_charge_ohm),
        ("R0 discharge 放", z.r0_discharge_ohm),
        ("R1", z.r1_ohm),
        ("R2", z.r2_ohm),
    )
    return _chart("resistance 内阻 [mΩ]", "SOC", [(name, z.soc, 1e3 * row) for name, row in rows])


def _warmth(cell: Cell) -> str:
    z = cell.impedance
    degc = np.linspace(min(-20.0, z.temperature_degc[0]), max(55.0, z.temperature_degc[-1]), 151)
    return _chart("resistance over temperature 温度系数, 25 °C = 1", "°C", (("factor", degc, z.factor_at(degc)),))


def _followed(cell: Cell, record: Trace, start_soc: float) -> list[str]:
    hours, model_v = record.time_s / 3600.0, model_voltage(cell, record, start_soc)
    lines = (("measured 实测", hours, record.voltage_v), ("model 模型", hours, model_v))
    off = (("model − measured 偏差", hours, 1e3 * (model_v - record.voltage_v)),)
    return [_chart("voltage 电压 [V]", "h", lines), _chart("model − measured 偏差 [mV]", "h", off)]


def _chart(title: str, unit: str, lines: Sequence[Line]) -> str:
    """Lines over one axis, with a grid, tick labels and a key."""
    x0, x1 = _span([x for _, x, _ in lines], margin=0.0)
    y0, y1 = _span([y for _, _, y in lines], margin=0.06)
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def at(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return _LEFT + (x - x0) / (x1 - x0) * wide, _TOP + (y1 - y) / (y1 - y0) * high

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">']
    for value in _ticks(y0, y1):
        y = float(at(np.array(x0), np.array(value))[1])
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>')
    for value in _ticks(x0, x1):
        x = float(at(np.array(value), np.array(y0))[0])
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{value:.4g}</text>')
    for (_, x_values, y_values), ink in zip(lines, _INKS, strict=False):
        parts.append(f'<path d="{_path(*at(x_values, y_values))}" fill="none" stroke="{ink}" stroke-width="1.6"/>')
    parts.append(f'<text class="head" x="{_LEFT}" y="18">{escape(title)}</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">{escape(unit)}</text>')
    if len(lines) > 1:
        key = "".join(
            f'<tspan fill="{ink}">{escape(name)}</tspan><tspan>   </tspan>'
            for (name, _, _), ink in zip(lines, _INKS, strict=False)
        )
        parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 8}">{key}</text>')
    return "".join(parts) + "</svg>"


def _path(x: Floats, y: Floats) -> str:
    step = max(1, len(x) // _MOST)
    points = [f"{a:.1f} {b:.1f}" for a, b in zip(x[::step], y[::step], strict=True) if np.isfinite(b)]
    return "M" + "L".join(points)


def _span(columns: Sequence[Floats], margin: float) -> tuple[float, float]:
    values = np.concatenate([column[np.isfinite(column)] for column in columns])
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        low, high = low - 0.5 * max(abs(low), 1e-3), high + 0.5 * max(abs(high), 1e-3)
    room = margin * (high - low)
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers between two ends."""
    raw = (high - low) / 6.0
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(float(m * power) for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw)
    first = np.ceil(low / step - 1e-9)
    return [float(step * k) + 0.0 for k in np.arange(first, np.floor(high / step + 1e-9) + 1)]
