"""The checks of the repository find what they look for, and the repository stands up to them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import check_repo, check_sizes

HOST = "files.{}.org".format("pythonhosted")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for check in (check_repo, check_sizes):
        monkeypatch.setattr(check, "ROOT", tmp_path)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("docs/a.md", f"See https://{HOST}/x", "registry's host"),
        ("a.py", "x = '/wo" + "rk/main'", "path of one machine"),
        ("a.sh", "cd /ro" + "ot", "path of one machine"),
        ("ui/package-lock.json", '"resolved": "https://example.com/a.tgz"', "download address"),
        ("requirements/dev.txt", "--extra-index-url https://example.com", "package index"),
    ],
)
def test_what_belongs_to_one_machine_is_found(repository: Path, name: str, text: str, what: str) -> None:
    write(repository, name, text)
    with pytest.raises(SystemExit, match=what):
        check_repo.main()


def test_innocent_files_pass(repository: Path) -> None:
    write(repository, "a.md", "the framework/work/ folder, a --find-links option, https://example.com/rooted")
    write(repository, "ui/package-lock.json", '"integrity": "sha512-x"')
    check_repo.main()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/leyden/a.py", "x = 1\n" * 401),
        ("src/leyden/runtime/cycle.py", "x = 1\n" * 61),
        ("src/leyden/a.py", "def f():\n" + "    x = 1\n" * 60),
        ("tests/test_a.py", "x = 1\n" * 501),
        ("ui/src/a.vue", "<p>\n" * 401),
    ],
)
def test_what_is_too_long_is_named(repository: Path, name: str, text: str) -> None:
    write(repository, name, text)
    with pytest.raises(SystemExit, match=name):
        check_sizes.main()


def test_what_fits_passes(repository: Path) -> None:
    write(repository, "src/leyden/a.py", "def f():\n" + "    x = 1\n" * 59)
    write(repository, "src/leyden/runtime/cycle.py", "x = 1\n" * 60)
    check_sizes.main()


def test_the_wall_clock_is_banned_where_nothing_runs_in_the_world(tmp_path: Path) -> None:
    """ruff itself, with our rules: the ban holds in control, and not in runtime."""
    config = Path(__file__).resolve().parents[2] / "pyproject.toml"
    write(tmp_path, "pyproject.toml", config.read_text())
    source = "from datetime import UTC, datetime\nfrom time import time\n\nnow = datetime.now(UTC), time()\n"
    for package in ("control", "runtime"):
        write(tmp_path, f"src/leyden/{package}/a.py", source)
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--output-format",
        "concise",
        "--select",
        "TID251",
        ".",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.count("src/leyden/control/a.py") == 2
    assert "src/leyden/runtime/a.py" not in done.stdout
