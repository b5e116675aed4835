"""The plant: real devices, or a twin of them, or a shadow that drops writes. Two verbs, both immediate."""

from collections.abc import Mapping
from typing import Protocol

from leyden.model.readings import Readings
from leyden.model.setpoint import Setpoint

Setpoints = Mapping[str, Setpoint]
"""By the name of the thing that is to follow: a battery, a solar or wind plant."""


class Plant(Protocol):
    """Devices poll on tasks of their own and keep the newest image, so neither verb waits."""

    def read(self) -> Readings:
        """The newest image of everything, with the age and quality of each value now."""
        ...

    def write(self, setpoints: Setpoints) -> None:
        """Hand over what the equipment is to do; whether it did is seen in later readings."""
        ...


class NullPlant:
    """A plant that has nothing and does nothing; the smallest thing a cycle can run on."""

    def read(self) -> Readings:
        """Nothing: every value is missing."""
        return Readings()

    def write(self, setpoints: Setpoints) -> None:
        """Dropped."""
