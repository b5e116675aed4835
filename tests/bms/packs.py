"""A small battery for the tests of its management: three racks of 8 modules of 48 cells, seen as the test says."""

from dataclasses import replace

import numpy as np

from leyden.bms import Seen, advance, limits_for, new_bms
from leyden.model.site import Layout
from leyden.physics import load_cell

CELL = load_cell("lfp-280ah")
LAYOUT = Layout(rack=3, module=8, cell=48)
RACKS, SERIES = LAYOUT.rack, LAYOUT.series
SENSORS = 96
LIMITS = limits_for(CELL, LAYOUT)
TABLE = LIMITS.protection


def seen(low_v=3.3, high_v=3.31, cold=24.0, hot=26.0, current_a=0.0, voltage_v=None, usual_v=None, **more):
    """All cells alike but the lowest, cell 1 of module 1, and the highest, cell 2 of module 3; so are temperatures.
    Each value is for all racks, or one for each."""

    def array(value):
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (RACKS,)).copy()

    low, high, current = array(low_v), array(high_v), array(current_a)
    between_v = np.where(np.isfinite(low + high), 0.5 * (low + high), 3.3) if usual_v is None else array(usual_v)
    cells = np.repeat(between_v[:, None], SERIES, axis=1)
    cells[:, 0], cells[:, 97] = low, high
    colder, hotter = array(cold), array(hot)
    usual = np.where(np.isfinite(colder + hotter), 0.5 * (colder + hotter), 25.0)
    degc = np.repeat(usual[:, None], SENSORS, axis=1)
    degc[:, 4], degc[:, 30] = colder, hotter
    rack_v = array(np.nansum(cells, axis=1) if voltage_v is None else voltage_v)
    return Seen(cell_voltage_v=cells, cell_temperature_degc=degc, current_a=current, voltage_v=rack_v, **more)


def fresh(closed=True, soc=0.5, limits=LIMITS):
    return new_bms(limits, np.full(RACKS, soc), closed)


def after(bms, what, seconds, dt_s=1.0, limits=LIMITS):
    for _ in range(round(seconds / dt_s)):
        bms = advance(bms, limits, what, dt_s)
    return bms


def changed(what, **more):
    return replace(what, **more)
