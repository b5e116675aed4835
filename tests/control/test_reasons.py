"""Every reason has a sentence in both languages, over its own fields and no others."""

import pkgutil
from importlib import import_module
from string import Formatter
from typing import get_type_hints

import pytest
from msgspec.structs import fields

import leyden.control
from leyden.model.reason import AlarmReason, Reason, all_reasons
from leyden.model.words import Words

for info in pkgutil.iter_modules(leyden.control.__path__):
    import_module(f"leyden.control.{info.name}")

OURS = [cls for cls in all_reasons() if cls.__module__.startswith("leyden.") and hasattr(cls, "sentence")]


def sample(cls: type[Reason]) -> Reason:
    hints = get_type_hints(cls)
    values = {str: "b1", float: 1.5, int: 2, Words: Words("停机", "off")}
    return cls(**{f.name: values[hints[f.name]] for f in fields(cls) if f.required})


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_sentence(cls):
    names = {item.name for item in fields(cls)}
    for text in (cls.sentence.zh, cls.sentence.en):
        assert text
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= names
    reason = sample(cls)
    assert reason.code == cls.__name__
    for text in (reason.words.zh, reason.words.en):
        assert "{" not in text
    assert any("\u4e00" <= letter <= "\u9fff" for letter in reason.words.zh)
    assert all(ord(letter) < 0x2E80 for letter in reason.words.en)
    assert reason.as_json()["code"] == cls.__name__


@pytest.mark.parametrize("cls", [cls for cls in OURS if issubclass(cls, AlarmReason)], ids=lambda cls: cls.__name__)
def test_an_alarm_says_what_to_do(cls):
    for words in (cls.title, cls.advice):
        assert words.zh
        assert words.en
    assert cls.priority in (1, 2, 3)


def test_there_are_some():
    assert len(OURS) >= 30
    assert len({cls.__name__ for cls in OURS}) == len(OURS), "a code is stored: it means one thing"
