"""A simulated plant, cell by cell, with faults to put in.

A `Twin` is a `Plant`: it is read and written like real equipment, or served as its devices, whose writes become
`command`s. Only `step` moves its time on. `faults` are put in and taken out while it runs; `truth` is what is really
so, for tests and the reports of studies only. `TwinOptions` is the [twin] table of site.toml.

`Twin` itself is imported when it is first asked for: its kernels cost a second and 60 MB, and the site that stands
beside a twin needs only its options.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from leyden.twin.fault_kinds import FaultKind
from leyden.twin.faults import Fault, FaultError
from leyden.twin.options import CoolingOptions, ProfileOptions, ProfileStep, TwinOptions
from leyden.twin.profiles import PROFILES, ProfileError

if TYPE_CHECKING:
    from leyden.twin.state_file import TwinStateError
    from leyden.twin.truth import Truth
    from leyden.twin.twin import Twin

_HEAVY = {
    "Truth": "leyden.twin.truth",
    "Twin": "leyden.twin.twin",
    "TwinStateError": "leyden.twin.state_file",
}

__all__ = [
    "PROFILES",
    "CoolingOptions",
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


def __getattr__(name: str) -> object:
    """What needs the kernels, at its first use."""
    if name not in _HEAVY:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module(_HEAVY[name]), name)
