"""What the annotation of an option says: its bare type, its marks, its key in the file."""

from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from leyden.model.quantity import Quantity


def _without_none(hint: Any) -> Any:
    """`X` of `X | None`; options with several real alternatives are not foreseen."""
    if get_origin(hint) in (Union, UnionType):
        rest = [part for part in get_args(hint) if part is not NoneType]
        if len(rest) != 1:
            raise TypeError(f"an option has one type, or is absent: {hint}")
        return rest[0]
    return hint


def bare_hint(hint: Any) -> Any:
    """The type without its marks and without `None`."""
    hint = _without_none(hint)
    return bare_hint(get_args(hint)[0]) if get_origin(hint) is Annotated else hint


def marks_of(hint: Any) -> tuple[Any, ...]:
    """What stands behind the type in `Annotated[...]`: a Quantity, a Target, a DeviceRole."""
    hint = _without_none(hint)
    if get_origin(hint) is Annotated:
        inner, *marks = get_args(hint)
        return (*marks, *marks_of(inner))
    return ()


def quantity_of(hint: Any) -> Quantity | None:
    """The quantity that a field holds, in a list or a table of them too."""
    for mark in marks_of(hint):
        if isinstance(mark, Quantity):
            return mark
    bare = bare_hint(hint)
    inner = items_of(bare) or values_of(bare)
    return None if inner is None else quantity_of(inner)


def key_of(hint: Any, name: str) -> str:
    """The key in the file of a field: its name without the unit."""
    quantity = quantity_of(hint)
    return name if quantity is None else quantity.key(name)


def items_of(bare: Any) -> Any | None:
    """X of `tuple[X, ...]`, `list[X]` and `Sequence[X]`, else None."""
    if get_origin(bare) in (tuple, list, Sequence):
        return get_args(bare)[0]
    return None


def values_of(bare: Any) -> Any | None:
    """X of `Mapping[str, X]` and `dict[str, X]`, else None."""
    if get_origin(bare) in (dict, Mapping):
        return get_args(bare)[1]
    return None
