"""Whether something has been so for long enough, without flicker."""

from math import inf

from msgspec import Struct


class Lasting(Struct, frozen=True, gc=False):
    """Becomes true after `after_s` of yes, false again after `after_s` of no."""

    standing: bool = False
    changed_s: float = inf
    """Since when the truth has been the other one; inf while it agrees."""


NEVER = Lasting()
"""Where every such watch begins."""


def lasting(before: Lasting, true: bool, elapsed_s: float, after_s: float) -> Lasting:
    """The watch after one more look. Times are monotonic; one from before a restart counts as now."""
    if true is before.standing:
        return before if before.changed_s == inf else Lasting(before.standing)
    since_s = min(before.changed_s, elapsed_s)
    if elapsed_s - since_s >= after_s:
        return Lasting(true)
    return before if since_s == before.changed_s else Lasting(before.standing, since_s)
