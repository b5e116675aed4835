"""Frames of cells: voltages in mV and temperatures in 0.1 degC as int16, packed into one small piece."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Int16s = NDArray[np.int16]
Floats = NDArray[np.float64]

MISSING = np.iinfo(np.int16).min
"""Stands in a frame for a cell whose value is not known."""

_ZSTD = pa.Codec("zstd", compression_level=1)


@dataclass(frozen=True, slots=True)
class CellFrame:
    """Every cell of one battery at one moment; arrays are (rack, module, cell)."""

    battery: str
    t: float
    """Site time, seconds since 1970: how old it is, is for the reader to judge."""
    voltage_mv: Int16s
    temperature_ddegc: Int16s

    @property
    def voltage_v(self) -> Floats:
        """Volts; nan where missing."""
        return _floats(self.voltage_mv, 1000.0)

    @property
    def temperature_degc(self) -> Floats:
        """Degrees Celsius; nan where missing."""
        return _floats(self.temperature_ddegc, 10.0)


def to_int16(values: Floats, per_unit: float) -> Int16s:
    """Values times `per_unit` (1000 for mV of V, 10 for 0.1 degC), rounded; MISSING for nan and what does not fit."""
    scaled = np.rint(np.asarray(values, np.float64) * per_unit)
    fits = np.abs(scaled) < -MISSING  # nan does not
    return np.where(fits, scaled, MISSING).astype(np.int16)


def pack_frame(voltage_mv: Int16s, temperature_ddegc: Int16s) -> bytes:
    """Both arrays in a third less than plain zstd makes of them: 1.2 bytes a cell for a container at work.

    Four bytes of middles (int16, little endian: voltage, temperature), then zstd over the distances from the middle,
    zigzag-coded (0, -1, 1, -2, ... as 0, 1, 2, 3, ...), all low bytes before all high bytes.
    """
    middles = np.array([_middle(voltage_mv), _middle(temperature_ddegc)], "<i2")
    distances = np.concatenate((voltage_mv.ravel() - middles[0], temperature_ddegc.ravel() - middles[1]))
    zigzag = ((distances << 1) ^ (distances >> 15)).astype("<i2")  # int16 wraps around, here and on the way back
    packed: bytes = _ZSTD.compress(zigzag.view(np.uint8).reshape(-1, 2).T.tobytes(), asbytes=True)
    return middles.tobytes() + packed


def unpack_frame(packed: bytes, shape: tuple[int, int, int]) -> tuple[Int16s, Int16s]:
    """Voltages and temperatures that `pack_frame` took."""
    cells = shape[0] * shape[1] * shape[2]
    content = _ZSTD.decompress(packed[4:], 4 * cells, asbytes=True)
    zigzag = np.ascontiguousarray(np.frombuffer(content, np.uint8).reshape(2, -1).T).view("<u2").ravel()
    distances = (zigzag >> 1).astype(np.int16) ^ -(zigzag & 1).astype(np.int16)
    middles = np.frombuffer(packed[:4], "<i2")
    return (distances[:cells] + middles[0]).reshape(shape), (distances[cells:] + middles[1]).reshape(shape)


def _middle(values: Int16s) -> np.int16:
    return np.int16(np.median(values)) if values.size else np.int16(0)


def _floats(values: Int16s, per_unit: float) -> Floats:
    return np.where(values == MISSING, np.nan, values / per_unit)
