"""Cells that say nothing: one alarm for the link that is lost, and none for a frame that is read while it changes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.quality import Quality, Stamp
from leyden.model.readings import BatteryReading
from leyden.runtime.cell_watch import LASTING_S, Gap, looked

SHAPE = (3, 4, 52)
WHOLE = np.full(SHAPE, 3.3)


def frame(*modules, quality=Quality.GOOD):
    cells = WHOLE.copy()
    for rack, module in modules:
        cells[rack - 1, module - 1] = np.nan
    return BatteryReading(cell_voltage_v=cells, stamps={"cell_voltage_v": Stamp(0.0, quality)})


def seen(*story):
    """What is known after frames at their times."""
    gap = Gap()
    for at_s, reading in story:
        gap = looked(gap, reading, at_s)
    return gap


def test_a_lost_module_of_52_cells_is_one_gap_with_its_place():
    gap = seen((0.0, frame()), (10.0, frame((2, 3))), (20.0, frame((2, 3))))
    assert (gap.lasts, gap.cells, gap.modules) == (True, 52, ((2, 3),))


def test_one_frame_with_a_gap_is_no_alarm_and_a_whole_one_ends_it():
    assert not seen((0.0, frame((2, 3)))).lasts
    assert not seen((0.0, frame((2, 3))), (10.0, frame())).lasts
    assert not seen((0.0, frame((2, 3))), (10.0, frame((2, 3))), (20.0, frame())).lasts


def test_the_same_frame_is_not_looked_at_twice():
    reading = frame((1, 1))
    assert not seen((0.0, reading), (100.0, reading)).lasts


def test_a_battery_that_is_silent_or_sends_no_cells_has_no_gap():
    assert not seen((0.0, frame((1, 1), quality=Quality.STALE)), (100.0, frame((1, 1), quality=Quality.STALE))).lasts
    assert not seen((0.0, BatteryReading()), (100.0, BatteryReading())).lasts


@given(st.lists(st.sets(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=12), min_size=1, max_size=8))
def test_it_lasts_exactly_when_the_newest_frames_have_had_a_gap_for_long_enough(story):
    gap = seen(*((LASTING_S * number, frame(*modules)) for number, modules in enumerate(story)))
    assert gap.lasts == (len(story) > 1 and bool(story[-1]) and bool(story[-2]))
    assert set(gap.modules) == (story[-1] or set())
    assert gap.cells == 52 * len(story[-1])
