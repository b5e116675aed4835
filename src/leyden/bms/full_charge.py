"""The wish for a full charge: the only place on the curve where an LFP battery finds out how full it is.

A wish, not an order: the plan meets it within its days, where it costs least.
"""

from leyden.model.reason import Reason
from leyden.model.words import Words

EVERY_S = 30 * 86400.0
"""Makers ask for one when the charge was not above 97 % in thirty days."""
STD_MAX = 0.05
WITHIN_S = 3 * 86400.0
AT_ONCE_STD = 0.15
"""So unsure that the charge is worth little: within a day."""


class FullChargeWish(Reason, frozen=True):
    """A battery no longer knows well enough how full it is."""

    days: float
    std_ratio: float
    within_s: float
    sentence = Words(
        "距上次充满 {days} 天,荷电不确定度 {std_ratio},请在 {within_s} 内安排一次充满",
        "{days} days since it was full, charge known to {std_ratio}: a full charge is wanted within {within_s}",
    )


def full_charge_wish(since_full_s: float, soc_std: float) -> FullChargeWish | None:
    """Whether a full charge is wanted; a deviation that is not known is too large."""
    unsure = not soc_std <= STD_MAX
    if not unsure and since_full_s <= EVERY_S:
        return None
    within_s = WITHIN_S if soc_std <= AT_ONCE_STD else 86400.0
    return FullChargeWish(since_full_s / 86400.0, soc_std, within_s)
