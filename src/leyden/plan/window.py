"""A stretch of the day by the wall clock."""

import re
from dataclasses import dataclass
from datetime import time

_WRITTEN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) in minutes since midnight; across midnight where end is not after start."""

    start_min: int
    end_min: int

    @classmethod
    def from_text(cls, text: str) -> "Window":
        """ "22:00-08:00"; "24:00" is midnight. Raises ValueError with the mend."""
        match = _WRITTEN.fullmatch(text.strip())
        hours = [int(part) for part in match.groups()] if match else []
        if not match or hours[1] > 59 or hours[3] > 59:
            raise ValueError('expected "22:00-08:00"')
        start, end = 60 * hours[0] + hours[1], 60 * hours[2] + hours[3]
        if start >= 1440 or end > 1440 or start == end:
            raise ValueError('expected two different times of day, as "22:00-08:00"')
        return cls(start, end)

    def contains(self, at: time) -> bool:
        """Whether a time of day lies in it."""
        minutes = 60 * at.hour + at.minute
        if self.start_min < self.end_min:
            return self.start_min <= minutes < self.end_min
        return minutes >= self.start_min or minutes < self.end_min

    @property
    def edges_min(self) -> tuple[int, int]:
        """Its start and its end as minutes of a day."""
        return self.start_min, self.end_min % 1440
