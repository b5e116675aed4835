"""Between registers and values: pure functions, one number at a time or a whole array of cells at once.

A value is `sign * (number * scale * 10**factor + add)`. Bits that mean "not there", numbers out of range and unknown
states become nan; nan becomes the first of those bits again.
"""

import math
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leyden.model.readings import Floats

Words16 = NDArray[np.uint16]
"""Registers as they came, one word each."""

NO_FACTOR = 0x8000
"""A SunSpec scale factor (sunssf) that the device does not implement."""
FINITE = sys.float_info.max
"""What is beyond it is no number."""
LARGEST_FACTOR = 10
"""SunSpec scale factors are powers of ten from -10 to 10."""


@dataclass(frozen=True, slots=True)
class RegisterType:
    """How bits make a number."""

    name: str
    words: int
    """Registers; 0 for a string, whose point says how many."""
    kind: Literal["unsigned", "signed", "float", "text"]
    missing: int
    """The bits that SunSpec keeps for "not implemented"."""

    @property
    def bits(self) -> int:
        """Width in bits."""
        return 16 * self.words

    @property
    def low(self) -> float:
        """The least number it holds."""
        return {"unsigned": 0, "signed": -1 - self.high}.get(self.kind, -self.high)

    @property
    def high(self) -> float:
        """The greatest number it holds."""
        if self.kind == "float":
            return float(np.finfo(np.float32 if self.words == 2 else np.float64).max)
        return (1 << self.bits - (self.kind == "signed")) - 1


TYPES: Mapping[str, RegisterType] = {
    kind.name: kind
    for kind in (
        RegisterType("int16", 1, "signed", 0x8000),
        RegisterType("uint16", 1, "unsigned", 0xFFFF),
        RegisterType("int32", 2, "signed", 0x8000_0000),
        RegisterType("uint32", 2, "unsigned", 0xFFFF_FFFF),
        RegisterType("int64", 4, "signed", 0x8000_0000_0000_0000),
        RegisterType("uint64", 4, "unsigned", 0xFFFF_FFFF_FFFF_FFFF),
        RegisterType("float32", 2, "float", 0x7FC0_0000),
        RegisterType("float64", 4, "float", 0x7FF8_0000_0000_0000),
        RegisterType("enum16", 1, "unsigned", 0xFFFF),
        RegisterType("bitfield16", 1, "unsigned", 0xFFFF),
        RegisterType("bitfield32", 2, "unsigned", 0xFFFF_FFFF),
        RegisterType("string", 0, "text", 0),
    )
}


@dataclass(frozen=True, slots=True)
class Coding:
    """How one point stands in its registers."""

    type: RegisterType
    low_word_first: bool = False
    scale: float = 1.0
    """SI value of one count, before the factor."""
    sign: int = 1
    add: float = 0.0
    missing: tuple[int, ...] = ()
    """Bits that mean "not there"; the first of them is written for nan."""
    states: Mapping[int, int] | None = None
    """Number in the device -> canonical state; the first of several is written. Never of a float."""
    low: float = -FINITE
    high: float = FINITE
    """Values outside [low, high] are not believed."""

    def resolution(self, factor: int = 0) -> float:
        """The step between two neighbouring values; 0 for a float."""
        return 0.0 if self.type.kind == "float" else abs(self.scale) * 10.0**factor


def joined(registers: Sequence[int], low_word_first: bool) -> int:
    """The bits of several registers as one unsigned number."""
    bits = 0
    for register in reversed(registers) if low_word_first else registers:
        bits = bits << 16 | register
    return bits


def split(bits: int, words: int, low_word_first: bool) -> tuple[int, ...]:
    """The registers of an unsigned number."""
    high_first = [bits >> 16 * place & 0xFFFF for place in reversed(range(words))]
    return tuple(reversed(high_first) if low_word_first else high_first)


def factor_of(register: int) -> int | None:
    """A scale factor as a power of ten; None where the device has none or a senseless one."""
    factor = register - 0x10000 if register & 0x8000 else register
    return factor if register != NO_FACTOR and abs(factor) <= LARGEST_FACTOR else None


def decode(coding: Coding, registers: Sequence[int], factor: int | None = 0) -> float:
    """One value in SI; nan where it is missing, unknown or not to be believed."""
    kind = coding.type
    bits = registers[0] if kind.words == 1 else joined(registers, coding.low_word_first)
    if factor is None or bits in coding.missing:
        return math.nan
    number = _number(kind, bits)
    if coding.states is not None:
        return float(coding.states.get(int(number), math.nan))
    many, parts = _ratio(coding.scale, factor)
    value = coding.sign * (number * many / parts + coding.add)
    return value if coding.low <= value <= coding.high else math.nan


@cache
def _ratio(scale: float, factor: int) -> tuple[float, float]:
    """One count as a ratio: 0.1 is 1/10, so that 312 counts are 31.2 and not 31.200000000000003."""
    count = scale * 10.0**factor
    parts = round(1.0 / count) if 1e-15 < count < 1.0 else 1
    return (1.0, float(parts)) if parts > 1 and abs(parts * count - 1.0) < 1e-12 else (count, 1.0)


def _number(kind: RegisterType, bits: int) -> float:
    if kind.kind == "float":
        value: float = struct.unpack(">f" if kind.words == 2 else ">d", bits.to_bytes(2 * kind.words, "big"))[0]
        return value
    return bits - (1 << kind.bits) if kind.kind == "signed" and bits >> (kind.bits - 1) else bits


