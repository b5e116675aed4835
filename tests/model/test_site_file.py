"""site.toml to a Site: what follows from what, and every contradiction told with its line and its mend."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.problem import SiteFileError
from leyden.model.read_table import TableReader
from leyden.model.site import CellRating, Layout
from leyden.model.site_file import parse_site, read_site, site_names
from leyden.model.toml_file import TomlFile
from leyden.model.words import Words

LFP = CellRating("lfp-280ah", 280.0, 3.2, 2.5, 3.65)
ROLES = {
    "sunspec-meter": {"grid", "load"},
    "leyden-bms": {"battery"},
    "sunspec-pcs": {"converter"},
    "sunspec-inverter": {"solar", "wind"},
}

PARK = """\
[site]
id = "park"
name = { en = "Wutong Park", zh = "五通园区" }
timezone = "Asia/Shanghai"
currency = "CNY"
[device.gate]
map = "sunspec-meter"
at = "tcp://127.0.0.1:5020/1"
[device.bms1]
map = "leyden-bms"
at = "tcp://127.0.0.1:5021/1"
[device.pcs1]
map = "sunspec-pcs"
at = "tcp://127.0.0.1:5022/1"
[device.inv1]
map = "sunspec-inverter"
at = "tcp://127.0.0.1:5023/1"
[grid]
device = "gate"
import_limit = "4 MW"
export_limit = "2 MW"
[battery.b1]
cell = "lfp-280ah"
layout = { rack = 10, module = 8, cell = 48 }
bms = "bms1"
converter = { device = "pcs1", power = "1.5 MW" }
[solar.pv1]
device = "inv1"
power = "2 MW"
[load.line1]
name = "Line 1"
"""


def cells(name):
    if name != LFP.name:
        raise KeyError(f"no cell {name}; there are: lfp-280ah")
    return LFP


def roles(name):
    if name not in ROLES:
        raise KeyError(f"no map {name}; there are: {', '.join(sorted(ROLES))}")
    return ROLES[name]


def park(*changes):
    text = PARK
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def problems(text):
    file = TomlFile.parse(text, "site.toml")
    reader = TableReader(file, site_names(file))
    site = read_site(reader, cells, roles)
    assert (site is None) == any(not problem.warning for problem in reader.problems)
    return [str(problem) for problem in reader.problems]


def test_the_park():
    site = parse_site(PARK, cells, roles)
    battery = site.battery("b1")
    assert site.name == Words("五通园区", "Wutong Park")
    assert battery.layout == Layout(10, 8, 48)
    assert battery.energy_wh == pytest.approx(3840 * 280 * 3.2)
    assert battery.label == Words("电池 b1", "battery b1")
    assert (battery.converter.apparent_va, battery.converter.ramp_w_per_s) == (1.5e6, 1.5e6)
    assert (site.grid.import_limit_w, site.grid.export_limit_w) == (4e6, 2e6)
    assert site.loads[0].label == Words("Line 1", "Line 1")
    assert site.device("gate").at == "tcp://127.0.0.1:5020/1"
    assert problems(PARK) == []


def test_export_is_nothing_unless_said():
    assert parse_site(park(('export_limit = "2 MW"\n', "")), cells).grid.export_limit_w == 0.0


BROKEN = {
    case["name"]: case
    for case in tomllib.loads(Path(__file__).with_name("broken_sites.toml").read_text("utf-8"))["broken"]
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_told_exactly(name):
    case = BROKEN[name]
    assert sorted(problems(park(*case["change"]))) == sorted(case["says"].splitlines())


def test_all_problems_come_in_the_order_of_their_lines():
    case = BROKEN["several at once"]
    with pytest.raises(SiteFileError) as caught:
        parse_site(park(*case["change"]), cells, roles)
    assert str(caught.value).splitlines() == case["says"].splitlines()


def test_tables_of_no_site_are_told():
    with pytest.raises(SiteFileError, match=r"\[gird\]: found an unknown key: did you mean grid"):
        parse_site(PARK + "[gird]\n", cells, roles)


LINES = PARK.splitlines()


@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["drop", "twice", "swap", "number", "word", "table", "list", "nan"]),
    st.integers(0, len(LINES) - 1),
)
def test_a_mutated_file_gives_a_site_or_a_site_file_error(index, how, other):
    lines = list(LINES)
    key = lines[index].split("=")[0].strip()
    put = {"number": "-1", "word": '"x"', "table": "{ a = 1 }", "list": '["x"]', "nan": "nan"}
    if how == "drop":
        del lines[index]
    elif how == "twice":
        lines.insert(other, lines[index])
    elif how == "swap":
        lines[index], lines[other] = lines[other], lines[index]
    else:
        lines[index] = f"{key} = {put[how]}"
    try:
        parse_site("\n".join(lines), cells, roles)
    except SiteFileError as error:
        assert error.problems
        assert all(problem.mend.zh and problem.mend.en for problem in error.problems)
