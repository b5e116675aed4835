"""Reads cell files: one TOML file a kind of cell, those of the site's own folder before the shipped ones."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leyden.model.errors import LeydenError
from leyden.model.readings import Floats
from leyden.model.site import CellRating
from leyden.physics.cell import Cell
from leyden.physics.impedance import NO_ENTROPY, NO_HYSTERESIS, Entropy, Hysteresis, Impedance, plain
from leyden.physics.ocv import OcvCurve, ocv_curve

SHIPPED = Path(__file__).parent / "cells"

_NUMBERS = (
    "capacity_ah",
    "nominal_voltage_v",
    "voltage_min_v",
    "voltage_max_v",
    "current_max_c",
    "mass_kg",
    "specific_heat_j_per_kg_k",
    "cooling_w_per_k",
)
_TABLES = ("ocv", "impedance", "hysteresis", "entropy")
_KEYS = {*_NUMBERS, *_TABLES, "resistance_ohm", "name", "source", "ageing"}


class CellFileError(LeydenError):
    """A cell that is not there, or a cell file that cannot be used; names the file, the key and the mend."""


def load_cell(name: str, folders: Sequence[Path] = ()) -> Cell:
    """The kind of cell called `name`, from the first folder that has `name.toml`, else the shipped one.

    Raises CellFileError: an unknown name with the names there are, or what is wrong in the file.
    """
    searched = (*folders, SHIPPED)
    path = next((path for folder in searched if (path := folder / f"{name}.toml").is_file()), None)
    if path is None:
        there = ", ".join(sorted({found.stem for folder in searched for found in folder.glob("*.toml")}))
        raise CellFileError(f"there is no cell {name!r}; there are: {there}")
    return _read(name, path)


def _read(name: str, path: Path) -> Cell:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CellFileError(f"{path}: not valid TOML: {error}") from error
    number = {key: _number(data, key, path) for key in _NUMBERS}
    if unknown := sorted(data.keys() - _KEYS):
        raise CellFileError(f"{path}: unknown key {unknown[0]!r}; remove it, or see the shipped lfp-280ah.toml")
    if not number["voltage_min_v"] < number["nominal_voltage_v"] < number["voltage_max_v"]:
        raise CellFileError(f"{path}: voltage_min_v < nominal_voltage_v < voltage_max_v must hold")
    impedance = _impedance(data, path)
    return Cell(
        rating=CellRating(name, *(number[key] for key in _NUMBERS[:4])),
        ocv=_ocv(data, path),
        resistance_ohm=impedance.sustained_ohm(),
        current_max_c=number["current_max_c"],
        heat_capacity_j_per_k=number["mass_kg"] * number["specific_heat_j_per_kg_k"],
        cooling_w_per_k=number["cooling_w_per_k"],
        source=str(data.get("source", "")).strip(),
        impedance=impedance,
        hysteresis=_hysteresis(data, path),
        entropy=_entropy(data, path),
        ageing=str(data.get("ageing", "")),
    )


def _number(data: Mapping[str, Any], key: str, path: Path) -> float:
    value = data.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.0 < value < float("inf"):
        raise CellFileError(f"{path}: {key} must be a number above 0 (got {value!r})")
    return float(value)


def _ocv(data: Mapping[str, Any], path: Path) -> OcvCurve:
    table = _Table(data, "ocv", path)
    soc, (voltage_v,) = table.over_soc("voltage_v")
    if len(soc) < 3 or not bool(np.all(np.diff(voltage_v) > 0)):
        raise CellFileError(f"{path}: [ocv] soc must rise from 0 to 1, and voltage_v with it, point by point")
    return ocv_curve(soc, voltage_v)


def _impedance(data: Mapping[str, Any], path: Path) -> Impedance:
    """The table, or where there is none the one resistance."""
    if "impedance" not in data:
        return plain(_number(data, "resistance_ohm", path))
    if "resistance_ohm" in data:
        raise CellFileError(f"{path}: resistance_ohm follows from [impedance]; remove one of the two")
    table = _Table(data, "impedance", path)
    keys = ("r0_charge_ohm", "r0_discharge_ohm", "r1_ohm", "r2_ohm")
    soc, rows = table.over_soc(*keys)
    for key, row in zip(keys, rows, strict=True):
        if not bool(np.all(row >= 0.0)) or (key.startswith("r0") and not bool(np.all(row > 0.0))):
            raise CellFileError(f"{path}: [impedance] {key} must not be negative, and R0 must be above 0")
    degc, factor = np.array([25.0]), np.array([1.0])
    if "temperature_degc" in table.data:
        degc, factor = table.numbers("temperature_degc"), table.numbers("factor")
        if degc.shape != factor.shape or not bool(np.all(np.diff(degc) > 0.0)) or not bool(np.all(factor > 0.0)):
            raise CellFileError(f"{path}: [impedance] temperature_degc must rise, with one factor above 0 each")
    tau1_s, tau2_s = (_number(table.data, key, path) for key in ("tau1_s", "tau2_s"))
    if not tau1_s < tau2_s:
        raise CellFileError(f"{path}: [impedance] tau1_s must be shorter than tau2_s")
    charging, discharging, fast, slow = rows
    return Impedance(soc, charging, discharging, fast, slow, tau1_s, tau2_s, degc, factor)


def _hysteresis(data: Mapping[str, Any], path: Path) -> Hysteresis:
    if "hysteresis" not in data:
        return NO_HYSTERESIS
    table = _Table(data, "hysteresis", path)
    soc, (half_v,) = table.over_soc("half_v")
    if not bool(np.all(half_v >= 0.0)):
        raise CellFileError(f"{path}: [hysteresis] half_v is half the gap, never negative")
    return Hysteresis(soc, half_v, _number(table.data, "turn_soc", path))


def _entropy(data: Mapping[str, Any], path: Path) -> Entropy:
    if "entropy" not in data:
        return NO_ENTROPY
    soc, (v_per_k,) = _Table(data, "entropy", path).over_soc("v_per_k")
    return Entropy(soc, v_per_k)


_FIELDS = {
    "ocv": {"soc", "voltage_v"},
    "impedance": {
        "soc", "r0_charge_ohm", "r0_discharge_ohm", "r1_ohm", "r2_ohm", "tau1_s", "tau2_s", "temperature_degc", "factor"
    },
    "hysteresis": {"soc", "half_v", "turn_soc"},
    "entropy": {"soc", "v_per_k"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of a cell file while it is being read."""

    file: Mapping[str, Any]
    name: str
    path: Path

    @property
    def data(self) -> Mapping[str, Any]:
        """What stands in it; raises CellFileError where it is no table, or holds a stranger."""
        table = self.file.get(self.name)
        if not isinstance(table, dict):
            raise CellFileError(f"{self.path}: there must be a table [{self.name}]")
        if unknown := sorted(table.keys() - _FIELDS[self.name]):
            known = ", ".join(sorted(_FIELDS[self.name]))
            raise CellFileError(f"{self.path}: [{self.name}] does not know {unknown[0]!r}; it knows: {known}")
        return table

    def numbers(self, key: str) -> Floats:
        """A list of finite numbers."""
        try:
            values = np.array(self.data[key], dtype=np.float64)
        except (KeyError, TypeError, ValueError):
            values = np.array(np.nan)
        if values.ndim != 1 or len(values) == 0 or not bool(np.all(np.isfinite(values))):
            raise CellFileError(f"{self.path}: [{self.name}] {key} must be a list of numbers")
        return values

    def over_soc(self, *keys: str) -> tuple[Floats, list[Floats]]:
        """The charge, and lists as long as it."""
        soc, rows = self.numbers("soc"), [self.numbers(key) for key in keys]
        spans = len(soc) >= 2 and soc[0] == 0.0 and soc[-1] == 1.0 and bool(np.all(np.diff(soc) > 0.0))
        if not spans or any(row.shape != soc.shape for row in rows):
            told = f"soc must rise from 0 to 1, with as many numbers in {', '.join(keys)}"
            raise CellFileError(f"{self.path}: [{self.name}] {told}")
        return soc, rows
