"""Quantities as people write them, "1.5 MW", "280 Ah", "10 s", and how an option declares which one it is.

An option is a dataclass field whose annotation says its quantity; its key in site.toml is the field's name without the
unit: `import_limit_w: Annotated[float, Quantity("W", low=0.0)]` is written `import_limit = "2.1 MW"`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

_PREFIXED = {"W", "Wh", "VA", "var", "V", "A", "Ah", "Hz", "ohm"}
_PREFIXES = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
_OTHER: Mapping[str, Mapping[str, float]] = {
    "s": {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "degC": {"degC": 1.0, "°C": 1.0},
    "W/s": {"W/s": 1.0, "kW/s": 1e3, "MW/s": 1e6},
    "": {"": 1.0, "%": 0.01},
}
_SUFFIX = {
    "W": "_w", "Wh": "_wh", "VA": "_va", "var": "_var", "V": "_v", "A": "_a", "Ah": "_ah", "Hz": "_hz",
    "ohm": "_ohm", "s": "_s", "degC": "_degc", "W/s": "_w_per_s", "": "",
}  # fmt: skip
_WRITTEN = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\d\s].*?)?\s*")


@dataclass(frozen=True, slots=True)
class Quantity:
    """What an option is measured in, and between which values it makes sense (both ends included)."""

    unit: str
    """W, Wh, VA, var, V, A, Ah, Hz, ohm, s, degC, W/s, or "" for a ratio (0.1 or "10 %")."""
    low: float = -inf
    high: float = inf

    def key(self, field: str) -> str:
        """The key in site.toml of a dataclass field: its name without the unit."""
        return field.removesuffix(_SUFFIX[self.unit])


def parse_quantity(written: object, unit: str) -> float:
    """SI value of what stands in a file; a bare number is taken only for ratios.

    Raises ValueError with the mend: what was found, and an example of what is wanted.
    """
    scales = _scales(unit)
    example = _example(unit)
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        raise ValueError(f"expected {example}, found {written!r}")
    if not isinstance(written, str):
        if unit:
            raise ValueError(f"a number without a unit: write {example} instead of {written!r}")
        return float(written)
    match = _WRITTEN.fullmatch(written)
    if match is None or (match[2] or "") not in scales:
        raise ValueError(f"expected {example}, found {written!r}")
    return float(match[1]) * scales[match[2] or ""]


def _scales(unit: str) -> Mapping[str, float]:
    if unit in _PREFIXED:
        return {unit: 1.0} | {prefix + unit: scale for prefix, scale in _PREFIXES.items()}
    return _OTHER[unit]


def _example(unit: str) -> str:
    examples = {"": '0.1 or "10 %"', "s": '"10 s"', "degC": '"25 degC"', "W/s": '"500 kW/s"', "W": '"1.5 MW"'}
    return examples.get(unit, f'a quantity such as "10 {unit}"')
