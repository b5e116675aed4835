"""What the sensors of one battery say: the truth, through gains, offsets, harness and faults.

What a management system may know is asked here and nowhere else. Arrays without a fault are the truth's own, not
copies.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leyden.bms.interlocks import Inputs
from leyden.model.readings import Floats
from leyden.twin.cell_faults import place
from leyden.twin.faults import Fault

CURRENT_GAIN_ERROR = 1e-3  # standard deviation of a hall sensor's gain, and of its offset below
CURRENT_OFFSET_A = 0.02
INSULATION_OHM = 50e6  # of a healthy rack against earth

GAS_1, GAS_2 = 0.05, 0.25  # where a gas detector speaks up, as shares of what can burn

VOLTAGE, DEGC, CURRENT = "cell-voltage", "cell-temperature", "rack-current"
HARNESS = ("loose-lead", "open-wire")
SENSOR_FAULTS = (*HARNESS, *(f"{how}-{what}" for how in ("stuck", "drifting") for what in (VOLTAGE, DEGC, CURRENT)))


class Sensors:
    """The sensors of one battery, and what is wrong with them."""

    def __init__(self, racks: int, cells_of_module: int, rng: np.random.Generator) -> None:
        self.gain = 1.0 + CURRENT_GAIN_ERROR * rng.standard_normal(racks)
        self.offset_a = CURRENT_OFFSET_A * rng.standard_normal(racks)
        self.insulation_ohm: Floats = np.full(racks, INSULATION_OHM)
        self.welded: NDArray[np.bool_] = np.zeros(racks, dtype=np.bool_)
        """Contactors that stay closed whatever they are told."""
        self.any_welded = False
        self.held: dict[int, float] = {}
        """At what value each stuck sensor stands, by the fault's id."""
        self._cells = cells_of_module
        self._faults: dict[str, list[Fault]] = {}

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """Be healthy but for these."""
        self._faults = {}
        for fault in faults:
            if fault.kind in SENSOR_FAULTS:
                what = VOLTAGE if fault.kind in HARNESS else fault.kind.partition("-")[2]
                self._faults.setdefault(what, []).append(fault)
        self.held = {fault.id: self.held[fault.id] for fault in faults if fault.id in self.held}
        racks = range(1, len(self.welded) + 1)
        welded = {int(fault.params["rack"]) for fault in faults if fault.kind == "contactor-weld"}
        self.welded = np.array([rack in welded for rack in racks])
        self.any_welded = bool(welded)
        fallen = {int(f.params["rack"]): f.params["insulation_ohm"] for f in faults if f.kind == "insulation-fall"}
        self.insulation_ohm = np.array([fallen.get(rack, INSULATION_OHM) for rack in racks])

    def cell_voltage_v(self, truth: Floats, current_a: Floats, elapsed_s: float) -> Floats:
        """(rack, cells in series). A lead that is loose lifts one of its two cells by what it takes from the other, as
        far as current flows; one that is off leaves both without a value."""
        said = self._said(VOLTAGE, truth, elapsed_s)
        for fault in self._faults.get(VOLTAGE, ()):
            if fault.kind not in HARNESS:
                continue
            rack, k = self._at(fault)
            off_v = np.nan if fault.kind == "open-wire" else float(current_a[rack]) * fault.params["lead_ohm"]
            said[rack, k] -= off_v
            if (k + 1) % self._cells:
                said[rack, k + 1] += off_v
        return said

    def cell_temperature_degc(self, truth: Floats, elapsed_s: float) -> Floats:
        """(rack, cells in series)."""
        return self._said(DEGC, truth, elapsed_s)

    def current_a(self, truth: Floats, closed: NDArray[np.bool_], elapsed_s: float) -> Floats:
        """(rack,); a rack that is open is known to carry none."""
        said = (truth * self.gain + self.offset_a) * closed
        for fault in self._faults.get(CURRENT, ()):
            rack = int(fault.params["rack"]) - 1
            said[rack] = self._one(fault, float(said[rack]), elapsed_s)
        return said

    def inputs(self, gas: float) -> Inputs:
        """Detectors and switches, for so much gas as a share of what can burn."""
        return (Inputs.GAS_1 if gas >= GAS_1 else Inputs.NONE) | (Inputs.GAS_2 if gas >= GAS_2 else Inputs.NONE)

    def _said(self, what: str, truth: Floats, elapsed_s: float) -> Floats:
        faults = self._faults.get(what)
        if not faults:
            return truth
        said = truth.copy()
        for fault in faults:
            if fault.kind not in HARNESS:
                said[self._at(fault)] = self._one(fault, float(said[self._at(fault)]), elapsed_s)
        return said

    def _one(self, fault: Fault, true: float, elapsed_s: float) -> float:
        if fault.kind.startswith("stuck"):
            return self.held.setdefault(fault.id, true)
        return true + fault.params["per_hour"] * (elapsed_s - fault.since_s) / 3600.0

    def _at(self, fault: Fault) -> tuple[int, int]:
        rack, module, cell = place(fault)
        return rack, module * self._cells + cell
