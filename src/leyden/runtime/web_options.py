"""Where the control room listens, and who may read."""

from dataclasses import dataclass
from typing import Annotated, Literal

from leyden.model.quantity import Quantity


@dataclass(frozen=True, slots=True)
class WebOptions:
    """The [web] table of site.toml. It stands here because the web is above the runtime that reads it."""

    host: str = "127.0.0.1"
    """Where it listens: loopback unless somebody says otherwise."""
    port: Annotated[int, Quantity("", 1, 65535)] = 8420
    """Port of the control room and its API."""
    read: Literal["open", "token"] = "token"
    """`open` lets anybody who reaches the address read; writing always needs a token."""
