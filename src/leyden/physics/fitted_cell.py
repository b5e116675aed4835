"""A fit made into a cell, and a cell into its file."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from leyden.model.readings import Floats
from leyden.model.site import CellRating
from leyden.physics.cell import Cell
from leyden.physics.cell_fit import OCV_SOC, CellFit
from leyden.physics.impedance import NO_HYSTERESIS
from leyden.physics.ocv import ocv_curve


def fitted_cell(name: str, fit: CellFit, capacity_ah: float, like: Cell, source: str = "") -> Cell:
    """The cell of a fit. What a pulse test cannot tell (mass, cooling, limits, entropy, how resistance falls with
    warmth) is as in a cell `like` it, by capacity. It has no hysteresis: the fitted voltage is that of the test's way.
    """
    share = capacity_ah / like.capacity_ah
    rating = CellRating(
        name, capacity_ah, like.rating.nominal_voltage_v, like.rating.voltage_min_v, like.rating.voltage_max_v
    )
    warmth = like.impedance
    impedance = replace(fit.impedance, temperature_degc=warmth.temperature_degc, factor=warmth.factor)
    return replace(
        like,
        rating=rating,
        ocv=ocv_curve(OCV_SOC, fit.ocv_v),
        resistance_ohm=impedance.sustained_ohm(),
        heat_capacity_j_per_k=like.heat_capacity_j_per_k * share,
        cooling_w_per_k=like.cooling_w_per_k * share ** (2.0 / 3.0),
        impedance=impedance,
        hysteresis=NO_HYSTERESIS,
        source=source,
    )


def cell_toml(cell: Cell, ocv_soc: Floats = OCV_SOC) -> str:
    """The text of a cell file that reads back as this cell, its voltage curve at `ocv_soc`."""
    rating, impedance, hysteresis, entropy = cell.rating, cell.impedance, cell.hysteresis, cell.entropy
    heat = 1001.0  # the file tells mass and specific heat, of which only the product is known
    lines = [
        f'name = "{rating.name}"',
        f'source = """{cell.source}"""',
        *([f'ageing = "{cell.ageing}"'] if cell.ageing else []),
        f"capacity_ah = {rating.capacity_ah:.6g}",
        f"nominal_voltage_v = {rating.nominal_voltage_v:.6g}",
        f"voltage_min_v = {rating.voltage_min_v:.6g}",
        f"voltage_max_v = {rating.voltage_max_v:.6g}",
        f"current_max_c = {cell.current_max_c:.6g}",
        f"mass_kg = {cell.heat_capacity_j_per_k / heat:.6g}",
        f"specific_heat_j_per_kg_k = {heat}",
        f"cooling_w_per_k = {cell.cooling_w_per_k:.6g}",
        "",
        "[ocv]",
        _row("soc", ocv_soc, 4),
        _row("voltage_v", cell.ocv.voltage_v(ocv_soc), 6),
        "",
        "[impedance]",
        _row("soc", impedance.soc, 4),
        _row("r0_charge_ohm", impedance.r0_charge_ohm),
        _row("r0_discharge_ohm", impedance.r0_discharge_ohm),
        _row("r1_ohm", impedance.r1_ohm),
        _row("r2_ohm", impedance.r2_ohm),
        f"tau1_s = {impedance.tau1_s:.5g}",
        f"tau2_s = {impedance.tau2_s:.5g}",
        _row("temperature_degc", impedance.temperature_degc, 2),
        _row("factor", impedance.factor),
    ]
    if np.any(hysteresis.half_v > 0.0):
        lines += ["", "[hysteresis]", _row("soc", hysteresis.soc, 4), _row("half_v", hysteresis.half_v)]
        lines.append(f"turn_soc = {hysteresis.turn_soc:.5g}")
    if np.any(entropy.v_per_k != 0.0):
        lines += ["", "[entropy]", _row("soc", entropy.soc, 4), _row("v_per_k", entropy.v_per_k)]
    return "\n".join(lines) + "\n"


def _row(key: str, values: Iterable[float], decimals: int | None = None) -> str:
    said = (f"{value:.5g}" if decimals is None else f"{value:.{decimals}f}" for value in values)
    return f"{key} = [{', '.join(_number(text) for text in said)}]"


def _number(text: str) -> str:
    """As TOML takes it: a number with its point."""
    return text if any(mark in text for mark in ".einf") else f"{text}.0"
