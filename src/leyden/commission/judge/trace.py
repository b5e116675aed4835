"""What was read while a test ran: every value with the time at which it was measured."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from leyden.model.readings import Floats

GATE = "grid"
"""Key of the gate meter's power, import positive; others are `converter:b1`, `dc:b1`, `dc_v:b1`, `load:line1` ..."""


def key_of(kind: str, thing: str) -> str:
    """The key of a series: `converter:b1`."""
    return f"{kind}:{thing}"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One quantity: rising times [s of site time], and a value for each."""

    t_s: Floats
    value: Floats

    @classmethod
    def of(cls, pairs: "list[tuple[float, float]]") -> "Series":
        """From (time, value) in order."""
        table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    def between(self, start_s: float, end_s: float) -> "Series":
        """What was measured in [start, end]."""
        inside = slice(np.searchsorted(self.t_s, start_s, "left"), np.searchsorted(self.t_s, end_s, "right"))
        return Series(self.t_s[inside], self.value[inside])

    def mean(self, start_s: float, end_s: float) -> float:
        """Mean of what was measured in [start, end]; nan where nothing was."""
        values = self.between(start_s, end_s).value
        return float(values.mean()) if values.size else math.nan

    def at(self, t_s: Floats) -> Floats:
        """Straight between the values, held beyond them."""
        found: Floats = np.interp(t_s, self.t_s, self.value)
        return found

    def __len__(self) -> int:
        return int(self.t_s.size)


NOTHING = Series.of([])


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Everything that one test read, and what was told meanwhile."""

    series: Mapping[str, Series] = field(default_factory=dict)
    told: Series = NOTHING
    """Set-point of the battery under test at the moments when it changed, discharge positive [W]."""

    def get(self, key: str) -> Series:
        """A series; an empty one where nothing was read."""
        return self.series.get(key, NOTHING)

    def __getitem__(self, key: str) -> Series:
        return self.get(key)
