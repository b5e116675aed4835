"""Lines of keys, problems in a file's own terms, and tables that become dataclasses or are told."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.model.problem import SiteFileError
from leyden.model.quantity import Quantity
from leyden.model.read_table import Names, TableReader
from leyden.model.target import DeviceRole, Target
from leyden.model.toml_file import TomlFile
from leyden.model.toml_lines import locate
from leyden.model.words import Words

TEXT = '''\
top = 1
a.b."c.d" = 2      # dotted, and quoted with a dot inside
[grid]
import_limit = "4 MW"
'single quoted' = true
text = """
[not.a.header]
key = 1 ""\\" """
list = [
  1,
  [2, 3],   # , ]
  { x = 1, y = { z = "}" } },
]
[battery."b 1".converter]
power = 1
[[control]]
use = "one"
[[control]]
use = "two"
[control.deep]
k = 2026-07-15 06:00:00
[[control.more]]
m = \'\'\'
x = 1\'\'\'
[[control.more]]
m = {}
'''


def test_the_line_of_everything():
    lines = locate(TEXT).lines
    expected = {
        ("top",): 1,
        ("a", "b", "c.d"): 2,
        ("grid",): 3,
        ("grid", "import_limit"): 4,
        ("grid", "single quoted"): 5,
        ("grid", "text"): 6,
        ("grid", "list"): 9,
        ("grid", "list", 0): 10,
        ("grid", "list", 1, 1): 11,
        ("grid", "list", 2, "y", "z"): 12,
        ("battery", "b 1", "converter"): 14,
        ("battery", "b 1", "converter", "power"): 15,
        ("control",): 16,
        ("control", 0, "use"): 17,
        ("control", 1): 18,
        ("control", 1, "use"): 19,
        ("control", 1, "deep", "k"): 21,
        ("control", 1, "more", 0, "m"): 23,
        ("control", 1, "more", 1): 25,
        ("control", 1, "more", 1, "m"): 26,
    }
    assert {path: lines[path] for path in expected} == expected


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (("grid", "import_limit"), "[grid] import_limit"),
        (("grid", "list", 2, "y", "z"), "[grid] list[3].y.z"),
        (("battery", "b 1", "converter", "power"), '[battery."b 1".converter] power'),
        (("control", 1, "use"), "[[control]] use"),
        (("control", 1, "deep", "k"), "[control.deep] k"),
        (("a", "b", "c.d"), 'a.b."c.d"'),
    ],
)
def test_keys_are_named_as_they_are_looked_for(path, key):
    assert locate(TEXT).key(path) == key


KEYS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=6) | st.sampled_from(["a", "b", "c-d", "e.f"])
SCALARS = st.integers(-9, 9) | st.booleans() | st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=9)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[ # ]\n" + ",\n".join(map(inline, value)) + "\n]"
    return quoted(value) if isinstance(value, str) else str(value).lower()


def places(value: object, path: tuple[str | int, ...] = ()):
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


@given(
    st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=3), st.sampled_from(["[{}]", "[[{}]]"])
)
def test_every_place_of_any_document_has_its_line(document, header):
    text, expected = "", {}
    for name, table in document.items():
        text += header.format(quoted(name)) + "\n"
        for key, value in table.items():
            expected[name, key] = text.count("\n") + 1
            text += f"{quoted(key)} = {inline(value)}\n"
    lines, data = locate(text).lines, tomllib.loads(text)
    assert set(places(data)) <= set(lines)
    for (name, key), line in expected.items():
        assert lines[(name, key) if header == "[{}]" else (name, 0, key)] == line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[grid]\nimport_limit = 4 MW\n",
            't.toml:2: found "import_limit = 4 MW": put text and quantities in quotes: import_limit = "4 MW"',
        ),
        ("[grid\n", "t.toml:1: found \"[grid\": not valid TOML: expected ']' at the end of a table declaration"),
        ("[a]\nx = 1\n[a]\n", "t.toml:3: found \"[a]\": not valid TOML: cannot declare ('a',) twice"),
        ("x = 1\nx = 2\n", 't.toml:2: found "x = 2": not valid TOML: cannot overwrite a value'),
        ('x = """never closed\n', 't.toml:1: found "x = \\"\\"\\"never closed": not valid TOML: unterminated string'),
        ("x =", 't.toml:1: found "x =": not valid TOML: invalid value'),
        ("x = " + "[" * 4000, "t.toml: found too many levels: write it flatter"),
        (b"a = 1\nb = '\xff'\n", "t.toml:2: found bytes that are no text: save it in UTF-8"),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(text, message):
    with pytest.raises(SiteFileError) as caught:
        TomlFile.parse(text, "t.toml")
    assert str(caught.value).replace('\\"', '"') == message.replace('\\"', '"')


@dataclass(frozen=True)
class Inner:
    x: int
    y: float = 0.5


@dataclass(frozen=True)
class Options:
    limit_w: Annotated[float, Quantity("W", low=0.0)]
    meter: Annotated[str, DeviceRole("grid")]
    kind: Literal["open", "token"] = "token"
    target: Annotated[str, Target(("battery", "batteries"))] = "batteries"
    count: Annotated[int, Quantity("", 1, 9)] = 1
    soc: Annotated[float, Quantity("", 0.0, 1.0)] | None = None
    label: Words | None = None
    start: time = time(7)
    first: datetime | None = None
    days: tuple[date, ...] = ()
    steps_w: tuple[Annotated[float, Quantity("W")], ...] = ()
    folder: Path | None = None
    flag: bool = False
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    by_name: Mapping[str, Inner] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.limit_w == 13.0:
            raise ValueError("thirteen is no limit")


def read(text: str, besides: tuple[str, ...] = ()):
    reader = TableReader(
        TomlFile.parse(text, "t.toml"), Names(["gate", "bms1"], {"battery": ["b1"], "batteries": ["batteries"]})
    )
    return reader.read(Options, (), besides), [str(problem) for problem in reader.problems]


def test_every_kind_of_field():
    text = """
        limit = "4 MW"
        meter = "gate"
        kind = "open"
        target = "b1"
        count = 3
        soc = "10 %"
        label = { en = "one" }
        start = "24:00"
        first = "2026-07-15 06:00"
        days = [2026-07-15, "2026-07-16"]
        steps = ["1 kW", "2 kW"]
        folder = "here"
        flag = true
        inner.x = 1
        many = [{ x = 1 }, { x = 2, y = 3 }]
        by_name.n = { x = 4 }
    """
    result, problems = read(text)
    assert problems == []
    assert result.made == Options(
        4e6, "gate", "open", "b1", 3, 0.1, Words("one", "one"), time(0), datetime.fromisoformat("2026-07-15 06:00"),
        (date(2026, 7, 15), date(2026, 7, 16)), (1e3, 2e3), Path("here"), True, Inner(1), (Inner(1), Inner(2, 3.0)),
        {"n": Inner(4)},
    )  # fmt: skip


def test_everything_wrong_is_told_at_once_and_nothing_is_made():
    text = """\
limt = "4 MW"
meter = "gat"
kind = "opn"
target = "b9"
count = 10
soc = 4
label = { fr = "un" }
start = "7 o'clock"
first = "soon"
days = ["today"]
steps = ["1 kW", "2 kWh"]
folder = 1
flag = "yes"
inner = { y = "a" }
many = { x = 1 }
by_name = [1]
"""
    result, problems = read(text)
    assert result.made is None
    assert problems == [
        "t.toml:1: limt: found an unknown key: did you mean limit?",
        't.toml: limit: found nothing: add limit = "1.5 MW"',
        't.toml:2: meter: found "gat": did you mean gate?',
        't.toml:3: kind: found "opn": expected one of "open", "token"',
        't.toml:4: target: found "b9": there is no such thing; there are: b1, batteries',
        "t.toml:5: count: found 10: expected 1 to 9",
        "t.toml:6: soc: found 4: expected 0 to 1",
        't.toml:7: label: found a table: expected "text" or { en = "...", zh = "..." }',
        't.toml:8: start: found "7 o\'clock": expected "07:00"',
        't.toml:9: first: found "soon": expected "2026-07-15 06:00"',
        't.toml:10: days[1]: found "today": expected 2026-07-15',
        't.toml:11: steps[2]: found "2 kWh": expected "1.5 MW"',
        "t.toml:12: folder: found 1: expected text in quotes",
        't.toml:13: flag: found "yes": expected true or false',
        "t.toml:14: inner.x: found nothing: add x = 1",
        't.toml:14: inner.y: found "a": expected a number',
        "t.toml:15: many: found a table: expected a list",
        "t.toml:16: by_name: found a list: expected a table",
    ]


def test_what_contradicts_in_the_class_itself_is_told():
    result, problems = read('limit = "13 W"\nmeter = "gate"')
    assert result.made is None
    assert problems == ["t.toml: found values that contradict: thirteen is no limit"]


def test_keys_of_somebody_else_are_left_alone():
    assert read('limit = "1 W"\nmeter = "gate"\nuse = "x"', besides=("use",))[1] == []


def test_a_problem_speaks_chinese():
    file = TomlFile.parse('limit = "4 MWh"', "t.toml")
    reader = TableReader(file)
    reader.read(Options, ())
    assert reader.problems[0].text("zh") == 't.toml:1: limit: 现为 "4 MWh": 应写作 "1.5 MW"'


@given(st.text())
def test_any_text_is_a_file_or_a_site_file_error(text):
    try:
        TomlFile.parse(text, "t.toml")
    except SiteFileError as error:
        assert error.problems
