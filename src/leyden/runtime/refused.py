"""What people ask for and cannot have, in words."""

from leyden.model.errors import LeydenError
from leyden.model.words import Words


class RefusedError(LeydenError):
    """Something that a person asked for and that is not done; `words` name the mend, `status` is that of HTTP."""

    def __init__(self, words: Words, status: int = 422) -> None:
        super().__init__(words.en)
        self.words = words
        self.status = status
