"""Where the control room listens, and who may read."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class WebOptions:
    """The [web] table of site.toml."""

    host: str = "127.0.0.1"
    """Loopback unless somebody says otherwise."""
    port: int = 8420
    read: Literal["open", "token"] = "token"
    """`open` lets anybody who reaches the address read; writing always needs a token."""
