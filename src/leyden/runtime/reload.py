"""A changed site file is taken over when a person says so, and only if it is right: else the old one goes on."""

import asyncio
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

from leyden.model.condition import Condition
from leyden.model.problem import SiteFileError
from leyden.model.words import Words
from leyden.runtime.config import load_config

_LOG = logging.getLogger(__name__)


class Reload:
    """Waits for a hang-up signal (`systemctl reload`, `kill -HUP`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wanted = False
        """Whether the site is to begin anew with the file as it is now."""
        self._refused: SiteFileError | None = None

    async def until_right(self) -> None:
        """Return when a signal has come and the file is right; what is wrong with it is told, and changes nothing."""
        asked, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, asked.set)
        while True:
            await asked.wait()
            asked.clear()
            try:
                await asyncio.to_thread(load_config, self.path)
            except SiteFileError as error:
                self._refused = error
                _LOG.error("%s is wrong, the site goes on with the old one:\n%s", self.path, error)
                continue
            _LOG.info("%s is right: beginning anew with it", self.path)
            self.wanted = True
            return

    def conditions(self) -> Iterator[Condition]:
        """A file that was refused stands as an alarm until a right one is taken over."""
        if self._refused is None:
            return
        wrong = [problem for problem in self._refused.problems if not problem.warning]
        first, count = wrong[0], len(wrong)
        more = f" (+{count - 1})" if count > 1 else ""
        yield Condition(
            key="config-refused",
            source="config",
            priority=3,
            title=Words("站点文件有误,未采用", "the changed site file is wrong and was not taken"),
            text=Words(first.text("zh") + more, first.text("en") + more),
            advice=Words(
                "站点按原配置继续运行;用 leyden check 修正后再次 reload",
                "the site goes on as before; mend the file with leyden check, then reload again",
            ),
        )
