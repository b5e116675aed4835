"""How converters behave, as pure functions from one moment to the next.

`Pcs` is the converter of a battery, `Generator` the inverter of a solar or wind plant. Each is `told` what was written
to its registers and `advance`d through time; neither knows who writes, or what it costs.
"""

from leyden.pcs.converter import Order, Pcs, PcsRating, Surroundings
from leyden.pcs.generator import Generator

__all__ = ["Generator", "Order", "Pcs", "PcsRating", "Surroundings"]
