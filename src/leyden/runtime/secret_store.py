"""Where secrets are found: the environment, or secrets.toml beside the site file. What was found is never written."""

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from leyden.model.errors import LeydenError
from leyden.model.secret import Secret
from leyden.model.words import Words

NAME = "secrets.toml"
HIDDEN = "***"
_LEAST = 4
"""Shorter ones are not looked for in texts: they would hide half the words."""


class SecretError(LeydenError):
    """A secret that cannot be had; `words` say where it should be, never what it is."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class SecretStore:
    """The secrets of one site."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """`folder` is the site file's."""
        self.path = folder / NAME
        self._environment = os.environ if environment is None else environment
        self._told: set[str] = set()

    def get(self, secret: Secret) -> str:
        """What it is. Raises SecretError where it is not there, or where others could read it too."""
        if secret.text:
            return secret.text
        found = self._environment.get(secret.env, "") if secret.env else self._kept(secret.secret)
        if not found:
            name = secret.env
            raise SecretError(
                Words(f"环境变量 {name} 未设置", f"the environment has no {name}: set it for the service")
            )
        self._told.add(found)
        return found

    def hide(self, text: str) -> str:
        """The text without any secret that was ever asked for."""
        for secret in sorted(self._told, key=len, reverse=True):
            if len(secret) >= _LEAST:
                text = text.replace(secret, HIDDEN)
        return text

    def _kept(self, name: str) -> str:
        path = self.path
        try:
            mode = path.stat().st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise SecretError(
                    Words(f"{path} 可被他人读取:chmod 600 {path}", f"others may read {path}: chmod 600 {path}")
                )
            content = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise SecretError(
                Words(f"无法读取 {path}:{error.strerror}", f"{path} cannot be read: {error.strerror}")
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            # Without the error's own text: it may hold a part of the file.
            raise SecretError(Words(f"{path} 不是有效的 TOML", f"{path} is not valid TOML")) from None
        found = content.get(name)
        if not isinstance(found, str) or not found:
            raise SecretError(Words(f'{path} 缺少 {name} = "…"', f'{path} has no {name} = "..."'))
        return found
