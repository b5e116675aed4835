"""Words that people read, always in Chinese and English, and the one place where numbers become text.

A reason, an alarm, a controller or a point carries its own `Words` beside its code, so that adding one never needs an
edit elsewhere; every edge (room, command line, API, log) makes its sentences with `fill`, so they are the same
everywhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]

LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages; may hold fields in braces, `{limit_w}`, whose suffix says how to print them."""

    zh: str
    en: str

    def fill(self, values: Mapping[str, object]) -> "Words":
        """The same text with every field printed by its unit."""
        return Words(zh=_filled(self.zh, values, "zh"), en=_filled(self.en, values, "en"))

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def _filled(template: str, values: Mapping[str, object], language: Language) -> str:
    printed = {name: printed_value(name, value, language) for name, value in values.items()}
    return template.format_map(printed)


# Suffix of a public name -> (unit on paper, whether the unit takes k, M and G).
_UNITS: Mapping[str, tuple[str, bool]] = {
    "_w": ("W", True),
    "_wh": ("Wh", True),
    "_va": ("VA", True),
    "_var": ("var", True),
    "_v": ("V", False),
    "_a": ("A", False),
    "_ah": ("Ah", False),
    "_hz": ("Hz", False),
    "_s": ("s", False),
    "_degc": ("°C", False),
    "_ohm": ("Ω", False),
}
_RATIOS = ("soc", "soh", "ratio", "efficiency")


def printed_value(name: str, value: object, language: Language = "en") -> str:
    """A value as people read it, by the suffix of its name: `limit_w`, 2.1e6 -> "2.1 MW"; `soc`, 0.45 -> "45 %"."""
    if isinstance(value, Words):
        return value[language]
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    if math.isnan(value):
        return "—"
    for suffix, (unit, scaled) in _UNITS.items():
        if name.endswith(suffix):
            return _with_prefix(value, unit) if scaled else f"{_short(value)} {unit}"
    if name.split("_")[-1] in _RATIOS or name.split("_")[0] in _RATIOS:
        return f"{_short(100 * value)} %"
    return _short(value)


def _with_prefix(value: float, unit: str) -> str:
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * factor:
            return f"{_short(value / factor)} {prefix}{unit}"
    return f"{_short(value)} {unit}"


def _short(value: float) -> str:
    """Three figures, no trailing zeros, never an exponent, a true minus sign."""
    decimals = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text in ("-0", "") else text
    return text.replace("-", "\N{MINUS SIGN}")
