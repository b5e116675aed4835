"""Quantities as people write them, "1.5 MW", "280 Ah", "10 s", and how an option declares which one it is.

An option is a dataclass field whose annotation says its quantity; its key in site.toml is the field's name without the
unit: `import_limit_w: Annotated[float, Quantity("W", low=0.0)]` is written `import_limit = "2.1 MW"`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isfinite

from leyden.model.errors import LeydenError
from leyden.model.words import Words

# Factors are text, so that "57 %" and "2.1 MW" become the very floats 0.57 and 2.1e6. Power and energy know no milli:
# "1.5 mW" on a storage site is a slip of the shift key, and a factor of a thousand million.
_BIG = {"k": "1e3", "M": "1e6", "G": "1e9"}
_SMALL = {"m": "1e-3"}
_PREFIXES: Mapping[str, Mapping[str, str]] = {
    "W": _BIG, "Wh": _BIG, "VA": _BIG, "var": _BIG, "Hz": _SMALL,
    "V": _SMALL | _BIG, "A": _SMALL | _BIG, "Ah": _SMALL | _BIG, "ohm": _SMALL | _BIG,
}  # fmt: skip
_OTHER: Mapping[str, Mapping[str, str]] = {
    "s": {"s": "1", "ms": "1e-3", "min": "60", "h": "3600", "d": "86400"},
    "degC": {"degC": "1", "°C": "1"},
    "W/s": {"W/s": "1", "kW/s": "1e3", "MW/s": "1e6"},
    "": {"": "1", "%": "0.01"},
}
_SUFFIX = {
    "W": "_w", "Wh": "_wh", "VA": "_va", "var": "_var", "V": "_v", "A": "_a", "Ah": "_ah", "Hz": "_hz",
    "ohm": "_ohm", "s": "_s", "degC": "_degc", "W/s": "_w_per_s", "": "",
}  # fmt: skip
_EXAMPLES = {
    "W": '"1.5 MW"', "Wh": '"3.4 MWh"', "VA": '"1.65 MVA"', "var": '"500 kvar"', "V": '"3.65 V"', "A": '"140 A"',
    "Ah": '"280 Ah"', "Hz": '"50 Hz"', "ohm": '"0.5 mohm"', "s": '"10 s"', "degC": '"25 degC"', "W/s": '"500 kW/s"',
    "": '0.1 or "10 %"',
}  # fmt: skip
_WRITTEN = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*([^\d\s].*?)?\s*")

UNITS: tuple[str, ...] = tuple(_SUFFIX)
"""Every unit that an option may declare."""


class QuantityError(LeydenError, ValueError):
    """What stands in a file is not the quantity wanted; `mend` says in both languages what to write."""

    def __init__(self, written: object, mend: Words) -> None:
        super().__init__(f"{mend.en}, found {written!r}")
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Quantity:
    """What an option is measured in, and between which values it makes sense (both ends included)."""

    unit: str
    """W, Wh, VA, var, V, A, Ah, Hz, ohm, s, degC, W/s, or "" for a ratio or a count (0.1 or "10 %")."""
    low: float = -inf
    high: float = inf

    def key(self, field: str) -> str:
        """The key in site.toml of a dataclass field: its name without the unit."""
        return field.removesuffix(_SUFFIX[self.unit])

    def read(self, written: object) -> float:
        """SI value of what stands in a file, within the range; raises QuantityError with the mend."""
        value = parse_quantity(written, self.unit)
        if self.low <= value <= self.high:
            return value
        raise QuantityError(written, self._range())

    def _range(self) -> Words:
        low, high = (write_quantity(edge, self.unit) for edge in (self.low, self.high))
        if self.high == inf:
            return Words(f"应不小于 {low}", f"expected at least {low}")
        if self.low == -inf:
            return Words(f"应不大于 {high}", f"expected at most {high}")
        return Words(f"应在 {low} 与 {high} 之间", f"expected {low} to {high}")


def parse_quantity(written: object, unit: str) -> float:
    """SI value of what stands in a file, always finite; a bare number is taken only for ratios and counts.

    Raises QuantityError with the mend: an example of what is wanted, or the unit that was meant.
    """
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        raise QuantityError(written, _expected(unit))
    if not isinstance(written, str):
        if unit or not isfinite(written):
            raise QuantityError(written, _expected(unit))
        return float(written)
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise QuantityError(written, _expected(unit))
    number, named = match[1], match[2] or ""
    factor = _factors(unit).get(named)
    if factor is None:
        raise QuantityError(written, _expected(unit, number, named))
    value = float(Decimal(number) * Decimal(factor))
    if not isfinite(value):
        raise QuantityError(written, _expected(unit))
    return value


def write_quantity(value: float, unit: str) -> str:
    """The shortest writing that `parse_quantity` reads back as exactly this value: 2.1e6, "W" -> "2.1 MW".

    Ratios are written in percent where that is no longer; nothing here is rounded, unlike `words.printed_value`.
    """
    if not isfinite(value):
        return str(value)
    writings = [
        f"{digits} {named}".rstrip()
        for named, factor in _factors(unit).items()
        if len(digits := _digits(Decimal(repr(value)) / Decimal(factor))) <= 20
    ]
    exact = [text for text in writings if parse_quantity(text, unit) == value]
    return min(exact, key=len) if exact else f"{value!r} {unit}".rstrip()


def example_of(unit: str) -> str:
    """A quantity of this unit as it stands in a file, quotes and all."""
    return _EXAMPLES[unit]


def units_of(unit: str) -> tuple[str, ...]:
    """Every way to write a unit: W, kW, MW, GW."""
    return tuple(_factors(unit))


def _digits(number: Decimal) -> str:
    """Plain decimal digits, without an exponent or needless zeros."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _factors(unit: str) -> Mapping[str, str]:
    if unit in _PREFIXES:
        return {unit: "1"} | {prefix + unit: factor for prefix, factor in _PREFIXES[unit].items()}
    return _OTHER[unit]


def _expected(unit: str, number: str = "", named: str = "") -> Words:
    """What to write instead; where only capitals are wrong, the very text."""
    meant = [right for right in _factors(unit) if named and right.lower() == named.lower()]
    text = f'"{number} {meant[-1]}"' if meant else _EXAMPLES[unit]
    return Words(f"应写作 {text}", f"expected {text}")
