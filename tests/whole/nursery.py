"""Brings sites up fast: everything is imported once, and each life is forked from there.

    python -m tests.whole.nursery SITE

Every line on stdin begets a life, which is what `leyden up SITE` runs; its process number is printed. The nursery ends
with its stdin, and its children with it.
"""

import os
import signal
import sys
from pathlib import Path

import duckdb  # noqa: F401 what a site needs in the end is there before the first is born
import pyarrow.parquet  # noqa: F401

from leyden.cli.up import up
from leyden.history import Ledger, Record  # noqa: F401
from leyden.runtime.config import load_config


def main(site: Path) -> None:
    """Until stdin ends."""
    load_config(site)
    children = []
    _say("ready")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            up(site, None)
            os._exit(0)
        children.append(child)
        _say(str(child))
        children = [pid for pid in children if os.waitpid(pid, os.WNOHANG)[0] == 0]
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
