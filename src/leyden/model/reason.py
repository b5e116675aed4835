"""Why something was asked, limited or refused: a code with its numbers.

A Reason is a small frozen struct, `ImportHeld(demand_w=2.9e6, limit_w=2.1e6)`, declared beside the code that gives
it. Its class is its code; its `sentence` is a template in both languages over its own fields, filled at the edges.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from msgspec import Struct, to_builtins

from leyden.model.words import Words


class Reason(Struct, frozen=True, dict=True):
    """Base of every reason; subclasses add fields with their units in their names, and a `sentence`."""

    sentence: ClassVar[Words]

    @property
    def code(self) -> str:
        """The stable name under which this reason is stored and compared."""
        return type(self).__name__

    @cached_property
    def words(self) -> Words:
        """The sentence with this reason's numbers in it; filled once, as a reason never changes."""
        return self.sentence.fill({name: getattr(self, name) for name in self.__struct_fields__})

    def as_json(self) -> dict[str, object]:
        """Code, numbers and sentence, as the record and the API keep them."""
        return {"code": self.code, **to_builtins(self), "zh": self.words.zh, "en": self.words.en}


def all_reasons(base: type[Reason] = Reason) -> Iterator[type[Reason]]:
    """Every reason class that has been imported, for the tests that read them all."""
    for cls in base.__subclasses__():
        yield cls
        yield from all_reasons(cls)


class NobodyAsks(Reason, frozen=True):
    """No controller asked for power: the target rests."""

    sentence = Words(zh="无控制器请求功率", en="no controller asks for power")


class AlarmReason(Reason, frozen=True):
    """A reason that an operator must answer: wherever a decision's trail holds one, an alarm stands."""

    title: ClassVar[Words]
    """What is wrong, in a few words."""
    advice: ClassVar[Words]
    """What to do about it."""
    priority: ClassVar[int]
    """1 at once, 2 soon, 3 this shift."""
