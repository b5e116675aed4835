"""From a table of a file to a frozen dataclass, driven by nothing but the annotations of its fields.

Every problem is told, not only the first: unknown keys (with the likeliest meant), missing keys, wrong units, types and
ranges, names of things that are not there. What could not be read is left out, so a dataclass is made whole or not at
all. Fields may be `Annotated[float, Quantity(...)]`, `Annotated[str, Target(...)]` or `DeviceRole(...)`, Literal, str,
bool, int, float, Path, Words ("text" or { en, zh }), time, date, datetime, another dataclass, `tuple[X, ...]`,
`Mapping[str, X]`, any of these `| None`, and classes with a `from_text` of their own that raises ValueError.
"""

from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar, get_type_hints

from leyden.model.errors import LeydenError
from leyden.model.problem import Problem, SiteFileError
from leyden.model.read_value import WrongValueError, example, read_scalar
from leyden.model.secret import Secret
from leyden.model.table_fields import bare_hint, items_of, key_of, marks_of, values_of
from leyden.model.target import DeviceRole, Target, TargetKind
from leyden.model.toml_file import TomlFile
from leyden.model.toml_lines import Path
from leyden.model.words import Words

T = TypeVar("T")

A_TABLE = Words("应为一个表", "expected a table")
A_LIST = Words("应为一个列表", "expected a list")


@dataclass(frozen=True, slots=True)
class Names:
    """What is on the site, so that options can be held against it."""

    devices: Collection[str] = ()
    things: Mapping[TargetKind, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What became of a table."""

    made: T | None
    """The dataclass, where everything was right."""
    values: Mapping[str, Any]
    """The fields that could be read, defaults included, so that later checks see what there is."""


LOOKUP_ERRORS = (LeydenError, LookupError, ValueError, OSError)
"""What a lookup by name raises where the name is not there, or where its file cannot be used."""


def said(error: Exception) -> Words:
    """What an error says of itself, in both languages where it can."""
    words = getattr(error, "words", None)
    if isinstance(words, Words):
        return words
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return Words(text, text)


_BAD = object()
"""Stands for a value whose problem has been told."""


class TableReader:
    """Reads tables of one file and gathers what is wrong with them."""

    def __init__(self, file: TomlFile, names: Names | None = None) -> None:
        self.file = file
        self.names = names or Names()
        self.problems: list[Problem] = []

    def tell(self, path: Path, mend: Words, found: Words | None = None, warning: bool = False) -> None:
        """Add a problem with what stands at a place."""
        self.problems.append(self.file.problem(path, mend, found, warning))

    def tell_error(self, path: Path, error: Exception) -> None:
        """Tell what a lookup raised: the problems of the file it found, once, or what the error says of itself."""
        if isinstance(error, SiteFileError):
            self.problems += [problem for problem in error.problems if problem not in self.problems]
        else:
            self.tell(path, said(error))

    def read(self, cls: type[T], path: Path, besides: Collection[str] = ()) -> Read[T]:
        """The table at a place as a `cls`; keys named in `besides` belong to somebody else."""
        before = len(self.problems)
        table = self.file.get(path) if self.file.has(path) else {}
        if not isinstance(table, Mapping):
            self.tell(path, A_TABLE)
            return Read(None, {})
        hints = get_type_hints(cls, include_extras=True)
        known = {key_of(hints[item.name], item.name): item for item in fields(cls) if item.init}  # type: ignore[arg-type]
        for key in table:
            if key not in known and key not in besides:
                self.unknown((*path, key), [*known, *besides])
        values = {}
        for key, item in known.items():
            value = self._field(item, hints[item.name], (*path, key))
            if value is not _BAD:
                values[item.name] = value
        return Read(self._make(cls, values, path) if len(self.problems) == before else None, values)

    def unknown(self, path: Path, known: Collection[str]) -> None:
        """Tell a key that means nothing, with the likeliest meant."""
        self.tell(path, self._meant(str(path[-1]), known), Words("未知的键", "an unknown key"))

    def _meant(self, written: str, known: Collection[str]) -> Words:
        close = get_close_matches(written, known, n=1)
        if close:
            return Words(f"是否应为 {close[0]}?", f"did you mean {close[0]}?")
        names = ", ".join(known) or "-"
        return Words(f"可用:{names}", f"known here: {names}")

    def _make(self, cls: type[T], values: Mapping[str, Any], path: Path) -> T | None:
        try:
            return cls(**values)
        except ValueError as error:  # the class's own contradiction
            self.tell(path, Words(str(error), str(error)), Words("矛盾的取值", "values that contradict"))
            return None

    def _field(self, item: "Field[Any]", hint: Any, path: Path) -> Any:
        if self.file.has(path):
            return self._value(hint, path)
        if item.default is not MISSING:
            return item.default
        if item.default_factory is not MISSING:
            return item.default_factory()
        key, wanted = path[-1], example(hint)
        self.tell(path, Words(f"应添加 {key} = {wanted}", f"add {key} = {wanted}"))
        return _BAD

    def _value(self, hint: Any, path: Path) -> Any:
        """The value at a place, of the type that the hint asks for."""
        bare, marks = bare_hint(hint), marks_of(hint)
        for mark in marks:
            if isinstance(mark, Target | DeviceRole):
                return self._named(mark, path)
        if (item := items_of(bare)) is not None:
            return self._list(item, path)
        if (entry := values_of(bare)) is not None:
            return self._mapping(entry, path)
        texts = hasattr(bare, "from_text") and not (bare is Secret and isinstance(self.file.get(path), Mapping))
        if is_dataclass(bare) and isinstance(bare, type) and bare is not Words and not texts:
            made = self.read(bare, path).made
            return _BAD if made is None else made
        try:
            return read_scalar(bare, marks, self.file.get(path))
        except WrongValueError as wrong:
            self.tell(path, wrong.mend)
            return _BAD

    def _named(self, mark: Target | DeviceRole, path: Path) -> Any:
        """The name of a thing or a device that is there."""
        if isinstance(mark, DeviceRole):
            there: list[str] = list(self.names.devices)
            what = Words("设备", "device")
        else:
            there = [name for kind in mark.kinds for name in self.names.things.get(kind, ())]
            what = Words("对象", "thing")
        written = self.file.get(path)
        if isinstance(written, str) and written in there:
            return written
        close = get_close_matches(written, there, n=1) if isinstance(written, str) else []
        names = close[0] if close else ", ".join(there) or "-"
        zh = f"是否应为 {names}?" if close else f"此{what.zh}不存在,可用:{names}"
        en = f"did you mean {names}?" if close else f"there is no such {what.en}; there are: {names}"
        self.tell(path, Words(zh, en))
        return _BAD

    def _list(self, hint: Any, path: Path) -> Any:
        written = self.file.get(path)
        if not isinstance(written, list):
            self.tell(path, A_LIST)
            return _BAD
        found = [self._value(hint, (*path, index)) for index in range(len(written))]
        return _BAD if _BAD in found else tuple(found)

    def _mapping(self, hint: Any, path: Path) -> Any:
        written = self.file.get(path)
        if not isinstance(written, Mapping):
            self.tell(path, A_TABLE)
            return _BAD
        found = {key: self._value(hint, (*path, key)) for key in written}
        return _BAD if any(value is _BAD for value in found.values()) else found
