"""A TOML file that a person wrote: its values, the line of each, and problems told in its own terms."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leyden.model.problem import Problem, SiteFileError
from leyden.model.toml_lines import Path, TomlLines, locate
from leyden.model.words import Words

_AT = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
_UNQUOTED = re.compile(r"""\s*(?P<key>[\w.-]+)\s*=\s*(?P<value>[^\s"'\[{#][^"#]*?)\s*(#.*)?""")
_LONGEST = 60
"""How much of a wrong value is worth repeating."""


@dataclass(frozen=True, slots=True)
class TomlFile:
    """Values of a file, with where they stand."""

    name: str
    """As it is told to people: `site.toml`."""
    data: Mapping[str, Any]
    lines: TomlLines

    @classmethod
    def parse(cls, text: str | bytes, name: str) -> "TomlFile":
        """Read a text; raises SiteFileError with the line of what is not TOML."""
        try:
            plain = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            mend = Words("应以 UTF-8 编码保存", "save it in UTF-8")
            raise SiteFileError([Problem(name, line, "", _NOT_UTF8, mend)]) from None
        plain = plain.replace("\r\n", "\n")
        try:
            return cls(name, tomllib.loads(plain), locate(plain))
        except tomllib.TOMLDecodeError as error:
            raise SiteFileError([_syntax_problem(plain, name, str(error))]) from None
        except RecursionError:
            mend = Words("嵌套过深,请简化", "write it flatter")
            raise SiteFileError([Problem(name, 0, "", Words("嵌套过深", "too many levels"), mend)]) from None

    def get(self, path: Path) -> Any:
        """The value at a place; KeyError where there is none."""
        value: Any = self.data
        for part in path:
            if isinstance(part, str) and not isinstance(value, Mapping):
                raise KeyError(part)
            value = value[part]
        return value

    def has(self, path: Path) -> bool:
        """Whether anything is written at a place."""
        try:
            self.get(path)
        except (KeyError, IndexError, TypeError):
            return False
        return True

    def table(self, path: Path) -> Mapping[str, Any]:
        """The table at a place; empty where there is none, or where something else stands."""
        value = self.get(path) if self.has(path) else {}
        return value if isinstance(value, Mapping) else {}

    def problem(self, path: Path, mend: Words, found: Words | None = None, warning: bool = False) -> Problem:
        """A problem with what stands at a place; `found` is told from the file unless given."""
        what = found or (shown(self.get(path)) if self.has(path) else Words("无", "nothing"))
        return Problem(self.name, self.lines.line(path), self.lines.key(path), what, mend, warning)


_NOT_UTF8 = Words("无法解码的字节", "bytes that are no text")


def shown(value: object) -> Words:
    """A value as it stands in the file, cut if it is long."""
    if isinstance(value, Mapping):
        return Words("一个表", "a table")
    if isinstance(value, list):
        return Words("一个列表", "a list")
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = '"' + value.replace("\n", "\\n") + '"'
    else:
        text = str(value)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return Words(text, text)


def _syntax_problem(text: str, name: str, message: str) -> Problem:
    """Where the text stops being TOML. Text without quotes is the commonest slip, so its mend is written out."""
    at = _AT.search(message)
    every = text.split("\n")
    number = int(at["line"]) if at and at["line"] else len(text.rstrip().split("\n"))
    line = every[min(number, len(every)) - 1]
    slip = _UNQUOTED.fullmatch(line)
    if slip and not _is_toml(line):
        quoted = f'{slip["key"]} = "{slip["value"]}"'
        mend = Words(f"文本与带单位的量应加引号:{quoted}", f"put text and quantities in quotes: {quoted}")
    else:
        plain = _AT.sub("", message)
        mend = Words(f"不是有效的 TOML:{plain}", f"not valid TOML: {plain[:1].lower()}{plain[1:]}")
    return Problem(name, number, "", shown(line.strip()) if line.strip() else Words("文件结尾", "the end"), mend)


def _is_toml(line: str) -> bool:
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True
