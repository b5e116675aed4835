"""Files that are there whole or not at all, whatever happens meanwhile."""

import os
from pathlib import Path

TEMPORARY = ".part"
"""The ending of files that are not finished; whoever finds one may delete it."""


def temporary(path: Path) -> Path:
    """Where a file is written before it gets its name."""
    return path.with_name(path.name + TEMPORARY)


def publish(path: Path) -> None:
    """Give the finished temporary file its name, on the disk: contents first, then the name."""
    _sync(temporary(path))
    temporary(path).replace(path)
    _sync(path.parent)


def write_durably(path: Path, content: bytes) -> None:
    """A small file, whole or not at all."""
    temporary(path).write_bytes(content)
    publish(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
