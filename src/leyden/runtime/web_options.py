"""Where the control room listens, who may read, and how it is kept private on the way."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from leyden.model.quantity import Quantity


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """With what the control room proves who it is, and encrypts: two PEM files, looked for beside the site file."""

    cert: Path
    """The certificate, followed by those that lead to its root."""
    key: Path
    """Its private key, which only its owner may read."""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """The [web] table of site.toml. It stands here because the web is above the runtime that reads it."""

    host: str = "127.0.0.1"
    """Where it listens: loopback unless somebody says otherwise."""
    port: Annotated[int, Quantity("", 1, 65535)] = 8420
    """Port of the control room and its API."""
    read: Literal["open", "token"] = "token"
    """`open` lets anybody who reaches the address read; `token` asks for a login or a token, as writing always does."""
    tls: TlsOptions | None = None
    """HTTPS: `{ cert = "room.crt", key = "room.key" }`; needed to listen beyond this computer."""
    insecure: bool = False
    """Listen beyond this computer without `tls`, or with `read = "open"`, all the same: behind a proxy or in a VPN."""
    session_s: Annotated[float, Quantity("s", 60.0, 2_592_000.0)] = 43_200.0
    """After so long a person logs in again, come what may."""
    session_idle_s: Annotated[float, Quantity("s", 60.0, 2_592_000.0)] = 3_600.0
    """A session ends when no page of it was open for so long."""

    @property
    def local(self) -> bool:
        """Whether only this computer reaches it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def address(self) -> str:
        """As one writes it into a browser on this computer, without a slash at the end."""
        scheme = "http" if self.tls is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"
