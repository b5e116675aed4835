"""The mean of import since the last full quarter of an hour, as a demand meter counts it."""

from datetime import datetime
from math import nan

from msgspec import Struct

QUARTER_S = 900.0
_GAP_S = 10.0
"""A value stands for at most this long; what is not measured is not counted."""


class Quarter(Struct, frozen=True, gc=False):
    """What has been counted in the running quarter."""

    number: int = -1
    """Quarters since 1970: boundaries of UTC are those of every zone in use."""
    import_ws: float = 0.0
    counted_s: float = 0.0
    elapsed_s: float = nan
    import_w: float = nan
    """The latest measurement; it stands until the next."""

    @property
    def mean_w(self) -> float:
        """Time-weighted; the latest value alone where nothing has been counted yet."""
        return self.import_ws / self.counted_s if self.counted_s > 0.0 else self.import_w


def counted(before: Quarter, time: datetime, elapsed_s: float, grid_w: float) -> Quarter:
    """The quarter after one more measurement; nan is not counted. Feed-in counts as no import."""
    t = time.timestamp()
    number, into_s = divmod(t, QUARTER_S)
    import_ws, counted_s = (before.import_ws, before.counted_s) if number == before.number else (0.0, 0.0)
    dt_s = elapsed_s - before.elapsed_s
    if 0.0 < dt_s <= _GAP_S and before.import_w == before.import_w:
        import_ws += before.import_w * min(dt_s, into_s)
        counted_s += min(dt_s, into_s)
    import_w = max(grid_w, 0.0) if grid_w == grid_w else nan
    return Quarter(int(number), import_ws, counted_s, elapsed_s, import_w)
