"""The nouns of Leyden, and nothing else: no files, no sockets, no clock of its own.

A `Site` says what stands on the bus. A `Plant` is read into `Readings`; with what follows from them and what is in
force they make a `Snapshot`, the whole world of a `Controller`. Controllers answer with a `Proposal` of `Want`s:
`Bounds` and requests, each with its `Reason`. One `Decision` keeps the set-points and every `Step` that led to them.

The one sign rule: power is positive when it flows out of the thing into the bus. Units are SI without prefixes, and
stand in every public name. Missing is nan with a `Quality`, never 0.
"""

from leyden.model.bounds import Bounds
from leyden.model.decision import Decision, Step
from leyden.model.plan import Plan, Slot, SlotMode
from leyden.model.plant import Plant
from leyden.model.proposal import Controller, Proposal, Want
from leyden.model.quality import Quality
from leyden.model.readings import Readings
from leyden.model.site import Site
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

__all__ = [
    "Bounds",
    "Controller",
    "Decision",
    "Plan",
    "Plant",
    "Proposal",
    "Quality",
    "Readings",
    "Site",
    "Slot",
    "SlotMode",
    "Snapshot",
    "Step",
    "Want",
    "Words",
]
