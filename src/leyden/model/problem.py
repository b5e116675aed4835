"""What is wrong in a file that a person wrote: where, what was found, and the mend; all problems of it at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from leyden.model.errors import LeydenError
from leyden.model.words import Language, Words

NOTHING_FOUND = Words("无", "nothing")
"""What is found where something is missing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, or worth a warning."""

    file: str
    line: int
    """Counted from 1; 0 is the file as a whole."""
    key: str
    """`[grid] import_limit`, or the column of a table; empty for the file as a whole."""
    found: Words
    mend: Words
    warning: bool = False
    """A warning is told, and stops nothing."""

    def text(self, language: Language) -> str:
        """`site.toml:12: [grid] import_limit: found "4 MWh": expected "1.5 MW"`."""
        found = f"现为 {self.found.zh}" if language == "zh" else f"found {self.found.en}"
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.key, found, self.mend[language]) if part)

    def __str__(self) -> str:
        return self.text("en")


class SiteFileError(LeydenError):
    """A file cannot be used; `problems` holds everything that is wrong in it, in the order of its lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line)))
        super().__init__("\n".join(map(str, self.problems)))

    def text(self, language: Language) -> str:
        """One problem a line."""
        return "\n".join(problem.text(language) for problem in self.problems)
