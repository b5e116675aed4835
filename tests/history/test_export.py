"""Files for people: the right lines, the right zone, units in the header, and nothing for what is not GOOD."""

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest

from leyden.history.record.export import unit_of
from tests.history.conftest import DAY0, fill, opened

POINTS = ["b1.soc", "grid.power_w"]
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("export")) as record:
        yield record, *fill(record, DAY0 - 1000, 2000, bad=0.2)


def lines_of(record, **wanted):
    target = io.BytesIO()
    record.export(target, POINTS, DAY0 - 1000, DAY0 + 1000, **wanted)
    return list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig"))))


def test_wide_raw_csv(filled):
    record, t, values, quality = filled
    header, *lines = lines_of(record, zone=SHANGHAI)
    assert header == ["time", "b1.soc", "grid.power_w (W)"]
    assert [datetime.fromisoformat(line[0]).timestamp() for line in lines] == list(t)
    assert lines[0][0] == "2026-07-15T07:43:20.000+08:00"
    for column, place in ((1, 1), (2, 0)):
        good = (quality[:, place] == 0) & ~np.isnan(values[:, place])
        assert [line[column] != "" for line in lines] == list(good)
        assert [float(line[column]) for line in lines if line[column]] == list(values[good, place])


def test_long_raw_csv_tells_the_quality(filled):
    record, _, values, quality = filled
    header, *lines = lines_of(record, layout="long")
    assert header == ["time", "point", "unit", "value", "quality"]
    assert [line[1] for line in lines[:4]] == ["b1.soc", "grid.power_w"] * 2
    assert [line[2] for line in lines[:2]] == ["", "W"]
    words = np.array(["good", "stale", "bad"])
    assert [line[4] for line in lines[1::2]] == list(words[quality[:, 0]])
    assert [line[3] == "" for line in lines[1::2]] == list(np.isnan(values[:, 0]))


@pytest.mark.parametrize(("step", "seconds"), [("1min", 60), ("15min", 900)])
def test_steps_are_intervals_that_have_begun_in_the_span_and_have_closed(filled, step, seconds):
    record, t, values, quality = filled
    _, *lines = lines_of(record, step=step, layout="long")
    starts = sorted({datetime.fromisoformat(line[0]).timestamp() for line in lines})
    assert starts == [start for start in np.unique(t // seconds * seconds)[:-1] if start >= DAY0 - 1000]
    inside = (t >= starts[1]) & (t < starts[1] + seconds) & (quality[:, 0] == 0) & ~np.isnan(values[:, 0])
    count, low, mean, high = next(
        line[3:] for line in lines[2:] if line[1] == "grid.power_w" and float_time(line) == starts[1]
    )
    assert int(count) == inside.sum()
    assert (float(low), float(high)) == (values[inside, 0].min(), values[inside, 0].max())
    assert float(mean) == pytest.approx(values[inside, 0].mean())
    _, *wide = lines_of(record, step=step)
    assert float(wide[1][2]) == float(mean)


def float_time(line):
    return datetime.fromisoformat(line[0]).timestamp()


def test_excel_gets_its_mark_only_if_asked(filled, tmp_path):
    for bom in (True, False):
        path = tmp_path / "export.csv"
        filled[0].export(path, POINTS, DAY0, DAY0 + 10, bom=bom)
        assert path.read_bytes().startswith(b"\xef\xbb\xbf") is bom
    assert [path.name for path in tmp_path.iterdir()] == ["export.csv"], "nothing unfinished is left"


@pytest.mark.parametrize("step", ["raw", "1min"])
def test_parquet_holds_the_same_as_csv(filled, tmp_path, step):
    path = tmp_path / "export.parquet"
    filled[0].export(path, POINTS, DAY0 - 1000, DAY0 + 1000, step=step, form="parquet", zone=SHANGHAI)
    table = pq.read_table(path)
    assert str(table.schema.field("time").type) == "timestamp[us, tz=Asia/Shanghai]"
    assert table.schema.field("grid.power_w").metadata[b"unit"] == b"W"
    _, *lines = lines_of(filled[0], step=step)
    for column in (1, 2):
        assert [None if np.isnan(value) else value for value in table.columns[column].to_pylist()] == [
            float(line[column]) if line[column] else None for line in lines
        ]


def test_parquet_long(filled, tmp_path):
    path = tmp_path / "export.parquet"
    filled[0].export(path, POINTS, DAY0 - 1000, DAY0 + 1000, layout="long", form="parquet")
    table = pq.read_table(path)
    assert table.column_names == ["time", "point", "unit", "value", "quality"]
    assert len(table) == 4000


def test_an_export_of_nothing_has_its_header(filled, tmp_path):
    target = io.BytesIO()
    filled[0].export(target, POINTS, DAY0 + 10_000, DAY0 + 20_000)
    assert target.getvalue() == b"time,b1.soc,grid.power_w (W)\n"
    filled[0].export(tmp_path / "x.parquet", POINTS, DAY0 + 10_000, DAY0 + 20_000, form="parquet")
    assert len(pq.read_table(tmp_path / "x.parquet")) == 0


def test_units_come_from_the_field():
    assert [unit_of(point) for point in ("grid.power_w", "b1.soc", "site.import_price_per_kwh", "a.b")] == [
        "W", "", "per_kwh", "",
    ]  # fmt: skip
