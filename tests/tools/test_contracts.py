"""The import contracts of pyproject.toml really catch what they are there for: each is shown a planted violation."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PURE = ["model", "physics", "bms", "pcs", "control", "plan"]
PACKAGES = [*PURE, "alarms", "devices", "history", "twin", "fleet", "runtime", "commission", "study", "web", "cli"]
WORLD = ["asyncio", "socket", "sqlite3", "duckdb", "time", "random"]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house with every package in it and nothing in any of them, under our contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "leyden").mkdir()
    (tmp_path / "leyden/__init__.py").touch()
    for package in PACKAGES:
        (tmp_path / "leyden" / package).mkdir()
        (tmp_path / "leyden" / package / "__init__.py").touch()
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)


def plant(house: Path, package: str, imported: str) -> None:
    with (house / "leyden" / package / "planted.py").open("a") as file:
        file.write(f"import {imported}\n")


def test_a_house_that_imports_downwards_passes(house: Path) -> None:
    for package in PACKAGES[1:]:
        plant(house, package, "leyden.model")
    plant(house, "history", "duckdb")
    done = lint(house)
    assert done.returncode == 0, done.stdout


def test_upward_and_sideways_imports_are_caught(house: Path) -> None:
    upward = [("model", "physics"), ("physics", "pcs"), ("bms", "twin"), ("plan", "fleet"), ("fleet", "runtime")]
    upward += [("runtime", "study"), ("study", "web"), ("web", "cli")]
    sideways = [("control", "plan"), ("bms", "pcs"), ("twin", "devices"), ("history", "alarms")]
    for importer, imported in upward + sideways:
        plant(house, importer, f"leyden.{imported}")
    done = lint(house)
    assert done.returncode == 1
    for importer, imported in upward + sideways:
        assert f"leyden.{importer} is not allowed to import leyden.{imported}" in done.stdout


def test_the_world_is_kept_out_of_decisions(house: Path) -> None:
    for package in PURE:
        for module in WORLD:
            plant(house, package, module)
    done = lint(house)
    assert done.returncode == 1
    for package in PURE:
        for module in WORLD:
            assert f"leyden.{package} is not allowed to import {module}" in done.stdout


def test_a_package_outside_the_design_is_caught(house: Path) -> None:
    (house / "leyden" / "utils").mkdir()
    (house / "leyden" / "utils" / "__init__.py").touch()
    assert lint(house).returncode == 1
