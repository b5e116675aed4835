"""A secret in a site file: where it is found, never what it is."""

import re
from dataclasses import dataclass

_GIVES_AWAY = re.compile(r"[?@#]|[0-9A-Za-z_-]{20,}")
"""An address that has a query, a user in it, or a long word of letters and digits, opens something."""


@dataclass(frozen=True, slots=True)
class Secret:
    """`{ env = "NAME" }`, `{ secret = "name" }` of secrets.toml, or plain text that is none.

    Raises ValueError, with the mend, for text that looks like a secret.
    """

    env: str = ""
    """A variable of the environment."""
    secret: str = ""
    """A key of secrets.toml beside the site file, whose mode is 0600."""
    text: str = ""
    """Itself, where everybody may know it: `http://10.0.0.5:9000/alarms`."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.env, self.secret, self.text))) != 1:
            raise ValueError('expected one of { env = "NAME" } and { secret = "name" } (应为其中之一)')
        if _GIVES_AWAY.search(self.text):
            raise ValueError(
                "this looks like a secret: put it into secrets.toml (mode 0600) and write"
                ' { secret = "name" } (疑似密钥:请写入权限为 0600 的 secrets.toml)'
            )

    @classmethod
    def from_text(cls, text: str) -> "Secret":
        """Plain text."""
        return cls(text=text)

    def __str__(self) -> str:
        return f"environment {self.env}" if self.env else f"secrets.toml {self.secret}" if self.secret else self.text
