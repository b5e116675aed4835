"""The [[control]] tables: controllers by the name of their kind, in the order of the file."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from leyden.control.catalogue import controller_types
from leyden.model import Controller
from leyden.model.read_table import A_LIST, TableReader
from leyden.model.words import Words


def read_controls(reader: TableReader, taken: Collection[str]) -> tuple[Controller[Any], ...]:
    """Controllers as they stand in the file; `taken` are the names of those that are always there."""
    types = controller_types()
    entries = reader.file.data.get("control", [])
    if not isinstance(entries, list):
        reader.tell(("control",), A_LIST)
        return ()
    found = [made for index in range(len(entries)) if (made := _read(reader, types, index)) is not None]
    _check_names(reader, types, entries, taken)
    return tuple(found)


def uses(reader: TableReader) -> list[str]:
    """The kinds that the file uses, in order; "" where that cannot be read."""
    entries = reader.file.data.get("control", [])
    listed = entries if isinstance(entries, list) else []
    return [str(entry.get("use", "")) if isinstance(entry, Mapping) else "" for entry in listed]


def _read(reader: TableReader, types: Mapping[str, type[Any]], index: int) -> Controller[Any] | None:
    path = ("control", index)
    entry = reader.file.get(path)
    if not isinstance(entry, Mapping):
        reader.tell(path, Words("应为一个表", "expected a table"))
        return None
    use = entry.get("use")
    if isinstance(use, str) and use in types:
        made: Controller[Any] | None = reader.read(types[use], path, besides=("use",)).made
        return made
    close = get_close_matches(use, types, n=1) if isinstance(use, str) else []
    names = ", ".join(types)
    mend = (
        Words(f"是否应为 {close[0]}?", f"did you mean {close[0]}?")
        if close
        else Words(f"可用:{names}", f"there are: {names}")
    )
    reader.tell((*path, "use"), mend)
    return None


def _check_names(
    reader: TableReader, types: Mapping[str, type[Any]], entries: list[Any], taken: Collection[str]
) -> None:
    """Every controller has a name of its own; without one it is called as its kind."""
    seen = set(taken)
    for index, entry in enumerate(entries):
        use = entry.get("use") if isinstance(entry, Mapping) else None
        if not isinstance(use, str) or use not in types:
            continue
        name = entry.get("name", use)
        if not isinstance(name, str):
            continue
        if name in seen:
            mend = Words(
                f'已有控制器名为 {name},请添加 name = "…"',
                f'a controller is called {name} already: add a name = "..." of its own',
            )
            key = "name" if "name" in entry else "use"
            reader.tell(("control", index, key), mend)
        seen.add(name)
