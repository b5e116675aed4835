"""The cycle, the clocks, and the wiring of environments: the only place that knows live from simulated."""

from leyden.runtime.cycle import Carried, Journal, cycle

__all__ = ["Carried", "Journal", "cycle"]
