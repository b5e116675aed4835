"""`leyden cells`: over files and over what a site has recorded; what it prints, and how it ends."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from leyden.cli import make_app
from leyden.cli.consoles import out
from leyden.history import Record
from leyden.history.record.cells import to_int16
from leyden.runtime.config import data_folder, load_config
from leyden.runtime.points import named_points
from tests.bms.watch.packs import Fault, Pack, frames_of

EV = Path(__file__).parents[3] / "shared/data/reference/battery_ev_fault_car2.csv"
HOME = Path(__file__).parents[2] / "sites/home.toml"
SICK = Pack(cells=48, days=16, step_s=1200.0, seed=3, faults=(Fault(20, 8, joint_ohm=3e-4),))


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("LEYDEN_LANG", "en")
    monkeypatch.setattr(out, "_width", 200)  # where a runner of tests sets COLUMNS, the console took that for good
    app, runner = make_app(("cells",)), CliRunner()
    return lambda *words: runner.invoke(app, ["cells", *map(str, words)])


def written(path: Path, pack: Pack) -> Path:
    """A wide file in millivolts, with dates."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "pack_current_a", *(f"c{k + 1}_mv" for k in range(pack.cells))])
        for frames in frames_of(pack):
            for when, amps, volts in zip(frames.time_s, frames.current_a, frames.voltage_v, strict=True):
                stamp = datetime.fromtimestamp(1.78e9 // 86400 * 86400 + when, UTC).isoformat()
                writer.writerow([stamp, f"{amps:.1f}", *np.rint(1000.0 * volts).astype(int).tolist()])
    return path


@pytest.fixture(scope="module")
def sick(tmp_path_factory) -> Path:
    return written(tmp_path_factory.mktemp("cells") / "pack.csv", SICK)


def test_a_loose_joint_is_named_with_its_day_in_words(run, sick):
    told = run(sick, "--cell", "lfp-280ah")
    assert told.exit_code == 0
    assert "48 cells over 16 days: 1 findings" in told.stdout
    assert "21" in told.stdout
    assert "resistance of a joint or lead" in told.stdout
    assert "2026-06-05 (8 days)" in told.stdout
    assert "µΩ" in told.stdout


def test_as_json_numbers_are_si_and_texts_in_both_languages(run, sick):
    (only,) = json.loads(run(sick, "--cell", "lfp-280ah", "--json").stdout)["findings"]
    assert (only["cell"], only["kind"], only["onset"]) == ("21", "lead-resistance", "2026-06-05")
    assert only["evidence"][0]["change"] == pytest.approx(3e-4, rel=0.2)
    assert only["alarm_v"] == 0.08
    assert only["left_v"] == pytest.approx(0.08 - abs(only["worst_v"]))
    assert set(only["text"]) == {"zh", "en"}


def test_chinese_is_spoken_where_it_is_asked_for(run, sick, monkeypatch):
    monkeypatch.setenv("LEYDEN_LANG", "zh")
    assert "连接/引线电阻偏高" in run(sick, "--cell", "lfp-280ah").stdout


@pytest.mark.parametrize("suffix", [".csv", ".html"])
def test_a_report_is_written_as_a_file(run, sick, tmp_path, suffix):
    target = tmp_path / f"cells{suffix}"
    assert run(sick, "--cell", "lfp-280ah", "-o", target).exit_code == 0
    text = target.read_text(encoding="utf-8")
    assert "2026-06-05" in text
    if suffix == ".csv":
        (only,) = csv.DictReader(text.splitlines())
        assert (only["cell"], only["kind"]) == ("21", "lead-resistance")


def test_without_a_cell_lfp_voltages_are_taken_for_such_and_said_so(run, sick):
    told = run(sick, "--json")
    assert "taken for lithium iron phosphate" in told.stderr
    assert json.loads(told.stdout)["findings"][0]["cell"] == "21"


def test_a_healthy_file_names_nobody_and_that_is_no_error(run, tmp_path):
    path = written(tmp_path / "well.csv", Pack(cells=24, days=8, step_s=1800.0, seed=5))
    told = run(path, "--cell", "lfp-280ah")
    assert told.exit_code == 0
    assert "nobody stands out" in told.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "either a file or --site"),
        (("a.csv", "--site", "b.toml"), "either a file or --site"),
        (("none.csv",), "cannot be read"),
        (("SICK", "--current", "amps"), "there is no column 'amps'"),
        (("SICK", "--alarm", "80 A"), "80 A"),
        (("SICK", "--alarm", "0 V"), "above 0"),
        (("SICK", "--cell", "no-such"), "no-such"),
        (("SICK", "-o", "x.pdf"), ".csv or .html"),
    ],
)
def test_wrong_use_is_told_with_exit_code_2(run, sick, words, says):
    told = run(*(str(sick) if word == "SICK" else word for word in words))
    assert told.exit_code == 2
    assert says in told.stderr


