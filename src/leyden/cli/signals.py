"""Running things side by side until a signal comes, and ending them in order."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


async def until_signal(*work: Coroutine[Any, Any, None]) -> None:
    """Run all of it until a signal comes or one of them ends, then cancel the rest; an error of one is raised here."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    waiting = loop.create_task(stop.wait())
    tasks = {loop.create_task(one) for one in work}
    done, _ = await asyncio.wait({*tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, waiting):
        task.cancel()
    await asyncio.gather(*tasks, waiting, return_exceptions=True)
    for task in done - {waiting}:
        task.result()
