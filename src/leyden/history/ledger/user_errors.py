"""What cannot be done with a person's entry, told in both languages."""

from leyden.model.errors import LeydenError
from leyden.model.words import Words


class UserError(LeydenError, ValueError):
    """What was asked for makes no sense: a name that is none."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class WeakPasswordError(UserError):
    """A password that is not taken."""


class UnknownUserError(UserError):
    """There is nobody of this name."""


class UserConflictError(UserError):
    """Not as things stand: the name is taken, or nobody would be left to rule."""
