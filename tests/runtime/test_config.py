"""A whole site file: composed of what every package declares, checked at once, told exactly."""

import re
import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.problem import SiteFileError
from leyden.model.site import Battery, CellRating, Converter, Device, Grid, Layout, Site
from leyden.model.words import Words
from leyden.plan import plan_from_csv
from leyden.runtime.config import load_config
from leyden.runtime.config_checks import LoopTime, loop_time
from leyden.runtime.config_schema import config_schema
from tests.conftest import ROOT
from tools.site_tables import GUIDE, with_tables

SITES = sorted((ROOT / "sites").glob("*.toml"))
PARK = (ROOT / "sites/park.toml").read_text("utf-8")
LINES = PARK.splitlines()


def written(folder, text, name="site.toml"):
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def park(folder, *changes):
    text = PARK
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return written(folder, text)


def told(path):
    """Every problem of a file, errors and warnings, without its folder and without lines."""
    try:
        found = load_config(path).warnings
    except SiteFileError as error:
        found = error.problems
    return [re.sub(r"toml:\d+:", "toml:", str(problem).replace(f"{path.parent}/", "")) for problem in found]


@pytest.mark.parametrize("path", SITES, ids=[path.stem for path in SITES])
def test_every_ready_site_can_be_run(path):
    config = load_config(path)
    assert config.twin is not None
    assert set(config.maps) == {device.name for device in config.site.devices}
    assert {battery.cell.name for battery in config.site.batteries} == set(config.cells)
    assert not [problem for problem in config.warnings if "are those of" not in problem.mend.en]


def test_the_park():
    config = load_config(ROOT / "sites/park.toml")
    names = [controller.name for controller in config.controllers]
    assert names[-5:] == ["manual", "keep-reserve", "peak-shaving", "follow-plan", "self-consumption"]
    assert all(controller.protective for controller in config.controllers[:-5])
    assert config.tariff is not None
    assert (config.tariff.id, config.plan.source, config.web.read) == ("cn-guangdong-2021", "time-of-use", "open")


def test_no_two_ready_sites_share_an_address():
    addresses = [device.at for path in SITES for device in load_config(path).site.devices]
    assert len(set(addresses)) == len(addresses)


OLD_PRICES = (
    'site.toml: [grid] tariff: found "cn-guangdong-2021": the prices of tariff cn-guangdong-2021 '
    "are those of 2021-10-01 to 2021-10-31: money of 2026-09-20 is an estimate"
)


SLIPS = tomllib.loads((ROOT / "tests/runtime/broken_parks.toml").read_text("utf-8"))["broken"]


@pytest.mark.parametrize(("changes", "problems"), [(case["change"], case["says"].splitlines()) for case in SLIPS])
def test_what_is_wrong_is_told_exactly(tmp_path, changes, problems):
    assert [problem for problem in told(park(tmp_path, *changes)) if problem != OLD_PRICES] == problems


def test_problems_come_in_the_order_of_their_lines(tmp_path):
    path = park(tmp_path, ('read = "open"', 'read = "opn"'), ('"4 MW"', '"4 MWh"'), ("soc = 0.1", "soc = 2"))
    with pytest.raises(SiteFileError) as caught:
        load_config(path)
    lines = [problem.line for problem in caught.value.problems]
    assert lines == sorted(lines)
    assert [LINES[line - 1].split("=")[0].strip() for line in lines if line] == ["import_limit", "soc", "read"]


def test_a_site_without_a_twin_is_priced_by_the_day_it_is_asked_for(tmp_path):
    path = written(tmp_path, PARK[: PARK.index("[twin]")])
    assert [problem.mend.en for problem in load_config(path, date(2021, 10, 5)).warnings] == []
    assert "money of 2022-01-01 is an estimate" in load_config(path, date(2022, 1, 1)).warnings[0].mend.en


def test_files_of_the_site_come_first(tmp_path):
    shipped = ROOT / "src/leyden"
    for kind, source, name in (
        ("cells", shipped / "physics/cells/lfp-280ah.toml", "lfp-280ah.toml"),
        ("maps", shipped / "devices/maps/sunspec-meter.toml", "sunspec-meter.toml"),
        ("tariffs", shipped / "plan/tariffs/cn-guangdong-2021.toml", "ours.toml"),
    ):
        (tmp_path / kind).mkdir()
        text = source.read_text("utf-8").replace("capacity_ah = 280", "capacity_ah = 140")
        written(tmp_path / kind, text.replace("base_per_kwh = 0.6725", "base_per_kwh = 1.0") + "\n# ours\n", name)
    config = load_config(park(tmp_path, ('tariff = "cn-guangdong-2021"', 'tariff = "ours"')))
    assert config.site.battery("b1").cell.capacity_ah == 140.0
    assert config.tariff is not None
    assert config.tariff.prices_per_kwh["flat"] == 1.0
    assert config.maps["gate"].digest != load_config(ROOT / "sites/park.toml").maps["gate"].digest


def test_what_is_wrong_in_a_file_that_the_site_names_is_told_with_that_file(tmp_path):
    (tmp_path / "tariffs").mkdir()
    text = (ROOT / "src/leyden/plan/tariffs/cn-guangdong-2021.toml").read_text("utf-8")
    written(tmp_path / "tariffs", text.replace('band = "peak"', 'band = "paek"'), "ours.toml")
    written(tmp_path, "start,mode\n2026-07-15 06:00,charge\n", "plan.csv")
    path = park(tmp_path, ('"cn-guangdong-2021"', '"ours"'), ('"time-of-use" ', '"plan.csv" '))
    assert sorted(told(path)) == [
        'ours.toml: [[band]] band: found "paek": expected one of "valley", "flat", "peak", "critical"',
        'plan.csv:2: mode: found "charge": expected one of battery, grid, self, hold',
    ]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SiteFileError, match=r"no\.toml: found a file that cannot be read"):
        load_config(tmp_path / "no.toml")


