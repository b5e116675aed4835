"""One process for one site: two of them would command the same devices."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leyden.model.errors import LeydenError
from leyden.model.words import Words

_NAME = "site.lock"


class AlreadyRunsError(LeydenError):
    """Another process runs this site."""

    def __init__(self, holder: str, folder: Path) -> None:
        self.words = Words(
            f"进程 {holder} 正在运行该站点({folder}):先停止它",
            f"process {holder} runs this site already ({folder}): stop it first",
        )
        super().__init__(self.words.en)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a site's data folder while it runs; a process that dies lets go of it. Raises AlreadyRunsError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _NAME).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunsError(_holder(folder), folder) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def runs(folder: Path) -> bool:
    """Whether some process runs the site whose data are here."""
    try:
        with (folder / _NAME).open("r", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _holder(folder: Path) -> str:
    return (folder / _NAME).read_text("ascii").strip() or "?"
