"""Reads cell files: one TOML file a kind of cell, those of the site's own folder before the shipped ones."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from leyden.model.errors import LeydenError
from leyden.model.site import CellRating
from leyden.physics.cell import Cell
from leyden.physics.ocv import OcvCurve, ocv_curve

SHIPPED = Path(__file__).parent / "cells"

_NUMBERS = (
    "capacity_ah",
    "nominal_voltage_v",
    "voltage_min_v",
    "voltage_max_v",
    "resistance_ohm",
    "current_max_c",
    "mass_kg",
    "specific_heat_j_per_kg_k",
    "cooling_w_per_k",
)


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
    if unknown := sorted(data.keys() - {*_NUMBERS, "name", "source", "ocv"}):
        raise CellFileError(f"{path}: unknown key {unknown[0]!r}; remove it, or see the shipped lfp-280ah.toml")
    if not number["voltage_min_v"] < number["nominal_voltage_v"] < number["voltage_max_v"]:
        raise CellFileError(f"{path}: voltage_min_v < nominal_voltage_v < voltage_max_v must hold")
    rating = CellRating(name, *(number[key] for key in _NUMBERS[:4]))
    return Cell(
        rating=rating,
        ocv=_ocv(data, path),
        resistance_ohm=number["resistance_ohm"],
        current_max_c=number["current_max_c"],
        heat_capacity_j_per_k=number["mass_kg"] * number["specific_heat_j_per_kg_k"],
        cooling_w_per_k=number["cooling_w_per_k"],
        source=str(data.get("source", "")).strip(),
    )


def _number(data: dict[str, object], key: str, path: Path) -> float:
    value = data.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.0 < value < float("inf"):
        raise CellFileError(f"{path}: {key} must be a number above 0 (got {value!r})")
    return float(value)


def _ocv(data: dict[str, object], path: Path) -> OcvCurve:
    table = data.get("ocv")
    try:
        assert isinstance(table, dict)
        soc, voltage_v = (np.array(table[key], dtype=np.float64) for key in ("soc", "voltage_v"))
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise CellFileError(f"{path}: [ocv] must hold two lists of numbers, soc and voltage_v") from error
    rising = soc.shape == voltage_v.shape and len(soc) >= 3 and bool(np.all(np.diff(soc) > 0))
    if not (rising and soc[0] == 0.0 and soc[-1] == 1.0 and bool(np.all(np.diff(voltage_v) > 0))):
        raise CellFileError(f"{path}: [ocv] soc must rise from 0 to 1, and voltage_v with it, point by point")
    return ocv_curve(soc, voltage_v)
