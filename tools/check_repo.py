"""Hold the repository free of what belongs to one machine: registry hosts, its paths, download addresses.

Whoever clones this may install from any mirror; a file that names a host would send them elsewhere.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Written in pieces, or this file would find itself.
HOSTS = [
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npmmirror", "com"),
        ("proxy", "golang", "org"),
        ("conda", "anaconda", "org"),
        ("deb", "debian", "org"),
        ("tuna", "tsinghua", "edu", "cn"),
        ("mirrors", "aliyun", "com"),
    )
]
FOLDERS = "|".join(("work", "root", "farm", "tmp/" + "leyden"))
RULES = {
    "names a registry's host": (re.compile("|".join(map(re.escape, HOSTS)), re.IGNORECASE), r".*"),
    "holds a path of one machine": (re.compile(rf"(^|[^A-Za-z0-9_.~-])/({FOLDERS})(/|\b)"), r".*"),
    "records a download address": (re.compile(r'"resolved":\s*"https?:'), r"(.*/)?package-lock\.json"),
    "names a package index": (
        re.compile(r"^\s*(-i\b|-f\b|--(extra-)?index-url|--find-links|--trusted-host)"),
        r"requirements/.*",
    ),
}


def main() -> None:
    found = [fault for name in tracked() for fault in faults(name)]
    if found:
        sys.exit("These belong to one machine, not to the repository:\n  " + "\n  ".join(found))


def tracked() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted({name for name in names if (ROOT / name).is_file()})


def faults(name: str) -> Iterator[str]:
    try:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return  # a picture or a table in binary
    rules = [(what, pattern) for what, (pattern, files) in RULES.items() if re.fullmatch(files, name)]
    for number, line in enumerate(lines, 1):
        for what, pattern in rules:
            if hit := pattern.search(line):
                yield f"{name}:{number}: {what}: {line[max(0, hit.start() - 20) : hit.end() + 20].strip()!r}"


if __name__ == "__main__":
    main()
