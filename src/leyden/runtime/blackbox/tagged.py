"""Values as JSON that remember what they were, for what has no type hint to be read back by: reasons, states, plans.

Never pickle: a bundle comes from somebody else, and a file must not be able to run code. Only frozen values are made,
and only of classes that are loaded already and belong to Leyden or to an installed controller. A float comes back bit
by bit; a constant that the code compares by identity comes back as that constant.
"""

import math
import sys
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import msgspec
import numpy as np
import orjson

from leyden.control.catalogue import controller_types
from leyden.model.errors import LeydenError

T = TypeVar("T")
MARK = "~"
"""The key that no mapping of ours has."""


class TaggedError(LeydenError, ValueError):
    """A value that cannot be kept, or a text that holds none."""


def dump(value: object) -> bytes:
    """JSON of a value. Raises TaggedError for what is no plain value, tuple, mapping or frozen dataclass of such."""
    return orjson.dumps(plain(value))


def load(text: bytes | str) -> Any:
    """The value that `dump` wrote. Raises TaggedError."""
    try:
        return Maker().value(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise TaggedError(f"not JSON: {error}") from None


def plain(value: Any) -> Any:
    """The value as JSON has it; what JSON has no word for carries a tag."""
    if isinstance(value, Enum):
        return {MARK: "e", "c": _path(type(value)), "v": plain(value.value)}
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return number if math.isfinite(number) else {MARK: "f", "v": str(number)}
    if isinstance(value, datetime):
        return {MARK: "T", "v": value.isoformat()}
    if (names := field_names(type(value))) is not None:
        return {MARK: "o", "c": _path(type(value)), "v": {name: plain(getattr(value, name)) for name in names}}
    return _gathered(value)


def _gathered(value: Any) -> Any:
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, list):
        return {MARK: "l", "v": [plain(item) for item in value]}
    if isinstance(value, frozenset | set):
        return {MARK: "s", "v": sorted((plain(item) for item in value), key=repr)}
    if isinstance(value, Mapping):
        return {MARK: "m", "v": [[plain(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, np.ndarray):
        content = b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {MARK: "a", "d": value.dtype.str, "s": list(value.shape), "v": content}
    raise TaggedError(f"{type(value).__name__} cannot be kept: use a frozen dataclass of plain values")


_NAMES: dict[type[Any], list[str] | None] = {}
"""What `field_names` found before."""


def field_names(cls: type[Any]) -> list[str] | None:
    """The fields that make a value of a class, in order; None where it is no dataclass, structure or named tuple."""
    if cls not in _NAMES:
        _NAMES[cls] = _field_names(cls)
    return _NAMES[cls]


def _field_names(cls: type[Any]) -> list[str] | None:
    if is_dataclass(cls):
        return [item.name for item in fields(cls) if item.init]
    if issubclass(cls, msgspec.Struct):
        return list(cls.__struct_fields__)
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return list(cls._fields)
    return None


def with_fields(value: T, **changes: Any) -> T:
    """The same frozen value with some fields changed, whichever kind of class it is."""
    cls = type(value)
    return cls(**{name: getattr(value, name) for name in field_names(cls) or ()} | changes)


def _path(cls: type[Any]) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


class Maker:
    """Makes values of tagged JSON."""

    def __init__(self) -> None:
        self._roots = {"leyden", *(cls.__module__.partition(".")[0] for cls in controller_types().values())}
        self._constants = _constants(self._roots)

    def value(self, found: Any) -> Any:
        """One value. Raises TaggedError."""
        if isinstance(found, list):
            return tuple(self.value(item) for item in found)
        if not isinstance(found, dict):
            return found
        try:
            return self._tagged(str(found[MARK]), found)
        except TaggedError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise TaggedError(f"no value in {str(found)[:80]}: {error}") from None

    def _tagged(self, tag: str, found: dict[str, Any]) -> Any:
        content = found["v"]
        match tag:
            case "o":
                return self._object(found)
            case "e":
                return self._class(found["c"])(self.value(content))
            case "f":
                return float(content)
            case "T":
                return datetime.fromisoformat(content)
            case "m":
                return {self.value(key): self.value(item) for key, item in content}
            case "l":
                return [self.value(item) for item in content]
            case "s":
                return frozenset(self.value(item) for item in content)
            case "a":
                array = np.frombuffer(b64decode(content), np.dtype(found["d"])).reshape(found["s"])
                return array.copy()
        raise TaggedError(f"no such tag: {tag!r}")

    def _object(self, found: dict[str, Any]) -> Any:
        constant = self._constants.get(orjson.dumps(found))
        if constant is not None:
            return constant
        cls = self._class(found["c"])
        return cls(**{name: self.value(item) for name, item in found["v"].items()})

    def _class(self, path: str) -> type[Any]:
        module, _, name = path.partition(":")
        if module.partition(".")[0] not in self._roots:
            raise TaggedError(f"{path} belongs to nobody here")
        cls: Any = sys.modules.get(module)
        for part in name.split("."):
            cls = getattr(cls, part, None)
        if not isinstance(cls, type) or not (issubclass(cls, Enum) or field_names(cls) is not None):
            raise TaggedError(f"this version of Leyden has no {path}")
        return cls


def _constants(roots: Collection[str]) -> dict[bytes, Any]:
    """The frozen values that stand in modules, by their JSON: code may ask whether something is this very one."""
    found: dict[bytes, Any] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in roots:
            for value in list(vars(module).values()):
                if not isinstance(value, type) and not isinstance(value, Enum) and field_names(type(value)) is not None:
                    with_json = _quietly(value)
                    if with_json is not None:
                        found.setdefault(with_json, value)
    return found


def _quietly(value: object) -> bytes | None:
    try:
        return dump(value)
    except (TaggedError, TypeError, AttributeError):
        return None
