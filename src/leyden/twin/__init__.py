"""A simulated plant, cell by cell, with faults to put in.

A `Twin` is a `Plant`: it is read and written like real equipment. Only `step` moves its time on.
"""

from leyden.twin.options import ProfileOptions, TwinOptions

__all__ = ["ProfileOptions", "TwinOptions"]
