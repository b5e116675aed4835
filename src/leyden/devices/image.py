"""The newest image of one role of a device: its values, and when each of them came."""

import math
from collections.abc import Mapping

import numpy as np

from leyden.devices.link import BAD_AFTER
from leyden.model.quality import Quality, Stamp
from leyden.model.readings import ROLES, Floats, Reading

Value = float | Floats


class RoleImage:
    """Values as they come from the wire; a Reading of them whenever one is asked for."""

    def __init__(self, role: str, stale_s: Mapping[str, float]) -> None:
        """`stale_s` says for each point at which age it is stale."""
        self._type = ROLES[role]
        self._stale_s = stale_s
        self._values: dict[str, Value] = {}
        self._seen: dict[str, tuple[float, float, bool]] = {}
        """When a value came, at which age it is stale, and whether it is bad in itself."""

    def put(self, name: str, value: Value, time_s: float) -> None:
        """Take over a value; nan, or an array of nothing else, is BAD."""
        if isinstance(value, np.ndarray):
            bad = bool(np.isnan(value).all())
            value.flags.writeable = False  # every reading from now on shares it
        else:
            bad = value != value
        self._values[name] = value
        self._seen[name] = (time_s, self._stale_s[name], bad)

    def newest(self, name: str) -> tuple[float, float]:
        """A scalar value and when it came; nan and minus infinity where it never did."""
        seen = self._seen.get(name)
        value = self._values.get(name)
        if seen is None or not isinstance(value, float):
            return math.nan, -math.inf
        return value, seen[0]

    def reading(self, now_s: float) -> Reading:
        """What is known now. A value beyond ten times its stale age is nan, like every BAD one."""
        stamps: dict[str, Stamp] = {}
        made: dict[tuple[float, float], tuple[Stamp, Stamp]] = {}
        expired = False
        for name, (time_s, stale_s, bad) in self._seen.items():
            both = made.get((time_s, stale_s))
            if both is None:
                both = made[time_s, stale_s] = _stamps(max(0.0, now_s - time_s), stale_s)
                expired = expired or both[0].quality is Quality.BAD
            stamps[name] = both[bad]
        values = self._values
        if expired:
            values = {name: _nothing(v) if stamps[name].quality is Quality.BAD else v for name, v in values.items()}
        return self._type(stamps=stamps, **values)


def _stamps(age_s: float, stale_s: float) -> tuple[Stamp, Stamp]:
    """The stamps of a sound and of a bad value of this age."""
    quality = Quality.GOOD if age_s <= stale_s else Quality.STALE if age_s <= BAD_AFTER * stale_s else Quality.BAD
    return Stamp(age_s, quality), Stamp(age_s, Quality.BAD)


def _nothing(value: Value) -> Value:
    return np.full_like(value, math.nan) if isinstance(value, np.ndarray) else math.nan
