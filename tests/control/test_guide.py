"""The guide's worked example runs as it is printed: the controller, its table in site.toml, its scenario, its entry."""

import re
import sys
import tomllib
from datetime import time
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from leyden.control import catalogue
from leyden.control.catalogue import controller_types
from leyden.model.proposal import Controller
from leyden.model.read_table import TableReader
from leyden.model.toml_file import TomlFile

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "add-a-controller.md"
PYTHON = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
TOML = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`quiet_hours`, made of the guide."""
    made = ModuleType("quiet_hours")
    monkeypatch.setitem(sys.modules, "quiet_hours", made)
    exec(PYTHON[0], vars(made))
    return made


def test_it_is_a_controller_found_by_its_entry_point(module, monkeypatch):
    (name, value), *_ = tomllib.loads(TOML[1])["project"]["entry-points"][catalogue.GROUP].items()
    monkeypatch.setattr(catalogue, "entry_points", lambda group: [EntryPoint(name, value, group)])
    found: Any = controller_types.__wrapped__()[name]
    assert found is module.QuietHours
    assert isinstance(found(share=0.3), Controller)
    assert found(share=0.3).summary().en == "30 %, 22:00-06:00"


def test_its_options_are_read_from_its_table(module):
    options = {key: value for key, value in tomllib.loads(TOML[0])["control"][0].items() if key != "use"}
    assert module.QuietHours.use == tomllib.loads(TOML[0])["control"][0]["use"]
    reader = TableReader(TomlFile.parse(TOML[0], "site.toml"))
    made = reader.read(module.QuietHours, ("control", 0), besides=("use",)).made
    assert reader.problems == []
    assert made == module.QuietHours(share=0.3, start_at=time(21, 30))
    assert set(options) == {"share", "start_at"}


def test_its_scenario_holds(module):
    test: dict[str, Any] = {}
    exec(PYTHON[1], test)
    test["test_fans_are_quiet_at_night"]()
