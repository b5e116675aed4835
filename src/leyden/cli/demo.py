"""`leyden demo`: a twin and its site side by side, each started again if it dies."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from leyden.cli.consoles import err
from leyden.cli.signals import until_signal

LONGEST_WAIT_S = 30.0
SETTLED_S = 60.0
"""What lived so long is started again at once when it dies."""


def demo(
    site: Annotated[Path, typer.Argument(help="A site file with a [twin].")] = Path("sites/park.toml"),
    speed: Annotated[float | None, typer.Option("--speed", help="Times faster than the wall clock.")] = None,
    start: Annotated[str | None, typer.Option("--start", help="Local date and time of the site to begin at.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew; the simulated record is set aside.")] = False,
) -> None:
    """Run a simulated site: real Modbus TCP between a twin and the site, and the control room on its port.

    At the first start the day so far is simulated at once, so that there is a day to look at; later starts go on where
    the demo was stopped.

    Example: leyden demo --speed 60
    """
    options = [*(["--start", start] if start is not None else []), *(["--fresh"] if fresh else [])]
    prepared = subprocess.run(_command("prepare", str(site), *options), check=False)
    if prepared.returncode != 0:
        raise typer.Exit(prepared.returncode)
    speeds = [] if speed is None else ["--speed", str(speed)]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(until_signal(_keep("twin", str(site), *speeds), _keep("up", str(site))))


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "leyden", *words]


async def _keep(*words: str) -> None:
    """One process, started again with growing patience when it dies young."""
    loop, wait_s = asyncio.get_running_loop(), 1.0
    while True:
        born_s = loop.time()
        process = await asyncio.create_subprocess_exec(*_command(*words))
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        wait_s = 1.0 if loop.time() - born_s > SETTLED_S else min(LONGEST_WAIT_S, 2.0 * wait_s)
        err.print(f"{words[0]} ended with code {code}; starting it again in {wait_s:g} s", style="yellow")
        await asyncio.sleep(wait_s)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to stop; make it, if it will not."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 8.0)
        except TimeoutError:
            process.kill()
            await process.wait()
