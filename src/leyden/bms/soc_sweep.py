"""The filter of `leyden.bms.soc_filter` for every cell of half a gigawatt-hour: the same three states, flat in float32.

What makes it cheap is what is common to the cells of a rack. They share a current, so charge is counted once a rack, in
float64, and a cell's charge is the rack's origin plus its own small difference less the count over its own capacity:
nothing is added up second by second in float32. They share what the time constants carry and the hysteresis, so the
voltage expected at this moment is one curve over charge for the whole rack, from which each cell reads three points.

And a cell need not be looked at every second. Between two looks nothing is learned, and counting on is linear: over any
time it is one exact step of mean and covariance. What is learned in a second look 1 s later is next to nothing anyway:
the model's error lasts a quarter of an hour, and the filter counts looks by the time between them (see `correlated_s`).
So `observe` looks at each rack in turn, one in `every`: what any cell's charge and deviation are at this moment can
be asked at any time, and a look a minute loses nothing that a test could find.

Against the filter of one cell: the current behind the time constants is freed of the rack's mean offset, not of each
cell's own; hysteresis bends the curve at all three points. See `tests/bms/test_soc_sweep.py` for how near they stay.
"""

from dataclasses import dataclass
from math import exp

import numpy as np

from leyden.bms import sweep_looks as looks
from leyden.bms.soc_filter import FilterOptions
from leyden.model.readings import Floats
from leyden.physics import Cell
from leyden.physics.cell_sweep import ZERO_DEGC, knees_over_temperature, tables_over_charge
from leyden.physics.sweep_kernel import Singles


@dataclass(frozen=True, eq=False)
class SocSweep:
    """What is believed of all cells; `observe` moves it on in place."""

    cell: Cell
    options: FilterOptions
    series: int
    """Cells in series in each rack."""
    blocks: Singles
    """(rack, block, looks.ROWS, looks.BLOCK): what is believed of each cell, the last block filled up."""
    racks: Floats
    """(looks.RACK_ROWS, rack): what its cells share."""
    tables: Singles
    knees: Singles

    @property
    def soc(self) -> Floats:
        """State of charge of each cell now, 0 to 1, (rack, series)."""
        per_as = self._row(looks.PER_AS)
        counted = per_as * self.racks[looks.CHARGE][:, None]
        offset = self._row(looks.OFFSET) * per_as * self.racks[looks.SINCE][:, None]
        soc: Floats = self.racks[looks.ORIGIN][:, None] + self._row(looks.APART) - counted + offset
        return soc

    @property
    def soc_std(self) -> Floats:
        """Its standard deviation now, (rack, series)."""
        since_s, unseen = self.racks[looks.SINCE][:, None], self.racks[looks.UNSEEN][:, None]
        moved = self._row(looks.PER_AS) * since_s
        var = self._row(looks.SS) + 2.0 * moved * self._row(looks.SO) + moved**2 * self._row(looks.OO)
        std: Floats = np.sqrt(var + self.options.wander_per_root_s**2 * since_s + unseen)
        return std

    def _row(self, row: int) -> Floats:
        racks = self.blocks.shape[0]
        flat: Floats = self.blocks[:, :, row].reshape(racks, -1)[:, : self.series].astype(np.float64)
        return flat


def new_sweep(
    cell: Cell, soc: Floats, capacity_ah: Floats, options: FilterOptions | None = None, soc_std: Floats | None = None
) -> SocSweep:
    """Belief before the first sample; `soc`, `capacity_ah` and, if given, `soc_std` are (rack, series)."""
    chosen = options or FilterOptions()
    racks_n, series = soc.shape
    blocks = np.zeros((racks_n, -(-series // looks.BLOCK), looks.ROWS, looks.BLOCK), np.float32)
    racks = np.zeros((looks.RACK_ROWS, racks_n))
    racks[looks.ORIGIN] = soc.mean(axis=1)
    std = np.full(soc.shape, chosen.start_std) if soc_std is None else soc_std
    for row, values in (
        (looks.APART, soc - racks[looks.ORIGIN][:, None]),
        (looks.PER_AS, 1.0 / (3600.0 * capacity_ah)),
        (looks.SS, std**2),
        (looks.EE, np.full(soc.shape, chosen.error_v**2)),
        (looks.OO, (chosen.offset * capacity_ah) ** 2),
        (looks.RESISTANCE, np.ones(soc.shape)),
    ):
        _put(blocks, row, values)
    return SocSweep(
        cell, chosen, series, blocks, racks, tables_over_charge(cell), knees_over_temperature(cell.impedance)
    )


def observe(
    belief: SocSweep, current_a: Floats, voltage_v: Singles, temperature_degc: Singles, dt_s: float,
    turn: int = 0, every: int = 1,
) -> None:  # fmt: skip
    """Count on by `dt_s` of the racks' `current_a` (rack,), discharge positive, and look at racks turn, turn + every...

    `voltage_v` and `temperature_degc` are (rack, series), float32. A voltage that is nan is no look at that cell, a
    temperature that is nan is 25 degC. A current that is nan counts as none, and the deviation grows as if 1 C had
    flowed unseen.
    """
    impedance, options = belief.cell.impedance, belief.options
    turning = 1.0 / (3600.0 * belief.cell.capacity_ah * belief.cell.hysteresis.turn_soc)
    kept = exp(-dt_s / impedance.tau1_s), exp(-dt_s / impedance.tau2_s), turning
    looks.count(belief.racks, current_a, dt_s, kept)
    looks.look(
        belief.blocks, belief.racks, belief.tables, belief.knees, current_a, voltage_v, temperature_degc,
        np.float32(ZERO_DEGC), _numbers(options), (turn % every, every),
    )  # fmt: skip


def set_resistance(belief: SocSweep, factor: Floats) -> None:
    """By how much each cell's resistance (rack, series) differs from its kind's, where somebody has found out."""
    _put(belief.blocks, looks.RESISTANCE, factor)


def _put(blocks: Singles, row: int, values: Floats) -> None:
    """Into a row of all blocks; what fills up the last is as the rack's last cell."""
    racks, per_rack = blocks.shape[:2]
    filled = np.pad(values, ((0, 0), (0, per_rack * looks.BLOCK - values.shape[1])), mode="edge")
    blocks[:, :, row] = filled.reshape(racks, per_rack, looks.BLOCK)


def _numbers(options: FilterOptions) -> tuple[float, ...]:
    return (
        options.error_s, options.error_v**2, options.model_v**2, options.curve_soc**2, options.ohm_share**2,
        2.0 * options.correlated_s, options.sensor_v**2, options.wander_per_root_s**2,
    )  # fmt: skip
