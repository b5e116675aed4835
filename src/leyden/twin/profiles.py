"""What drives loads, sun and wind: quarter-hours of a real year, a constant, or steps."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Protocol
from zlib import crc32

import numpy as np

from leyden.model.errors import LeydenError
from leyden.model.readings import Floats
from leyden.physics.ripple import ripple
from leyden.physics.year_profile import SLOTS, edges, slot_of
from leyden.twin.options import ProfileOptions

_FILE = Path(__file__).parent / "data" / "profiles_simbench_2016_15min.csv"

SIMBENCH: Mapping[str, str] = {
    "simbench-g1a": "g1a_pu",
    "simbench-g3m": "g3m_pu",
    "simbench-blh": "blh_pu",
    "simbench-pv5": "pv5_pu",
    "simbench-wp4": "wp4_pu",
}
"""Profile -> column of the shipped file: commerce, industry, farm, solar, wind."""

PROFILES: tuple[str, ...] = (*SIMBENCH, "constant", "steps")
"""Every profile that can be named."""


class ProfileError(LeydenError):
    """A profile that cannot be made; names what is missing and the mend."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment as profiles want it."""

    local: datetime
    """The site's own wall clock."""
    slot: int
    """Quarter of an hour in a leap year, by the wall clock."""
    part: float
    """How far into it, 0 to 1."""
    epoch_s: float
    """Seconds since 1970 UTC."""
    elapsed_s: float
    """Since the twin's start."""


def moment(now: datetime, zone: tzinfo, elapsed_s: float) -> Moment:
    """The moment of an aware time, at a place."""
    local = now.astimezone(zone)
    return Moment(local, *slot_of(local), now.timestamp(), elapsed_s)


class Profile(Protocol):
    """Power drawn or available, never negative."""

    def power_w(self, moment: Moment) -> float:
        """At this moment."""
        ...


class Constant:
    """The same at all times."""

    def __init__(self, power_w: float) -> None:
        self._power_w = power_w

    def power_w(self, moment: Moment) -> float:
        """At this moment."""
        return self._power_w


class Steps:
    """Each power held until the next."""

    def __init__(self, options: ProfileOptions) -> None:
        steps = sorted(options.steps, key=lambda step: step.at_s)
        self._starts = [step.at_s for step in steps]
        self._powers = [0.0, *(step.power_w for step in steps)]

    def power_w(self, moment: Moment) -> float:
        """At this moment; a step counts from its very second on."""
        return self._powers[bisect_right(self._starts, moment.elapsed_s + 1e-9)]


class Year:
    """A year of quarter-hours, periodic, straight between its values, with a little ripple."""

    def __init__(self, values: Floats, peak_w: float, ripple_share: float, seed: int) -> None:
        self._values = values
        self._peak_w = peak_w
        self._ripple = ripple_share
        self._seed = seed
        self._slot, self._edges = -1, (0.0, 0.0)

    def power_w(self, moment: Moment) -> float:
        """At this moment."""
        if moment.slot != self._slot:
            self._slot, self._edges = moment.slot, edges(self._values, moment.local)
        here, there = self._edges
        power_w = self._peak_w * (here + moment.part * (there - here))
        if self._ripple == 0.0 or power_w == 0.0:
            return power_w
        return power_w * (1.0 + self._ripple * ripple(self._seed, moment.epoch_s))


def make_profile(name: str, options: ProfileOptions, rated_w: float | None, ripple_share: float, seed: int) -> Profile:
    """The profile of the thing called `name`; `rated_w` stands for a peak that is not given.

    Raises ProfileError with the mend.
    """
    peak_w = options.peak_w if options.peak_w is not None else rated_w
    if options.profile == "steps":
        return Steps(options)
    if options.profile not in PROFILES:
        raise ProfileError(f"{name}: there is no profile {options.profile!r}; there are: {', '.join(PROFILES)}")
    if peak_w is None:
        raise ProfileError(f'{name}: profile {options.profile!r} needs a peak: write peak = "1 MW" beside it')
    if options.profile == "constant":
        return Constant(peak_w)
    # Other things and other seeds ripple differently; the same ones alike in every process, unlike hash().
    return Year(_column(options.profile), peak_w, ripple_share, seed * 1_000_003 + crc32(name.encode()))


@cache
def _table() -> Floats:
    with _FILE.open(encoding="utf-8") as file:
        columns = file.readline().strip().split(",")
        values = np.loadtxt(file, delimiter=",", usecols=[columns.index(column) for column in SIMBENCH.values()])
    assert values.shape == (SLOTS, len(SIMBENCH))
    return np.ascontiguousarray(values.T)


def _column(profile: str) -> Floats:
    column: Floats = _table()[list(SIMBENCH).index(profile)]
    return column
