"""Files of cells as people have them: names, units, times, and what is wrong with one."""

import gzip

import numpy as np
import pytest

from leyden.bms.watch.cell_file import CellFileFaultError, FileOptions, columns_of, read_days
from leyden.bms.watch.columns import ColumnsError, find_columns


def read(path, **told):
    options = FileOptions(**told)
    return list(read_days(path, columns_of(path, options), options))


@pytest.mark.parametrize(
    "name",
    ["cell_{}", "c{}_mv", "C{}", "v{}", "cell {} voltage", "Cell{}", "cell_{}_v", "cell{} voltage [mV]", "u_{}",
     "cell_voltage_{}", "单体{}电压", "{}", "Cell {} (mV)", "vcell_{}"],
)  # fmt: skip
def test_cells_are_found_by_the_names_people_give_them(name):
    found = find_columns(["time", "soc", *(name.format(k) for k in (1, 2, 82)), "tmax_c", "pack_i_a", "pack_v"])
    assert found.names == ("1", "2", "82")
    assert found.current == "pack_i_a"
    assert found.strings == (0, 0, 0)


@pytest.mark.parametrize("name", ["{}-{}-{}", "r{}m{}c{}", "cell_{}_{}_{}_v", "rack {} module {} cell {}"])
def test_racks_are_strings_of_their_own(name):
    places = [(1, 1, 1), (1, 1, 2), (2, 1, 1), (2, 8, 48)]
    found = find_columns(["timestamp", *(name.format(*place) for place in places)])
    assert found.names == ("1-1-1", "1-1-2", "2-1-1", "2-8-48")
    assert found.strings == (0, 0, 1, 1)


def test_temperatures_belong_to_cells_only_where_each_has_one():
    cells = ["c1", "c2", "c3"]
    assert find_columns(["t", *cells, "temp_1", "temp_2", "temp_3"]).temperatures == ("temp_1", "temp_2", "temp_3")
    assert find_columns(["t", *cells, "temp_1", "temp_2"]).temperatures == ()


@pytest.mark.parametrize(
    ("header", "told", "says"),
    [
        (["a", "c1", "c2", "c3"], {}, "--time"),
        (["time", "c1", "x"], {}, "cells are found by names"),
        (["time", "c1", "c2", "c3"], {"current": "amps"}, "--current: there is no column 'amps'"),
        (["time", "c1", "c2", "v1", "c3"], {}, "same cell"),
    ],
)
def test_a_header_without_what_is_needed_tells_the_mend(header, told, says):
    with pytest.raises(ColumnsError, match=says):
        find_columns(header, **told)


def test_a_file_is_read_day_by_day_in_volts_with_discharge_positive(tmp_path):
    path = tmp_path / "pack.csv"
    rows = ["2026-07-15 23:59:50,3300,3301,3299,-5", "2026-07-16 00:00:10,3310,,3299,7.5"]
    path.write_text("time,c1,c2,c3,current_a\n" + "\n".join(rows) + "\n", encoding="utf-8")
    first, second = read(path, charge_positive=True)
    assert second.day == first.day + 1
    assert first.strings[0].voltage_v[0] == pytest.approx([3.3, 3.301, 3.299])
    assert first.strings[0].current_a == pytest.approx([5.0])
    assert np.isnan(second.strings[0].voltage_v[0, 1])


@pytest.mark.parametrize(
    ("times", "day"),
    [
        (["0", "10"], 0),
        (["1752537600", "1752537610"], 20284),
        (["1752537600000", "1752537610000"], 20284),
        (["2025-07-15T00:00:00Z", "2025-07-15T00:00:10Z"], 20284),
        (["2025/07/15 08:00:00", "2025/07/15 08:00:10"], 20284),
        (["2025-07-15T00:00:10+08:00", "2025-07-15T00:00:00+08:00"], 20284),
    ],
)
def test_times_are_read_as_they_come_even_out_of_order_within_a_day(tmp_path, times, day):
    path = tmp_path / "pack.csv"
    path.write_text("time;v1;v2;v3\n" + "\n".join(f"{t};3.3;3.3;3.3" for t in times), encoding="utf-8-sig")
    (only,) = read(path)
    assert only.day == day
    assert np.diff(only.strings[0].time_s) == pytest.approx([10.0])


def test_gzipped_is_read_too(tmp_path):
    path = tmp_path / "pack.csv.gz"
    path.write_bytes(gzip.compress(b"time,v1,v2,v3\n0,3.3,3.3,3.4\n"))
    assert read(path)[0].strings[0].voltage_v == pytest.approx(np.array([[3.3, 3.3, 3.4]]))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time,c1,c2,c3\n0,3.3,3.3,3.3\n10,3.3,oops,3.3\n", r"line 3, column c2: expected a number, found 'oops'"),
        ("time,c1,c2,c3\n0,3.3,3.3\n", r"line 2: 3 columns where the header has 4"),
        ("time,c1,c2,c3\nnoon,3.3,3.3,3.3\n", "column of times"),
        ("time,c1,c2,c3\n,3.3,3.3,3.3\n", "column of times"),
        ("time,c1,c2,c3\n90000,3.3,3.3,3.3\n10,3.3,3.3,3.3\n", None),
        ("", "no column of times"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_by_place_and_mend(tmp_path, text, says):
    path = tmp_path / "pack.csv"
    path.write_text(text, encoding="utf-8")
    if says is None:
        assert [day.day for day in read(path)] == [0, 1]  # within one block of the file, order does not matter
        return
    with pytest.raises(CellFileFaultError, match=says) as caught:
        read(path)
    assert "pack.csv" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CellFileFaultError, match="cannot be read"):
        columns_of(tmp_path / "none.csv")
