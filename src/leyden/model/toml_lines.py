"""Where each key of a TOML text stands: key path -> line. Python's own reader does not tell.

The text must be valid TOML (tomllib has read it before), so this scanner only looks for what ends a value; what the
values mean is not its business.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""A place in the document: ("control", 1, "soc") is the key soc of the second [[control]]."""

_BLANK = re.compile(r"[ \t\r\n]*(?:#[^\n]*[ \t\r\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # many lines; up to two of its own quotes may stand before the closing ones
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\r\n]+")
"""A number, a boolean, a time: all that is no string, list or table."""


@dataclass(frozen=True, slots=True)
class TomlLines:
    """Line of every key, every list entry and every table header of a text."""

    lines: dict[Path, int] = field(default_factory=dict)
    headers: set[Path] = field(default_factory=set)
    """Tables that have a [header] of their own."""
    lists: set[Path] = field(default_factory=set)
    """Tables that are written [[so]], once for every entry."""

    def line(self, path: Path) -> int:
        """Line of a key, or of the nearest table around it that stands in the text; 0 if there is none."""
        return next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), 0)

    def key(self, path: Path) -> str:
        """The key as a person looks for it: `[battery.b1] converter.power`, `[[control]] soc`."""
        cut = next((n for n in range(len(path), 0, -1) if path[:n] in self.headers), 0)
        header = ".".join(_quoted(part) for part in path[:cut] if isinstance(part, str))
        brackets = f"[[{header}]]" if path[:cut] in self.lists else f"[{header}]"
        return " ".join(part for part in (brackets if cut else "", _dotted(path[cut:])) if part)


def locate(text: str) -> TomlLines:
    """The lines of a valid TOML text."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


def _dotted(path: Path) -> str:
    """converter.power, hours[2]."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{_quoted(part)}" if text else _quoted(part)
    return text


def _quoted(part: str) -> str:
    return part if _BARE.fullmatch(part) else f'"{part}"'


class _Scanner:
    """Walks through the text once; `at` is the place reached."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counted = 0
        self.line = 1
        self.found = TomlLines()
        self.entries: dict[Path, int] = {}
        """Number of entries so far of each [[list]]."""

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        """[a.b] or [[a.b]]; inside a [[list]], names go on from its latest entry."""
        many = self.text.startswith("[[", self.at)
        line = self._line()
        self.at += 2 if many else 1
        path: Path = ()
        parts = list(self._dotted_key())
        for n, part in enumerate(parts):
            path += (part,)
            if path in self.entries and not (many and n == len(parts) - 1):
                path += (self.entries[path],)
            self.found.lines.setdefault(path, line)
        if many:
            self.entries[path] = self.entries.get(path, -1) + 1
            self.found.lists.add(path)
            path += (self.entries[path],)
            self.found.lists.add(path)
        self.found.lines[path] = line
        self.found.headers.add(path)
        self.at += 2 if many else 1
        return path

    def _pair(self, table: Path) -> None:
        """key = value."""
        line = self._line()
        path = table
        for part in self._dotted_key():
            path += (part,)
            self.found.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _dotted_key(self) -> Iterator[str]:
        """The parts of a key; stops at the sign behind it."""
        while True:
            self._skip(_SPACE)
            match = _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at)
            assert match is not None
            self.at = match.end()
            quoted = match[0][0] in "\"'"
            yield next(iter(tomllib.loads(f"{match[0]} = 0"))) if quoted else match[0]
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return
            self.at += 1

    def _value(self, path: Path) -> None:
        sign = self.text[self.at]
        if sign == "[":
            self._members(path, "]")
        elif sign == "{":
            self._members(path, "}")
        else:
            match = (_STRING if sign in "\"'" else _PLAIN).match(self.text, self.at)
            assert match is not None
            self.at = match.end()

    def _members(self, path: Path, end: str) -> None:
        """The entries of a list, or the pairs of an inline table."""
        self.at += 1
        entry = 0
        self._skip(_BLANK)
        while not self.text.startswith(end, self.at):
            if end == "]":
                self.found.lines[(*path, entry)] = self._line()
                self._value((*path, entry))
                entry += 1
            else:
                self._pair(path)
            self._skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
                self._skip(_BLANK)
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _line(self) -> int:
        """The line of the place reached, counted on from where it was asked last."""
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line
