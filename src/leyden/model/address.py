"""Where a device answers."""

import re
from dataclasses import dataclass

from leyden.model.read_value import WrongValueError
from leyden.model.words import Words

_WRITTEN = re.compile(
    r"tcp://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?:/(?P<unit>[0-9]{1,3}))?"
)
_MEND = Words('应写作 "tcp://主机:端口/单元",如 "tcp://192.168.1.20:502/1"', 'expected "tcp://192.168.1.20:502/1"')
_SAME = {"localhost": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Address:
    """`tcp://HOST:PORT/UNIT`: Modbus TCP; the port is 502 and the unit 1 unless said."""

    host: str
    port: int = 502
    unit: int = 1

    @classmethod
    def from_text(cls, text: str) -> "Address":
        """Read an address; raises WrongValueError with the mend."""
        match = _WRITTEN.fullmatch(text.strip())
        port, unit = int(match["port"] or 502) if match else 0, int(match["unit"] or 1) if match else 0
        if match is None or not 0 < port < 65536 or unit > 255:
            raise WrongValueError(_MEND)
        return cls(match["host"], port, unit)

    @property
    def place(self) -> tuple[str, int, int]:
        """What two spellings of one address have in common."""
        host = self.host.lower()
        return (_SAME.get(host, host), self.port, self.unit)

    def __str__(self) -> str:
        return f"tcp://{self.host}:{self.port}/{self.unit}"
