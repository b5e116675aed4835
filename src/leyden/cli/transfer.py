"""Files that a running site makes: whole on this disk, or not at all."""

import os
from pathlib import Path

from leyden.cli.client import fail_as
from leyden.history.durable import publish, temporary
from leyden.runtime.http import AnswerError, download

PATIENCE_S = 900.0
"""How long a site may take to make a file."""


def fetched(url: str, target: Path, token: str | None) -> int:
    """Write the answer to a file that only its owner may read; its size. Ends the command where the site refuses."""
    part = temporary(target)
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "wb") as file:
            size = download(url, file, token, PATIENCE_S)
        publish(target)
    except AnswerError as error:
        fail_as(error)
    finally:
        part.unlink(missing_ok=True)
    return size
