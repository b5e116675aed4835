"""Every verdict and reason of a commissioning has words in both languages, over its own numbers and no others."""

import pkgutil
from importlib import import_module
from string import Formatter
from typing import get_type_hints

import pytest
from msgspec.structs import fields

import leyden.commission.judge
from leyden.commission.document import STEPS
from leyden.commission.judge.verdict import MARKS, Mark, Step, Verdict, worst
from leyden.model.reason import all_reasons
from leyden.model.words import Words

for info in pkgutil.iter_modules(leyden.commission.judge.__path__):
    import_module(f"leyden.commission.judge.{info.name}")

OURS = [cls for cls in all_reasons() if cls.__module__.startswith("leyden.commission.") and hasattr(cls, "sentence")]
VERDICTS = [cls for cls in OURS if issubclass(cls, Verdict)]


def sample(cls):
    values = {str: "b1", float: 1.5, int: 2, Words: Words("停机", "off")}
    hints = get_type_hints(cls)
    return cls(**{f.name: values[hints[f.name]] for f in fields(cls) if f.required})


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_sentence(cls):
    names = {item.name for item in fields(cls)}
    for text in (cls.sentence.zh, cls.sentence.en):
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= names
    words = sample(cls).words
    assert "{" not in words.zh + words.en
    assert any("\u4e00" <= letter <= "\u9fff" for letter in words.zh)
    assert all(ord(letter) < 0x2E80 for letter in words.en)


@pytest.mark.parametrize("cls", VERDICTS, ids=lambda cls: cls.__name__)
def test_what_is_wrong_says_how_it_is_mended(cls):
    assert cls.mark in Mark
    assert bool(cls.mend.zh) == bool(cls.mend.en)
    if cls.mark is Mark.FAILED:
        assert cls.mend.zh != cls.mend.en


def test_codes_are_kept_so_that_each_means_one_thing():
    names = [cls.__name__ for cls in all_reasons() if cls.__module__.startswith("leyden.") and hasattr(cls, "sentence")]
    assert len(names) == len(set(names))
    assert len(VERDICTS) > 40


def test_every_mark_and_every_step_has_words():
    assert set(MARKS) == set(Mark)
    assert list(STEPS) == list(Step)


def test_the_worst_counts_and_nothing_proves_nothing():
    assert worst([]) is Mark.UNDECIDED
    assert worst([Mark.PASSED, Mark.NOTED]) is Mark.NOTED
    assert worst([Mark.FAILED, Mark.UNDECIDED]) is Mark.FAILED