def encode(coding: Coding, value: float, factor: int = 0) -> tuple[int, ...] | None:
    """The registers of one value, saturating at what the type holds; None where nan cannot be said."""
    kind = coding.type
    if value != value:
        return split(coding.missing[0], kind.words, coding.low_word_first) if coding.missing else None
    if coding.states is not None:
        number = next((raw for raw, state in coding.states.items() if state == value), None)
        return None if number is None else split(number, kind.words, coding.low_word_first)
    many, parts = _ratio(coding.scale, factor)
    exact = (coding.sign * value - coding.add) * parts / many
    if kind.kind == "float":
        packed = struct.pack(">f" if kind.words == 2 else ">d", min(max(exact, kind.low), kind.high))
        return split(int.from_bytes(packed, "big"), kind.words, coding.low_word_first)
    return split(_counts(coding, exact), kind.words, coding.low_word_first)


def _counts(coding: Coding, exact: float) -> int:
    """The nearest whole number that the type holds and that does not mean "not there", as bits."""
    kind = coding.type
    number = int(kind.low) if exact <= kind.low else int(kind.high) if exact >= kind.high else round(exact)
    mask = (1 << kind.bits) - 1
    while number & mask in coding.missing and number:
        number += 1 if number < 0 else -1  # towards zero: a set-point errs on the small side
    return number & mask


def fitting_factor(coding: Coding, value: float, usual: int = 0) -> int:
    """The least factor, not below the usual one, with which a value can be held."""
    if not math.isfinite(value):
        return usual
    count = abs((coding.sign * value - coding.add) / (coding.scale * 10.0**usual))
    most = coding.type.high - 1  # the highest count may be the one that means "not there"
    factor = usual
    while count > most and factor < LARGEST_FACTOR:
        count /= 10.0
        factor += 1
    return factor


def decode_text(registers: Sequence[int]) -> str:
    """A string point, two characters a register, up to the first zero."""
    raw = b"".join(register.to_bytes(2, "big") for register in registers)
    return raw.split(b"\0", 1)[0].decode("utf-8", errors="replace").strip()


def encode_text(text: str, words: int) -> tuple[int, ...]:
    """The registers of a string, cut to what fits and filled with zeros."""
    raw = text.encode()[: 2 * words].decode(errors="ignore").encode().ljust(2 * words, b"\0")
    return tuple(int.from_bytes(raw[at : at + 2], "big") for at in range(0, 2 * words, 2))


_WIDTHS = {1: "u2", 2: "u4", 4: "u8"}


def decode_array(coding: Coding, registers: Words16, factor: int | None = 0) -> Floats:
    """Values in SI of shape (n,) from registers of shape (n * words,); the same law as `decode`."""
    kind = coding.type
    bits = _joined_array(registers, kind.words, coding.low_word_first)
    if factor is None:
        return np.full(bits.shape, math.nan)
    numbers = bits
    if kind.kind == "signed":
        numbers = bits.view(bits.dtype.str.replace("u", "i"))
    elif kind.kind == "float":
        numbers = bits.view(bits.dtype.str.replace("u", "f"))
    if coding.states is not None:
        values = np.full(bits.shape, math.nan)
        for raw, state in coding.states.items():
            values[numbers == raw] = state
    else:
        many, parts = _ratio(coding.scale, factor)
        with np.errstate(invalid="ignore"):  # a signalling nan is a nan like any other
            values = coding.sign * (numbers.astype(np.float64) * many / parts + coding.add)
        if coding.low > -FINITE or coding.high < FINITE or kind.kind == "float":
            values[~((coding.low <= values) & (values <= coding.high))] = math.nan
    for missing in coding.missing:
        values[bits == missing] = math.nan
    return values


def _joined_array(registers: Words16, words: int, low_word_first: bool) -> NDArray[np.unsignedinteger]:
    parts = registers.reshape(-1, words)
    if low_word_first:
        parts = parts[:, ::-1]
    big_endian = np.ascontiguousarray(parts.astype(">u2"))
    return big_endian.view(f">{_WIDTHS[words]}").reshape(-1).astype(_WIDTHS[words])


def encode_array(coding: Coding, values: Floats, factor: int = 0) -> Words16:
    """Registers of shape (n * words,) from values of any shape holding n; nan needs a `missing`, states are scalar."""
    kind = coding.type
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    absent = flat != flat
    many, parts = _ratio(coding.scale, factor)
    exact = (coding.sign * np.where(absent, 0.0, flat) - coding.add) * parts / many
    width = _WIDTHS[kind.words]
    if kind.kind == "float":
        bits = np.clip(exact, kind.low, kind.high).astype(width.replace("u", "f")).view(width)
    else:
        numbers = np.clip(np.rint(exact), kind.low, np.nextafter(float(kind.high) + 1, 0.0))
        bits = numbers.astype("i8" if kind.kind == "signed" else "u8").astype(width)
        for missing in filter(None, coding.missing):  # a count must not say "not there"; it errs towards zero
            negative = kind.kind == "signed" and bool(missing >> (kind.bits - 1))
            bits[bits == missing] += np.asarray(1 if negative else -1).astype(width)
    if coding.missing:
        bits[absent] = coding.missing[0]
    words = bits.astype(f">{width}").view(">u2").reshape(-1, kind.words)
    return (words[:, ::-1] if coding.low_word_first else words).reshape(-1).astype(np.uint16)