@pytest.mark.reference
@pytest.mark.skipif(not EV.is_file(), reason="the reference data are not here")
def test_cell_82_of_a_real_car_is_named_first_and_read_as_it_is(run):
    told = json.loads(run(EV, "--json").stdout)["findings"]
    assert told[0]["cell"] == "82"
    assert told[0]["kind"] == "self-discharge"
    assert "2019-07-05" <= told[0]["onset"] <= "2019-07-16"
    assert all(one["score"] < told[0]["score"] for one in told[1:])


@pytest.mark.reference
@pytest.mark.skipif(not EV.is_file(), reason="the reference data are not here")
@pytest.mark.parametrize("before", ["2019-04-30", "2019-06-01", "2019-07-01"])
def test_it_is_named_weeks_before_it_reaches_the_alarm(run, tmp_path, before):
    head, *lines = EV.read_text(encoding="utf-8").splitlines()
    early = tmp_path / "early.csv"
    early.write_text("\n".join([head, *(line for line in lines if line < before)]) + "\n", encoding="utf-8")
    (only,) = json.loads(run(early, "--json").stdout)["findings"]
    assert only["cell"] == "82"
    assert only["left_v"] > 0.0


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """A household site that ran for sixteen days, and does not run now."""
    path: Path = tmp_path_factory.mktemp("site") / "home.toml"
    path.write_text(HOME.read_text(encoding="utf-8"), encoding="utf-8")
    config = load_config(path)
    (battery,) = config.site.batteries
    layout = battery.layout
    points = [point.name for point in named_points(config.site)]
    at = points.index(f"{battery.name}.dc_current_a")
    record = Record(data_folder(config, simulated=True), points, config.history, simulated=True)
    joint = 3e-4
    pack = Pack(cells=layout.cells, days=16, step_s=1200.0, seed=3, faults=(Fault(5, 8, joint_ohm=joint),))
    try:
        for frames in frames_of(pack):
            for when, amps, volts in zip(frames.time_s, frames.current_a, frames.voltage_v, strict=True):
                t = 1.78e9 // 86400 * 86400 + when
                values, quality = np.full(len(points), np.nan), np.full(len(points), 2, np.uint8)
                values[at], quality[at] = amps, 0
                record.append(t, values, quality)
                shape = (layout.rack, layout.module, layout.cell)
                mv = to_int16(volts.reshape(shape), 1000.0)
                record.append_cells(battery.name, t, mv, np.full(shape, 250, np.int16))
            assert record.flush()
    finally:
        record.close()
    return path


def test_a_sites_own_record_is_looked_through(run, recorded):
    told = run("--site", recorded, "--days", 20, "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["strings"][0]["days"] >= 15
    assert found["findings"][0]["cell"] == "1-1-6"


def test_a_site_without_a_record_says_so(run, tmp_path):
    path = tmp_path / "home.toml"
    path.write_text(HOME.read_text(encoding="utf-8"), encoding="utf-8")
    told = run("--site", path)
    assert told.exit_code == 1
    assert "no frames of cells" in told.stderr


def test_a_battery_that_is_not_there_is_told(run, recorded):
    told = run("--site", recorded, "--battery", "b9")
    assert told.exit_code == 2
    assert "there is no battery b9" in told.stderr
