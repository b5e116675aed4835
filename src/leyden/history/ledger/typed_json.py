"""Frozen dataclasses and Structs as JSON and back, by their type hints: for what must outlive a restart.

Never pickle: a file must not be able to run code, and a state must outlive a change of the program. Understands
both, numbers (nan and infinities too), text, bool, None, enums, datetimes, tuples, lists, sets and mappings with text
keys. What no longer fits its type is refused with the place, so that its owner can start anew.
"""

import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct

from leyden.history.errors import HistoryError

T = TypeVar("T")


class MisfitError(HistoryError, ValueError):
    """A value and its type do not fit; says where in the value."""


def dump(value: object) -> str:
    """JSON text of a value; raises MisfitError for what has no place in JSON."""
    return json.dumps(_plain(value, "value"), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def load(text: str, kind: type[T]) -> T:
    """The value of this type that `dump` wrote; raises MisfitError if the text does not hold one."""
    try:
        return cast(T, _typed(json.loads(text), kind, kind.__name__))
    except json.JSONDecodeError as error:
        raise MisfitError(f"{kind.__name__}: not JSON ({error})") from None


def _plain(value: Any, place: str) -> object:
    if isinstance(value, Enum):
        return _plain(value.value, place)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, type) and (is_dataclass(value) or isinstance(value, Struct)):
        return {name: _plain(getattr(value, name), f"{place}.{name}") for name in _names(type(value))}
    if isinstance(value, Mapping):
        return {_key(key, place): _plain(item, f"{place}[{key!r}]") for key, item in value.items()}
    if isinstance(value, Set):
        return sorted((_plain(item, place) for item in value), key=repr)
    if isinstance(value, Sequence):
        return [_plain(item, f"{place}[{at}]") for at, item in enumerate(value)]
    raise MisfitError(f"{place}: {type(value).__name__} cannot be kept as JSON; use a frozen dataclass of plain values")


def _key(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise MisfitError(f"{place}: the keys of a mapping must be text (got {key!r})")
    return key


def _typed(value: Any, hint: Any, place: str) -> object:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _typed(value, arguments[0], place)
    if origin in (Union, UnionType):
        return _any_of(value, arguments, place)
    if origin is Literal:
        return _checked(value, value in arguments, hint, place)
    if origin is not None:
        return _collection(value, origin, arguments, place)
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, Struct)):
        return _fielded(value, hint, place)
    return _scalar(value, hint, place)


def _scalar(value: Any, hint: Any, place: str) -> object:
    if hint is Any or hint is object:
        return value
    if hint in (None, NoneType):
        return _checked(value, value is None, hint, place)
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(_checked(value, number or value in ("nan", "inf", "-inf"), hint, place))
    if isinstance(hint, type) and issubclass(hint, datetime | Enum):
        make: Callable[[Any], object] = datetime.fromisoformat if hint is datetime else hint
        try:
            return make(value)
        except (TypeError, ValueError):
            return _checked(value, False, hint, place)
    return _checked(value, isinstance(hint, type) and type(value) is hint, hint, place)


def _collection(value: Any, origin: Any, arguments: tuple[Any, ...], place: str) -> object:
    if isinstance(origin, type) and issubclass(origin, Mapping):
        _checked(value, isinstance(value, dict), origin, place)
        return {key: _typed(item, arguments[1], f"{place}[{key!r}]") for key, item in value.items()}
    _checked(value, isinstance(value, list), origin, place)
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        _checked(value, len(value) == len(arguments), origin, place)
        hints = arguments
    else:
        hints = (arguments[0],) * len(value)
    items = [_typed(item, hint, f"{place}[{at}]") for at, (item, hint) in enumerate(zip(value, hints, strict=True))]
    if issubclass(origin, Set):
        return frozenset(items)
    return items if origin is list else tuple(items)


def _names(kind: type[Any]) -> tuple[str, ...]:
    """The fields that make a dataclass or a Struct."""
    if issubclass(kind, Struct):
        return kind.__struct_fields__
    return tuple(field.name for field in fields(kind) if field.init)


def _fielded(value: Any, kind: type[Any], place: str) -> object:
    hints = _hints(cast(Hashable, kind))
    known = set(_names(kind))
    _checked(value, isinstance(value, dict), kind, place)
    if set(value) - known:
        raise MisfitError(f"{place}: has no field {min(set(value) - known)!r}; it was kept by another version")
    try:
        return kind(**{name: _typed(item, hints[name], f"{place}.{name}") for name, item in value.items()})
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, MisfitError) else MisfitError(f"{place}: {error}") from None


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _any_of(value: Any, hints: tuple[Any, ...], place: str) -> object:
    for hint in hints:
        try:
            return _typed(value, hint, place)
        except MisfitError:
            continue
    return _checked(value, False, " | ".join(getattr(hint, "__name__", str(hint)) for hint in hints), place)


def _checked(value: Any, fits: bool, hint: object, place: str) -> Any:
    if not fits:
        raise MisfitError(f"{place}: expected {getattr(hint, '__name__', hint)}, found {value!r}")
    return value
