"""Records of one cell: how they are read, and the model along them."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leyden.physics import load_cell
from leyden.physics.trace import Trace, filtered, model_voltage
from leyden.physics.trace_file import TraceFileError, read_trace

HEADER = "time_s,current_a,voltage_v,temperature_degc\n"


def test_a_record_is_read_plain_or_packed_in_any_order_of_columns(tmp_path):
    text = "voltage_v,extra,time_s,current_a\n3.3,x,0,1.5\n3.2,y,10,\n"
    (tmp_path / "plain.csv").write_text("\ufeff" + text, encoding="utf-8")
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("plain.csv", "packed.csv.gz"):
        trace = read_trace(tmp_path / name)
        assert trace.voltage_v.tolist() == [3.3, 3.2]
        assert trace.current_a[0] == 1.5
        assert np.isnan(trace.current_a[1])
        assert not trace.whole
        assert trace.temperature_degc.tolist() == [25.0, 25.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time_s,voltage_v\n0,3\n", "line 1: there is no column current_a; found: time_s, voltage_v"),
        ("", "line 1: there is no column time_s; found: nothing"),
        (HEADER + "0,0,3.3,25\n1,0,x,25\n", "line 3: expected 4 numbers"),
        (HEADER + "0,0,3.3,25\n1,0\n", "line 3: expected 4 numbers"),
        (HEADER + "5,0,3.3,25\n4,0,3.3,25\n", "line 3: time_s must rise"),
        (HEADER + ",0,3.3,25\n4,0,3.3,25\n", "line 2: time_s must rise"),
        (HEADER + "5,0,3.3,25\n", "at least two rows"),
    ],
)
def test_a_bad_record_names_the_line(tmp_path, text, told):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(TraceFileError, match=told):
        read_trace(tmp_path / "bad.csv")


def test_a_missing_or_damaged_file_is_told(tmp_path):
    with pytest.raises(TraceFileError, match="cannot be read"):
        read_trace(tmp_path / "none.csv")
    (tmp_path / "half.csv.gz").write_bytes(gzip.compress(HEADER.encode() * 100)[:-20])
    with pytest.raises(TraceFileError, match="cannot be read"):
        read_trace(tmp_path / "half.csv.gz")


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0.1, 900.0), st.floats(-2.0, 2.0)), min_size=2, max_size=20), st.integers(2, 5))
def test_the_circuit_does_not_care_how_often_it_is_looked_at(stretches, parts):
    """Rows of one constant current may be split as one likes."""
    dt, level = (np.array(column) for column in zip(*stretches, strict=True))
    split_dt, split_level = np.repeat(dt / parts, parts), np.repeat(level, parts)
    whole, split = filtered(level, dt, 20.0), filtered(split_level, split_dt, 20.0)
    np.testing.assert_allclose(split[parts - 1 :: parts], whole, atol=1e-9)


def test_a_resting_cell_shows_its_open_circuit_voltage():
    cell = load_cell("lfp-280ah")
    time_s = np.arange(0.0, 100.0, 10.0)
    trace = Trace(time_s, np.zeros(10), np.zeros(10), np.full(10, 25.0))
    assert model_voltage(cell, trace, 0.6) == pytest.approx(3.3035, abs=1e-6)
