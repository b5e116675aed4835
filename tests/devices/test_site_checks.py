"""Every command ends when nobody stands behind it, or somebody has accepted that it does not."""

import pytest

from leyden.model.problem import SiteFileError
from leyden.runtime.config import load_config
from tests.conftest import ROOT
from tests.devices.test_writer import ENDING, PCS

PARK = (ROOT / "sites/park.toml").read_text("utf-8").replace('map = "sunspec-pcs"', 'map = "acme"')
ACCEPTED = PARK.replace('map = "acme"', 'map = "acme"\naccept_no_watchdog = true')


def told(folder, site, device_map):
    (folder / "acme.toml").write_text(device_map, "utf-8")
    (folder / "site.toml").write_text(site, "utf-8")
    try:
        problems = load_config(folder / "site.toml").warnings
    except SiteFileError as error:
        problems = tuple(error.problems)
    return [problem for problem in problems if "watchdog" in problem.mend.en or "watchdog" in problem.key]


def test_a_device_without_a_watchdog_is_told_with_its_line_and_its_mend(tmp_path):
    [problem] = told(tmp_path, PARK, PCS)
    assert not problem.warning
    assert problem.key.endswith("map")
    assert PARK.splitlines()[problem.line - 1] == 'map = "acme"'
    assert problem.found.en == "the map acme has no watchdog for its converter"
    assert "accept_no_watchdog = true" in problem.mend.zh


@pytest.mark.parametrize(("site", "device_map"), [(ACCEPTED, PCS), (PARK, ENDING)], ids=["accepted", "ends by itself"])
def test_accepted_or_ending_by_itself_it_may_run(tmp_path, site, device_map):
    assert told(tmp_path, site, device_map) == []


def test_what_need_not_be_accepted_is_told(tmp_path):
    [problem] = told(tmp_path, ACCEPTED, ENDING)
    assert problem.warning
    assert problem.key.endswith("accept_no_watchdog")
