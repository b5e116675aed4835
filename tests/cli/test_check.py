"""`leyden check`: problems with exit code 2, or the site summed up, for people and for machines."""

import json

import pytest
from typer import Typer
from typer.testing import CliRunner

from leyden.cli.check import check_command
from tests.conftest import ROOT

PARK = ROOT / "sites/park.toml"
LIMIT_LINE = PARK.read_text("utf-8").split("import_limit")[0].count("\n") + 1
app = Typer()
app.command()(check_command)


def run(*arguments, language="en"):
    return CliRunner(env={"LEYDEN_LANG": language, "COLUMNS": "200"}).invoke(app, [str(a) for a in arguments])


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(PARK.read_text("utf-8").replace('"4 MW"', '"4 MWh"').replace("soc = 0.1", "sco = 0.1"), "utf-8")
    return path


def test_the_park_is_summed_up():
    result = run(PARK)
    assert result.exit_code == 0
    for words in (
        "Wutong Park (park)  3.44 MWh · 1.5 MW · 3840 cells",
        "import at most 4 MW, export at most 2 MW",
        "10 x 8 x 48 lfp-280ah",
        "tcp://127.0.0.1:5022/1",
        "b1 (converter)",
    ):
        assert words in result.output
    order = [result.output.index(use) for use in ("keep-reserve", "peak-shaving", "follow-plan", "self-consumption")]
    assert order == sorted(order)


def test_it_speaks_chinese():
    result = run(PARK, language="zh_CN.UTF-8")
    assert "五通园区" in result.output
    assert "受电不超过 4 MW" in result.output


def test_the_summary_for_machines():
    document = json.loads(run(PARK, "--json").stdout)
    assert document["ok"] is True
    assert document["site"]["energy_wh"] == pytest.approx(3840 * 280 * 3.2)
    assert document["site"]["devices"][0] == {
        "name": "gate",
        "map": "sunspec-meter",
        "at": "tcp://127.0.0.1:5020/1",
        "roles": [{"role": "grid", "thing": "grid"}],
    }
    assert all(controller["summary"]["zh"] for controller in document["site"]["controllers"])


def test_all_problems_are_printed_and_the_exit_code_is_2(broken):
    result = run(broken)
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    assert lines[0] == f'{broken}:{LIMIT_LINE}: [grid] import_limit: found "4 MWh": expected "1.5 MW"'
    assert "did you mean soc?" in result.stdout


def test_problems_for_machines(broken):
    result = run(broken, "--json")
    assert result.exit_code == 2
    problem = json.loads(result.stdout)["problems"][0]
    assert (problem["line"], problem["key"]) == (LIMIT_LINE, "[grid] import_limit")
    assert problem["mend"] == {"zh": '应写作 "1.5 MW"', "en": 'expected "1.5 MW"'}


def test_warnings_go_beside_the_results():
    result = run(PARK)
    assert "warning: " in result.stderr
    assert "warning: " not in result.stdout


def test_the_schema_is_printed():
    assert json.loads(run("--schema").stdout)["title"] == "Leyden site"
