"""What waits to be written: one row per call of `append`, with its place in the order of arrival."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leyden.model.plan import Plan


class Kind(StrEnum):
    """The kinds of rows, in the order in which they are dropped when memory is short."""

    READINGS = "readings"
    CELLS = "cells"
    DECISIONS = "decisions"
    PLANS = "plans"


_OVERHEAD = 250
"""What one row costs in memory beside its content, roughly: objects, headers, the queue's slot."""


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """All points at one moment."""

    order: int
    t_us: int
    values: NDArray[np.float64]
    quality: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return _OVERHEAD + self.values.nbytes + self.quality.nbytes


@dataclass(frozen=True, slots=True)
class CellRow:
    """Every cell of one battery."""

    order: int
    t_us: int
    battery: str
    voltage_mv: NDArray[np.int16]
    temperature_ddegc: NDArray[np.int16]

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return _OVERHEAD + self.voltage_mv.nbytes + self.temperature_ddegc.nbytes


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision as JSON."""

    order: int
    t_us: int
    number: int
    body: bytes

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return _OVERHEAD + len(self.body)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A whole plan."""

    order: int
    t_us: int
    plan: Plan

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return _OVERHEAD * (1 + len(self.plan.slots))


Row = ReadingRow | CellRow | DecisionRow | PlanRow


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are written together, all or none."""

    readings: tuple[ReadingRow, ...] = ()
    cells: tuple[CellRow, ...] = ()
    decisions: tuple[DecisionRow, ...] = ()
    plans: tuple[PlanRow, ...] = ()
    last: int = 0
    """Every row up to this place in the order is in this batch or an earlier one."""

    def __bool__(self) -> bool:
        return bool(self.readings or self.cells or self.decisions or self.plans)
