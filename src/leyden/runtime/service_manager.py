"""Telling systemd that the site is ready and alive, with the socket that it gives its services; nothing elsewhere.

See sd_notify(3). The cycle itself sends the sign of life: a site whose cycle hangs is started again.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic


class ServiceManager:
    """Says nothing where nobody listens."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._every_s = _watchdog_s(environment) / 3.0
        self._told_s = -self._every_s
        self._ready = False

    def turned(self, status: str) -> None:
        """From the cycle: ready at the first time, then alive, as often as is asked for."""
        now_s = monotonic()
        if not self._address or now_s - self._told_s < self._every_s:
            return
        self._told_s = now_s
        self._tell(*([] if self._ready else ["READY=1"]), "WATCHDOG=1", f"STATUS={status}")
        self._ready = True

    def stopping(self, again: bool = False) -> None:
        """The site ends; `again` if this very process begins anew."""
        if self._address:
            self._tell(f"RELOADING=1\nMONOTONIC_USEC={int(monotonic() * 1e6)}" if again else "STOPPING=1")

    def _tell(self, *lines: str) -> None:
        # An address that begins with @ is a name of Linux's own, with a zero in front.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.setblocking(False)
            door.sendto("\n".join(lines).encode(), address)


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """The interval that was set for this process; a minute where none is."""
    with suppress(ValueError):
        meant = int(environment.get("WATCHDOG_PID", "0")) in (0, os.getpid())
        every_us = int(environment.get("WATCHDOG_USEC", "0"))
        if meant and every_us > 0:
            return every_us / 1e6
    return 60.0
