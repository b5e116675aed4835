"""How cells grow old: what time and use take from their capacity and add to their resistance.

An `AgeingModel` moves an `Age` on under a `Stress`; all three hold floats or arrays, so one call ages one cell, a
module or half a million. `NaumannLfp`, `Lfp250Ah` and `TableAgeing` are such models; they differ by a factor of
three on the same use, so a study should run more than one and show the `spread`. `rainflow` cuts a trace of charge
into cycles, `stresses` turns it into what a model wants.
"""

from leyden.physics.ageing.lfp_250ah import Lfp250Ah
from leyden.physics.ageing.model import Age, AgeingModel, Stress, spread
from leyden.physics.ageing.naumann import NaumannLfp
from leyden.physics.ageing.rainflow import Cycle, rainflow
from leyden.physics.ageing.stresses import stresses
from leyden.physics.ageing.table import TableAgeing

__all__ = [
    "Age",
    "AgeingModel",
    "Cycle",
    "Lfp250Ah",
    "NaumannLfp",
    "Stress",
    "TableAgeing",
    "rainflow",
    "spread",
    "stresses",
]
