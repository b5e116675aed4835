"""What happened (the record, DuckDB) and what must still be true after a restart (the ledger, SQLite).

The **record** takes one row of all points per cycle, decisions, frames of cells and plans. The cycle only enqueues; one
thread writes a batch every second of wall time, so a power cut loses at most that second. Rows of today stand in
`record.duckdb`; a closed day (UTC) becomes a Parquet file that any tool may read while the site runs:

    readings/2026-07-15.parquet     every value with its quality, sorted by point         30 days
    cells/2026-07-15.parquet        a frame of all cells of each battery every 10 s       30 days
    decisions/, plans/              what was decided and planned, and why                 a year
    minutes/2026-07.parquet         count, min, mean, max, seconds, energy of each point  two years
    quarters/2026-07.parquet        the same for quarter-hours                            for ever

`Record.query` reads whichever of them suits the screen. Site time never runs backwards in it, simulated and real rows
never share a folder, and a disk that is full or a file that is held by another stops nothing but the record itself,
which says so in `state().failing` and goes on when it can.

The **ledger** (`leyden.history.ledger`) holds events, alarms, leases, controllers' states, tokens and what people did:
written on change, and on the disk before the call returns.

Both are imported when they are first asked for: a database weighs 50 MB, and a twin needs only the options.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from leyden.history.errors import HistoryError, LedgerError, RecordUnavailableError
from leyden.history.options import HistoryOptions

if TYPE_CHECKING:
    from leyden.history.ledger import Ledger
    from leyden.history.record import CellFrame, Curves, Energy, Record, RecordState, Series

_RECORD, _LEDGER = "leyden.history.record", "leyden.history.ledger"
_HEAVY = dict.fromkeys(("CellFrame", "Curves", "Energy", "Record", "RecordState", "Series"), _RECORD)
_HEAVY["Ledger"] = _LEDGER

__all__ = [
    "CellFrame",
    "Curves",
    "Energy",
    "HistoryError",
    "HistoryOptions",
    "Ledger",
    "LedgerError",
    "Record",
    "RecordState",
    "RecordUnavailableError",
    "Series",
]


def __getattr__(name: str) -> object:
    """What needs a database, at its first use."""
    if name not in _HEAVY:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module(_HEAVY[name]), name)
