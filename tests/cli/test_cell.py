"""Cells and estimates as a person at a terminal has them."""

import csv
import json
import shutil

import pytest
from typer.testing import CliRunner

from leyden.cli import make_app
from leyden.physics.fitted_cell import cell_toml
from tests.physics.dfn import FOLDER, GRID_START_SOC, cell, true_soc


def run(*words: object):
    return CliRunner().invoke(make_app(("cell", "estimate")), [str(word) for word in words])


def test_a_pulse_test_becomes_a_cell_that_tells_the_charge(tmp_path):
    made = tmp_path / "my-cell.toml"
    done = run("cell", "fit", FOLDER / "dfn_pulses.csv.gz", "--capacity", "2.3035 Ah", "-o", made)
    assert done.exit_code == 0, done.output
    assert "mV RMS" in done.output
    page = made.with_suffix(".html").read_text()
    assert page.count("<svg") == 6  # voltage, resistances, warmth, entropy, and how the model follows the test
    assert "http" not in page
    soc = tmp_path / "soc.csv"
    grid = FOLDER / "dfn_grid.csv.gz"
    done = run(
        "estimate", grid, "--cell", made, "--capacity", "2.3035Ah", "--start-soc", GRID_START_SOC - 0.2, "-o", soc
    )
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(soc.read_text().splitlines()))
    assert list(rows[0]) == ["time_s", "soc", "soc_std", "voltage_model_v"]
    assert len(rows) == len(true_soc())
    last = rows[-1]
    assert abs(float(last["soc"]) - true_soc()[-1]) < 2.0 * float(last["soc_std"])


def test_an_estimate_as_json_and_of_a_pack(tmp_path):
    (tmp_path / "dfn.toml").write_text(cell_toml(cell()))
    record = tmp_path / "pack.csv"
    record.write_text("time_s,current_a,voltage_v\n0,0,52.256\n60,1,\n120,1,52.2\n")
    done = run("estimate", record, "--cell", tmp_path / "dfn.toml", "--series", 16, "--json")
    told = json.loads(done.stdout)
    assert len(told["soc"]) == 3
    assert 50.0 < told["voltage_model_v"][0] < 54.0
    assert told["soc_std"][1] > 0.0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("estimate", "none.csv", "--cell", "lfp-280ah"), "cannot be read"),
        (("estimate", "p.csv", "--cell", "lfp-999"), "there is no cell 'lfp-999'"),
        (("estimate", "p.csv", "--cell", "none.toml"), "there is no such cell file"),
        (("estimate", "p.csv", "--cell", "lfp-280ah", "--capacity", "280 V"), "Ah"),
        (("cell", "fit", "p.csv", "--capacity", "0 Ah", "-o", "new.toml"), "must be above 0"),
        (("cell", "fit", "p.csv", "--capacity", "1 Ah", "-o", "old.toml"), "is there already"),
        (("cell", "fit", "p.csv", "--capacity", "1 Ah", "-o", "new.json"), "must end in .toml"),
        (("cell", "fit", "p.csv", "--capacity", "1 Ah", "-o", "new.toml"), "no current flows"),
        (("cell", "show", "lfp-280ah", "-o", "x.png"), "must end in .html"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text("time_s,current_a,voltage_v\n0,0,3.3\n60,0,3.3\n")
    (tmp_path / "old.toml").write_text("kept")
    done = run(*words)
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())
    assert {path.name for path in tmp_path.iterdir()} == {"p.csv", "old.toml"}
    assert (tmp_path / "old.toml").read_text() == "kept"


def test_a_shipped_cell_can_be_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("cell", "show", "lfp-280ah").exit_code == 0
    assert "280 Ah" in (tmp_path / "lfp-280ah.html").read_text()
    shutil.copy(FOLDER / "dfn_slow.csv.gz", tmp_path)
    told = json.loads(run("cell", "show", "lfp-280ah", "--json").stdout)
    assert told["capacity_ah"] == 280.0
