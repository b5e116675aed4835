"""Install each peer in an environment of its own, run its job and ours one after the other, print a table.

python benchmarks/peers/run.py [liionpack pybamm simses]
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "peers"
OWN = ROOT / ".venv" / "bin" / "python"
NEWER = ("python3.14", "python3.13", "python3.12")
JOB_S = 900
"""Nobody waits longer for a peer."""


@dataclass(frozen=True)
class Peer:
    """A simulator that others use, and the job it is asked to do."""

    name: str
    job: str
    oldest: tuple[int, int] = (3, 11)


PEERS = (
    Peer("liionpack", "32 cells, 1 h at 10 s"),
    Peer("pybamm", "1 cell by 1 s, a call"),
    Peer("simses", "a year at 60 s", oldest=(3, 12)),
)


class NotHereError(Exception):
    """Why a peer cannot be measured on this machine."""


def main() -> None:
    names = sys.argv[1:] or [peer.name for peer in PEERS]
    load = os.getloadavg()[0]
    rows = [row(peer) for peer in PEERS if peer.name in names]
    now, after = datetime.now(UTC).date(), os.getloadavg()[0]
    print(f"\n{now}, load {load:.1f} before and {after:.1f} after, on {os.cpu_count()} cores\n")
    head = ("peer", "job", "peer s", "peer us/cell-step", "ours s", "ours us/cell-step", "ratio of s")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


def row(peer: Peer) -> tuple[str, ...]:
    """One line of the table; what stands in the way, where something does."""
    try:
        theirs = asked(environment(peer), str(HERE / f"job_{peer.name}.py"))
    except NotHereError as why:
        return peer.name, peer.job, str(why), "", "", "", ""
    ours = asked(OWN, "-m", "benchmarks.peers.ours", peer.name)
    return (
        f"{peer.name} {theirs['version']}", peer.job, f"{theirs['s']:.3g}", f"{each_us(theirs):.3g}",
        f"{ours['s']:.3g}", f"{each_us(ours):.3g}", f"{theirs['s'] / ours['s']:.0f}",
    )  # fmt: skip


def each_us(told: dict[str, float]) -> float:
    """Of a cell and step."""
    return 1e6 * told["s"] / (told["steps"] * told["cells"])


def environment(peer: Peer) -> Path:
    """The Python of the peer's own environment, made and filled if need be; raises NotHereError."""
    folder, pins = BUILD / peer.name, HERE / f"{peer.name}.txt"
    stamp, python = folder / ".installed", folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == pins.read_text():
        return python
    print(f"installing {peer.name} in {folder.relative_to(ROOT)} (a minute or two)", flush=True)
    maker = interpreter(peer)
    done = run(maker, "-m", "venv", "--clear", folder)
    if done.returncode == 0:
        done = run(python, "-m", "pip", "install", "--quiet", "-r", pins)
    if done.returncode:
        raise NotHereError(f"not installable here: {last_line(done.stderr)}")
    stamp.write_text(pins.read_text())
    return python


def interpreter(peer: Peer) -> str:
    """A Python new enough for the peer."""
    if sys.version_info[:2] >= peer.oldest:
        return sys.executable
    for name in NEWER:
        found = shutil.which(name)
        if found and run(found, "-c", "import venv").returncode == 0:
            return found
    raise NotHereError(f"not installable here: needs Python {peer.oldest[0]}.{peer.oldest[1]}")


def asked(python: Path, *command: str) -> dict[str, float]:
    """What a job printed last."""
    done = run(python, *command)
    if done.returncode:
        raise NotHereError(f"does not run here: {last_line(done.stderr)}")
    told: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    try:
        words = [str(word) for word in command]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=JOB_S, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess([], 1, "", f"took longer than {JOB_S} s")


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1][:120].replace("|", "/")


if __name__ == "__main__":
    main()
