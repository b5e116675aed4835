"""Bring .venv at the root of the repository up to one or more of the pinned sets in requirements/.

    python3 tools/environment.py runtime            # what `make demo` needs
    python3 tools/environment.py dev docs           # what `make check` and `make docs` need

Installs what is missing, installs Leyden itself editable, and remembers the files it did this for: when they are the
same the second time, it does nothing. It runs before there is an environment, so it uses the standard library alone,
and no syntax that an old Python cannot read, so that it can tell the owner of an old Python what to do.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


def main() -> None:
    sets = sys.argv[1:] or ["runtime"]
    wanted = {name: fingerprint(name) for name in sets}
    if PYTHON.exists() and all(remembered(name) == mark for name, mark in wanted.items()):
        return
    refuse_unusable_python()
    if not usable(PYTHON):
        say(f"making .venv with Python {sys.version.split()[0]}")
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
    for name in ["build", *sets]:
        say(f"installing what requirements/{name}.txt pins (a minute or two the first time)")
        pip("--require-hashes", "-r", str(ROOT / "requirements" / f"{name}.txt"))
    pip("--no-deps", "--no-build-isolation", "--no-index", "-e", str(ROOT))
    for name, mark in wanted.items():
        stamp(name).write_text(mark)
    say("the environment is ready")


def fingerprint(name: str) -> str:
    """One hash over everything whose change means that the set must be installed again."""
    digest = hashlib.sha256()
    for path in (f"requirements/{name}.txt", "requirements/build.txt", "pyproject.toml"):
        try:
            digest.update((ROOT / path).read_bytes())
        except FileNotFoundError:
            sys.exit(f"leyden: {path} is missing: `{name}` is no set of this repository")
    return digest.hexdigest()


def stamp(name: str) -> Path:
    return VENV / f".installed-{name}"


def remembered(name: str) -> str:
    return stamp(name).read_text() if stamp(name).exists() else ""


def usable(python: Path) -> bool:
    """Whether the environment's Python still starts, has pip, and is new enough: the system may have replaced it."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    return (
        python.exists() and subprocess.run([str(python), "-c", probe], check=False, capture_output=True).returncode == 0
    )


def refuse_unusable_python() -> None:
    found = f"{sys.executable} is Python {sys.version.split()[0]}"
    if sys.version_info < OLDEST:
        sys.exit(
            f"leyden: needs Python 3.11 or newer, but {found}.\n"
            "        Install a newer one and name it: make demo PYTHON=python3.12"
        )
    try:
        import ensurepip  # noqa: F401  Debian leaves it out of python3 until python3-venv is installed
    except ImportError:
        sys.exit(f"leyden: {found} cannot make virtual environments.\n        On Debian: apt install python3-venv")


def pip(*arguments: str) -> None:
    run(str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def run(*command: str) -> None:
    done = subprocess.run(command, check=False, env={**os.environ, "PIP_NO_INPUT": "1"})
    if done.returncode:
        half_made = "" if usable(PYTHON) else f" and remove {VENV}"
        sys.exit(
            f"leyden: `{' '.join(command[1:4])} ...` failed; mend what it says above{half_made}, then run make again"
        )


def say(text: str) -> None:
    print(f"leyden: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
