"""One value of a file as one type, or the mend in both languages."""

from collections.abc import Mapping
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from leyden.model.errors import LeydenError
from leyden.model.quantity import Quantity, QuantityError, example_of
from leyden.model.table_fields import bare_hint, items_of, marks_of, values_of
from leyden.model.words import Words


class WrongValueError(LeydenError, ValueError):
    """The value is not what the option wants; `mend` says what to write."""

    def __init__(self, mend: Words) -> None:
        super().__init__(mend.en)
        self.mend = mend


def read_scalar(bare: Any, marks: tuple[Any, ...], written: object) -> Any:
    """A value without fields of its own; raises WrongValueError."""
    quantity = next((mark for mark in marks if isinstance(mark, Quantity)), None)
    if quantity is not None:
        return _quantity(bare, quantity, written)
    if get_origin(bare) is Literal:
        return _one_of(get_args(bare), written)
    if hasattr(bare, "from_text"):
        return _from_text(bare, written)
    reader = _READERS.get(bare)
    if reader is None:
        raise TypeError(f"no option can be of type {bare}")
    return reader(written)


def example(hint: Any) -> str:
    """What a value of this type may look like in a file."""
    bare, marks = bare_hint(hint), marks_of(hint)
    for mark in marks:
        if isinstance(mark, Quantity):
            return "1" if bare is int else example_of(mark.unit).split(" or ")[0]
    if get_origin(bare) is Literal:
        return f'"{get_args(bare)[0]}"'
    if items_of(bare) is not None:
        return "[...]"
    if values_of(bare) is not None or bare not in _EXAMPLES:
        return "{ ... }"
    return _EXAMPLES[bare]


def _quantity(bare: Any, quantity: Quantity, written: object) -> float | int:
    if bare is int and (isinstance(written, bool) or not isinstance(written, int)):
        raise WrongValueError(_WHOLE)
    try:
        value = quantity.read(written)
    except QuantityError as error:
        raise WrongValueError(error.mend) from None
    return int(value) if bare is int else value


_WHOLE = Words("应为整数", "expected a whole number")


def _one_of(allowed: tuple[Any, ...], written: object) -> Any:
    if isinstance(written, bool) == any(isinstance(one, bool) for one in allowed) and written in allowed:
        return written
    names = ", ".join(f'"{one}"' if isinstance(one, str) else str(one) for one in allowed)
    raise WrongValueError(Words(f"应为其中之一:{names}", f"expected one of {names}"))


def _from_text(bare: Any, written: object) -> Any:
    try:
        return bare.from_text(_text(written))
    except WrongValueError:
        raise
    except ValueError as error:
        raise WrongValueError(Words(str(error), str(error))) from None


def _text(written: object) -> str:
    if not isinstance(written, str) or not written.strip():
        raise WrongValueError(Words('应为带引号的文本,如 "…"', "expected text in quotes"))
    return written


def _flag(written: object) -> bool:
    if not isinstance(written, bool):
        raise WrongValueError(Words("应为 true 或 false", "expected true or false"))
    return written


def _whole(written: object) -> int:
    if isinstance(written, bool) or not isinstance(written, int):
        raise WrongValueError(_WHOLE)
    return written


def _number(written: object) -> float:
    if isinstance(written, bool) or not isinstance(written, int | float) or not isfinite(written):
        raise WrongValueError(Words("应为数字", "expected a number"))
    return float(written)


def _words(written: object) -> Words:
    """ "text" for both languages, or { en, zh }; one of them stands for the other where it is missing."""
    mend = Words('应为 "文本" 或 { en = "…", zh = "…" }', 'expected "text" or { en = "...", zh = "..." }')
    if isinstance(written, str) and written.strip():
        return Words(written, written)
    if not isinstance(written, Mapping) or not written or not set(written) <= {"en", "zh"}:
        raise WrongValueError(mend)
    if not all(isinstance(text, str) and text.strip() for text in written.values()):
        raise WrongValueError(mend)
    return Words(zh=written.get("zh", written.get("en", "")), en=written.get("en", written.get("zh", "")))


def _time(written: object) -> time:
    """ "07:00", "07:00:30", or TOML's own 07:00:00; "24:00" is midnight."""
    if isinstance(written, time):
        return written
    try:
        return time() if written == "24:00" else time.fromisoformat(str(written)).replace(tzinfo=None)
    except ValueError:
        raise WrongValueError(Words('应写作 "07:00"', 'expected "07:00"')) from None


def _date(written: object) -> date:
    if isinstance(written, date) and not isinstance(written, datetime):
        return written
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        raise WrongValueError(Words("应写作 2026-07-15", "expected 2026-07-15")) from None


def _datetime(written: object) -> datetime:
    """Naive where no zone is written: then it is the site's own wall clock."""
    if isinstance(written, datetime):
        return written
    try:
        return datetime.fromisoformat(str(written))
    except ValueError:
        raise WrongValueError(Words('应写作 "2026-07-15 06:00"', 'expected "2026-07-15 06:00"')) from None


_READERS: Mapping[Any, Any] = {
    str: _text,
    bool: _flag,
    int: _whole,
    float: _number,
    Path: lambda written: Path(_text(written)),
    Words: _words,
    time: _time,
    date: _date,
    datetime: _datetime,
}
_EXAMPLES: Mapping[Any, str] = {
    str: '"..."', bool: "true", int: "1", float: "1.0", Path: '"..."', Words: '"..."',
    time: '"07:00"', date: "2026-07-15", datetime: '"2026-07-15 06:00"',
}  # fmt: skip
