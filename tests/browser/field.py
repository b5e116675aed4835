"""A site on real addresses: a twin answers on them, in a process of its own that the site knows nothing of."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.whole.park import SITES, Park, moved, with_key


@contextmanager
def in_the_field(folder: Path) -> Iterator[Park]:
    """The park without its [twin], which makes it start in shadow; its devices are served by a twin all the same."""
    text, ports = moved((SITES / "park.toml").read_text())
    served, real = folder / "served.toml", folder / "park.toml"
    served.write_text(with_key(text, "history", f"folder = {json.dumps(str(folder / 'twin'))}"))
    bare = re.split(r"^\[twin\]", text, maxsplit=1, flags=re.MULTILINE)[0]
    real.write_text(with_key(bare, "history", f"folder = {json.dumps(str(folder / 'var'))}"))
    with _running("twin", served, folder / "twin.log"), _running("up", real, folder / "log.txt") as process:
        park = Park(real, folder, f"http://127.0.0.1:{ports['web']}", process, folder / "log.txt")
        park.wait_live(lambda live: not live["bad"].get("b1.soc"), f"the site did not start: {park.log.read_text()}")
        yield park


@contextmanager
def _running(verb: str, site: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "leyden", verb, str(site)], stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
