"""Hold the size budget: a file is one idea, a function fits a screen.

Prints the median and the 95th percentile too, so that drift is seen long before a limit is met.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
FUNCTION_LINES = 60
FILE_LINES = {  # by the beginning of the path; the first that fits rules
    "src/leyden/runtime/cycle.py": 60,  # the page to read first
    "src/": 400,
    "ui/src/": 400,
    "": 500,
}


def main() -> None:
    lengths = {name: len(read(name).splitlines()) for name in tracked("*.py", "ui/src/*.ts", "ui/src/*.vue")}
    ours = [name for name in lengths if name.startswith("src/") and name.endswith(".py")]
    found = [(name, *function) for name in ours for function in functions(name)]
    describe("files", [lengths[name] for name in ours])
    describe("functions", [lines for *_, lines in found])
    too_long = [
        f"{name}: {lines} lines, at most {budget(name)}" for name, lines in lengths.items() if lines > budget(name)
    ] + [
        f"{name}:{line}: {function} has {lines} lines, at most {FUNCTION_LINES}"
        for name, function, line, lines in found
        if lines > FUNCTION_LINES
    ]
    if too_long:
        sys.exit("Split these by idea:\n  " + "\n  ".join(too_long))


def tracked(*patterns: str) -> list[str]:
    """What git knows or would add: a new file is held to the budget before it is committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted({name for name in names if (ROOT / name).is_file()})


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def budget(name: str) -> int:
    return next(lines for beginning, lines in FILE_LINES.items() if name.startswith(beginning))


def functions(name: str) -> Iterator[tuple[str, int, int]]:
    """Name, first line and length of every function; its docstring counts."""
    for node in ast.walk(ast.parse(read(name))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def describe(what: str, lengths: list[int]) -> None:
    if len(lengths) > 1:
        p95 = quantiles(lengths, n=20)[-1]
        print(f"{len(lengths)} {what}: median {median(lengths):.0f} lines, p95 {p95:.0f}, longest {max(lengths)}")


if __name__ == "__main__":
    main()
