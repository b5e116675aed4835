"""How an option says that it names something of the site, so that a name that is not there is found when it is read."""

from dataclasses import dataclass
from typing import Literal

TargetKind = Literal["battery", "batteries", "solar", "wind", "load"]


@dataclass(frozen=True, slots=True)
class Target:
    """Marks an option that names a thing of the site: `battery: Annotated[str, Target(("battery",))]`."""

    kinds: tuple[TargetKind, ...] = ("battery", "batteries")
    """What may be named; `batteries` is all batteries together."""


@dataclass(frozen=True, slots=True)
class DeviceRole:
    """Marks an option that names a device, and the role that the device plays there."""

    role: str
    """A key of `model.readings.ROLES`."""
