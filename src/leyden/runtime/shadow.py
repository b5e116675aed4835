"""A plant that is read for real and never written to: in shadow, and while devices are being taken over or handed back.

A plant of real devices keeps itself from writing too; this holds for any plant, and in between.
"""

from leyden.model.plant import Plant, Setpoints
from leyden.model.readings import Readings


class ShadowPlant:
    """Reads the real plant and drops every write: what Leyden would do is seen in its decisions alone."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant

    def read(self) -> Readings:
        """The real readings."""
        return self._plant.read()

    def write(self, setpoints: Setpoints) -> None:
        """Dropped."""
