"""The record: what happened, second by second, kept for good and read at any resolution."""

from leyden.history.record.cells import CellFrame
from leyden.history.record.energy import Energy
from leyden.history.record.record import Record, RecordState
from leyden.history.record.series import Curves, Series

__all__ = ["CellFrame", "Curves", "Energy", "Record", "RecordState", "Series"]