def site_of(period_s=1.0, poll_s=1.0, meter_delay_s=0.2, dead_time_s=0.1, ramp_w_per_s=5e5, export_limit_w=0.0):
    cell = CellRating("lfp", 280.0, 3.2, 2.5, 3.65)
    converter = Converter("pcs", 1e6, 1e6, ramp_w_per_s, dead_time_s)
    battery = Battery("b1", Words("b1", "b1"), cell, Layout(1, 1, 1), "bms", converter)
    gate = Device("gate", "m", "tcp://127.0.0.1:1/1", poll_s=poll_s)
    grid = Grid("gate", 4e6, export_limit_w, meter_delay_s)
    return Site("s", Words("s", "s"), "UTC", "EUR", grid, (gate,), (battery,), period_s=period_s)


def test_the_loop_time_adds_up_what_a_load_trip_waits_for():
    time = loop_time(site_of())
    assert time is not None
    assert time == LoopTime(wait_s=1.0, meter_delay_s=0.2, dead_time_s=0.1, ramp_s=2.0)
    assert time.total_s == pytest.approx(3.3)
    quick = loop_time(site_of(period_s=0.2, poll_s=0.5))
    assert quick is not None
    assert quick.wait_s == 0.5
    assert loop_time(site_of(export_limit_w=1e6)) is None


@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["drop", "twice", "number", "word", "table", "list", "nan", "time"]),
    st.integers(0, len(LINES) - 1),
)
def test_a_mutated_file_gives_a_site_or_a_site_file_error(tmp_path_factory, index, how, other):
    lines = list(LINES)
    key = lines[index].split("=")[0].strip()
    put = {"number": "-1", "word": '"x"', "table": "{ a = 1 }", "list": '["x"]', "nan": "nan", "time": "2026-07-15"}
    if how == "drop":
        del lines[index]
    elif how == "twice":
        lines.insert(other, lines[index])
    else:
        lines[index] = f"{key} = {put[how]}"
    path = written(tmp_path_factory.mktemp("mutated"), "\n".join(lines))
    try:
        load_config(path, date(2026, 7, 15))
    except SiteFileError as error:
        assert error.problems
        assert all(problem.mend.zh and problem.mend.en for problem in error.problems)


def test_the_guide_says_what_the_dataclasses_say():
    assert GUIDE.read_text("utf-8") == with_tables(GUIDE.read_text("utf-8")), "run python tools/site_tables.py"


def test_every_key_is_explained():
    rows = [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert [row for row in rows if re.search(r"\|\s*\|$", row)] == []


def test_the_site_in_the_guide_can_be_run(tmp_path):
    first = GUIDE.read_text("utf-8").split("```toml\n")[1].split("```")[0]
    assert load_config(written(tmp_path, first)).site.id == "depot"


def test_the_slip_in_the_guide_is_told_as_it_says(tmp_path):
    text = GUIDE.read_text("utf-8")
    first = text.split("```toml\n")[1].split("```")[0].replace('"500 kW"', '"500 kWh"')
    with pytest.raises(SiteFileError) as caught:
        load_config(written(tmp_path, first))
    assert f"```text\n{str(caught.value).removeprefix(f'{tmp_path}/')}\n```" in text


def test_the_plan_in_the_guide_can_be_followed():
    table = GUIDE.read_text("utf-8").split("```text\nstart")[1].split("```")[0]
    plan = plan_from_csv("start" + table, load_config(ROOT / "sites/park.toml").site)
    assert [slot.mode.value for slot in plan.slots] == ["battery", "grid", "self"]


def fits(schema, value):
    """As much of JSON Schema as ours uses."""
    if "anyOf" in schema or "oneOf" in schema:
        return any(fits(one, value) for one in schema.get("anyOf", schema.get("oneOf")))
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kind: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
    }
    if not isinstance(value, kind[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        return False
    if isinstance(value, dict):
        known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        others = [inner for key, inner in value.items() if key not in known]
        return (
            set(schema.get("required", [])) <= set(value)
            and all(fits(known[key], inner) for key, inner in value.items() if key in known)
            and (rest is True or not others if isinstance(rest, bool) else all(fits(rest, inner) for inner in others))
        )
    if isinstance(value, list):
        return all(fits(schema["items"], inner) for inner in value)
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    return schema.get("minimum", value) <= value <= schema.get("maximum", value)


@pytest.mark.parametrize("path", SITES, ids=[path.stem for path in SITES])
def test_the_schema_takes_the_ready_sites(path):
    assert fits(config_schema(), tomllib.loads(path.read_text("utf-8")))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('import_limit = "4 MW"', 'import_limit = "4 MWh"'),
        ("soc = 0.1", "sco = 0.1"),
        ("soc = 0.1", "soc = 10"),
        ('use = "peak-shaving"', 'use = "peek-shaving"'),
        ("rack = 10", "rack = 0"),
        ('read = "open"', 'read = "opn"'),
        ("[plan]", "[plans]"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(right, wrong):
    assert not fits(config_schema(), tomllib.loads(PARK.replace(right, wrong)))
