"""The site's own log: a few rotating files beside its record, so that there is one however the site was started."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from queue import SimpleQueue

NAME = "leyden.log"
_BYTES, _FILES = 2_000_000, 4
"""Of one file, and how many older ones are kept: ten megabytes at most."""
_HEARD = ("leyden", "uvicorn.error", "asyncio")


@contextmanager
def site_log(folder: Path, hide: Callable[[str], str]) -> Iterator[Path]:
    """Write what Leyden logs into this folder, and warnings to stderr too; `hide` takes secrets out of every line.

    A thread writes: a slow disk holds up nobody, and a full one only the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(folder / NAME, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", delay=True)
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.WARNING)
    for handler in (file, screen):
        handler.setFormatter(_Lines(hide))
        handler.handleError = _drop  # type: ignore[method-assign]
    waiting: SimpleQueue[logging.LogRecord] = SimpleQueue()
    door = QueueHandler(waiting)
    listener = QueueListener(waiting, file, screen, respect_handler_level=True)
    loggers = [logging.getLogger(name) for name in _HEARD]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(door)
        logger.setLevel(logging.INFO if logger.name == "leyden" else logging.WARNING)
    listener.start()
    try:
        yield folder / NAME
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.removeHandler(door)
            logger.setLevel(level)
        listener.stop()
        file.close()


def files_of(folder: Path) -> list[Path]:
    """All files of the log, oldest first."""
    found = [folder / f"{NAME}.{number}" for number in range(_FILES, 0, -1)]
    return [path for path in (*found, folder / NAME) if path.exists()]


def lines_between(folder: Path, start: datetime, end: datetime) -> Iterator[str]:
    """What was logged in a span of wall time, with the lines that belong to it, such as a traceback's."""
    wanted = False
    for path in files_of(folder):
        for line in path.read_text("utf-8", errors="replace").splitlines():
            moment = _moment(line)
            if moment is not None:
                wanted = start <= moment <= end
            if wanted:
                yield line


class _Lines(logging.Formatter):
    """UTC, level, where, what; a secret that got in is taken out."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._hide = hide

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """ISO 8601 with milliseconds."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        """The whole entry."""
        return self._hide(super().format(record))


def _moment(line: str) -> datetime | None:
    try:
        return datetime.fromisoformat(line[:24])
    except ValueError:
        return None


def _drop(record: logging.LogRecord) -> None:
    """A log that cannot be written must not fill the screen."""
