"""Frames of cells come back as they went in, and stay small."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leyden.history.record.cells import MISSING, CellFrame, pack_frame, to_int16, unpack_frame

SHAPES = st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(1, 20))


@given(SHAPES.flatmap(lambda shape: st.tuples(*(arrays(np.int16, shape) for _ in range(2)))))
def test_every_frame_comes_back(frame):
    shape = frame[0].shape
    voltage, temperature = unpack_frame(pack_frame(*frame), shape)
    assert np.array_equal(voltage, frame[0])
    assert np.array_equal(temperature, frame[1])
    assert voltage.dtype == np.int16


def test_missing_cells_stay_missing():
    voltage = to_int16(np.array([[[3.3, np.nan, np.inf, -40.0]]]), 1000.0)
    assert list(voltage.ravel()) == [3300, MISSING, MISSING, MISSING]
    frame = CellFrame("b1", 0.0, voltage, voltage)
    assert np.array_equal(np.isnan(frame.voltage_v).ravel(), [False, True, True, True])
    assert frame.voltage_v[0, 0, 0] == 3.3


def test_a_container_at_work_takes_less_than_two_bytes_a_cell():
    rng = np.random.default_rng(0)
    voltage = to_int16(3.3 + rng.normal(0, 0.005, (10, 8, 48)), 1000.0)
    temperature = to_int16(27.0 + rng.normal(0, 1.0, (10, 8, 48)), 10.0)
    assert len(pack_frame(voltage, temperature)) < 2 * voltage.size
