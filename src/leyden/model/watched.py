"""What our own watching over a battery's telemetry says of it, beside what its management says."""

from math import inf, nan

from msgspec import Struct

from leyden.model.reason import Reason


class Watched(Struct, frozen=True):
    """One battery as we see it. Everything here can only narrow what its own management allows."""

    soc: float = nan
    """Our estimate of the charge, 0 to 1; nan where its telemetry does not carry one."""
    soc_std: float = nan
    """Its standard deviation."""
    charge_limit_w: float = inf
    """DC power that we would let in, never negative; inf where we narrow nothing."""
    discharge_limit_w: float = inf
    """DC power that we would let out, never negative; inf where we narrow nothing."""
    charge_reason: Reason | None = None
    discharge_reason: Reason | None = None
    stop: bool = False
    """Whether a rule stands at which our own management would open the battery."""

    @property
    def trusted_soc(self) -> float:
        """Our estimate where it is sure enough to be acted on, else nan."""
        return self.soc if self.soc_std <= TRUSTED_STD else nan


TRUSTED_STD = 0.05
"""An estimate less sure than this is shown and decides nothing."""
NOT_WATCHED = Watched()
