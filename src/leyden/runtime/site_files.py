"""The files that a site consists of, and the site file without what is nobody's business."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path, PurePosixPath
from typing import Any

from leyden.devices.map_file import SHIPPED as SHIPPED_MAPS
from leyden.physics.cell_file import SHIPPED as SHIPPED_CELLS
from leyden.plan.tariff_file import SHIPPED as SHIPPED_TARIFFS
from leyden.runtime.config import SiteConfig
from leyden.runtime.secret_store import NAME as SECRETS

FOLDERS: Mapping[str, Path] = {"maps": SHIPPED_MAPS, "cells": SHIPPED_CELLS, "tariffs": SHIPPED_TARIFFS}
"""Subfolders in which a site keeps files of its own, and where those that come with Leyden are."""
_ENDINGS = frozenset({".toml", ".csv"})
_PRIVATE_TABLES = frozenset({"notify", "web"})
"""Whom alarms are sent to, and with which keys it listens, is no matter for those who look into a decision."""
_PRIVATE_KEY = re.compile(r"pass(word|phrase)?$|secret|token|credential", re.IGNORECASE)
_WITH_USER = re.compile(r"://[^/\s]*@")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def own_files(config: SiteConfig) -> Iterator[tuple[str, Path]]:
    """Maps, cells, tariffs and plans that stand beside the site file, by their place seen from it; not secrets.toml."""
    folder = config.path.parent
    for kind in FOLDERS:
        for path in sorted((folder / kind).glob("*")):
            if path.suffix in _ENDINGS and path.is_file():
                yield f"{kind}/{path.name}", path
    for kind, name in _named(config):
        if (
            (path := folder / f"{name}.toml").is_file()
            and path != config.path
            and not (folder / kind / path.name).exists()
        ):
            yield path.name, path
    if plan_is_beside(config):
        yield config.plan.source, folder / config.plan.source


def private_files(config: SiteConfig) -> Iterator[tuple[str, Path]]:
    """secrets.toml and the keys of the control room, as far as they stand beside the site file."""
    tls = config.web.tls
    names = [SECRETS, *([] if tls is None else [str(tls.cert), str(tls.key)])]
    for name in names:
        place = PurePosixPath(name)
        if not place.is_absolute() and ".." not in place.parts and (config.path.parent / name).is_file():
            yield name, config.path.parent / name


def plan_is_beside(config: SiteConfig) -> bool:
    """Whether the plan is a table in the folder of the site file."""
    place = PurePosixPath(config.plan.source)
    return config.plan.source not in ("none", "time-of-use") and not place.is_absolute() and ".." not in place.parts


def shipped_files(config: SiteConfig) -> Iterator[tuple[str, Path]]:
    """What the site uses of that which comes with Leyden, which another version may have changed."""
    own = {place for place, _ in own_files(config)}
    for kind, name in _named(config):
        path = FOLDERS[kind] / f"{name}.toml"
        if path.is_file() and not own & {f"{kind}/{path.name}", path.name}:
            yield f"{kind}/{path.name}", path


def _named(config: SiteConfig) -> list[tuple[str, str]]:
    tariffs = [] if config.tariff is None else [("tariffs", config.tariff.id)]
    maps = [("maps", name) for name in sorted({device.map for device in config.site.devices})]
    return [*maps, *(("cells", name) for name in config.cells), *tariffs]


def public(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a site file says, without tables and values that may hold secrets."""
    return {key: _public(key, value) for key, value in data.items() if key not in _PRIVATE_TABLES}


def _public(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _public(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_public(key, item) for item in value]
    if isinstance(value, str) and (_PRIVATE_KEY.search(key) or _WITH_USER.search(value)):
        return "***"
    return value


def toml_text(data: Mapping[str, Any]) -> str:
    """Data as TOML again: simple values first, then tables. Comments are not data, and may hold anything."""
    return "\n".join(_table((), data)).lstrip("\n") + "\n"


def _table(path: tuple[str, ...], data: Mapping[str, Any]) -> Iterator[str]:
    tables = {key: value for key, value in data.items() if isinstance(value, Mapping)}
    lists = {key: value for key, value in data.items() if _is_tables(value)}
    plain = {key: value for key, value in data.items() if key not in tables and key not in lists}
    if path and (plain or not (tables or lists)):
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in tables.items():
        yield from _table((*path, key), value)
    for key, value in lists.items():
        for item in value:
            yield f"\n[[{'.'.join(map(_key, (*path, key)))}]]"
            for name, entry in item.items():
                yield f"{_key(name)} = {_value(entry)}"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _quoted(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def _quoted(text: str) -> str:
    written = (
        _ESCAPES.get(sign) or (sign if ord(sign) >= 32 and ord(sign) != 127 else f"\\u{ord(sign):04x}") for sign in text
    )
    return '"' + "".join(written) + '"'
