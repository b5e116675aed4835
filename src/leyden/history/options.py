"""What of the record can be chosen in site.toml."""

from dataclasses import dataclass
from typing import Annotated

from leyden.model.quantity import Quantity

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """The [history] table of site.toml. All ages are site time; quarter-hours are kept for ever."""

    folder: str = "data"
    """Where record and ledger live, seen from site.toml."""
    flush_s: Annotated[float, Quantity("s", low=0.05, high=60.0)] = 1.0
    """Wall time between two writes; what a power cut may lose."""
    cells_every_s: Annotated[float, Quantity("s", low=0.0)] = 10.0
    """Frames of cells that come sooner after the last one are passed over."""
    hold_s: Annotated[float, Quantity("s", low=0.1)] = 5.0
    """For how long a value counts in energy and coverage when no next one comes; longer is a gap."""
    keep_raw_s: Annotated[float, Quantity("s", low=DAY_S)] = 30 * DAY_S
    keep_cells_s: Annotated[float, Quantity("s", low=DAY_S)] = 30 * DAY_S
    keep_decisions_s: Annotated[float, Quantity("s", low=DAY_S)] = 365 * DAY_S
    """Plans too: both say why."""
    keep_minutes_s: Annotated[float, Quantity("s", low=31 * DAY_S)] = 730 * DAY_S
    memory_mb: int = 40
    """What the database may hold in memory. A park of 60 points and 3840 cells needs no more; 128 cost 100 MB, and were
    not faster."""
    queue_mb: int = 64
    """What may wait in memory while nothing can be written; then the oldest raw rows go first."""
