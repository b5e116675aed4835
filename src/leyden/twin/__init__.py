"""A simulated plant, cell by cell, with faults to put in.

A `Twin` is a `Plant`: it is read and written like real equipment, or served as its devices, whose writes become
`command`s. Only `step` moves its time on. `faults` are put in and taken out while it runs; `truth` is what is really
so, for tests and the reports of studies only. `TwinOptions` is the [twin] table of site.toml.
"""

from leyden.twin.fault_kinds import FaultKind
from leyden.twin.faults import Fault, FaultError
from leyden.twin.options import ProfileOptions, ProfileStep, TwinOptions
from leyden.twin.profiles import PROFILES, ProfileError
from leyden.twin.state_file import TwinStateError
from leyden.twin.truth import Truth
from leyden.twin.twin import Twin

__all__ = [
    "PROFILES",
    "Fault",
    "FaultError",
    "FaultKind",
    "ProfileError",
    "ProfileOptions",
    "ProfileStep",
    "Truth",
    "Twin",
    "TwinOptions",
    "TwinStateError",
]
