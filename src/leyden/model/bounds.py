"""An interval of power that only ever narrows."""

import math

from msgspec import Struct

from leyden.model.errors import NotANumberError


class Bounds(Struct, frozen=True, gc=False):
    """A closed interval [low, high] in W or var; signs by the one sign rule.

    Raises NotANumberError for nan and ValueError where low is above high, so that no later step can meet either.
    """

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if self.low <= self.high:  # false for nan too: one comparison proves all, and bounds are made often
            return
        if math.isnan(self.low) or math.isnan(self.high):
            raise NotANumberError(f"bounds must be numbers (got low={self.low}, high={self.high})")
        raise ValueError(f"bounds must not cross (got low={self.low}, high={self.high})")

    def clamp(self, value: float) -> float:
        """The nearest value inside; raises NotANumberError for nan: a set-point is always a number."""
        if value < self.low:
            return self.low
        if value > self.high:
            return self.high
        if value != value:
            raise NotANumberError("nan cannot be clamped into bounds")
        return value

    def narrow(self, other: "Bounds") -> tuple["Bounds", float]:
        """This interval cut down by another, and by how much the other one had to give way.

        Where the two do not meet, what remains is this interval's edge nearest to the other, and the second value is
        the distance between them (never negative): the earlier interval wins and the shortfall is told.
        """
        if other.low <= self.low and other.high >= self.high:
            return self, 0.0
        if other.low > self.high:
            return Bounds(self.high, self.high), other.low - self.high
        if other.high < self.low:
            return Bounds(self.low, self.low), self.low - other.high
        low, high = self.low, self.high
        if other.low > low:
            low = other.low
        if other.high < high:
            high = other.high
        return Bounds(low, high), 0.0

    def contains(self, value: float, tolerance: float = 0.0) -> bool:
        """Whether a value lies inside; nan never does."""
        return self.low - tolerance <= value <= self.high + tolerance


FREE = Bounds()
"""No bound at all."""


def at_most(high: float) -> Bounds:
    """Anything up to `high`."""
    return Bounds(-math.inf, high)


def at_least(low: float) -> Bounds:
    """Anything from `low` up."""
    return Bounds(low, math.inf)


def exactly(value: float) -> Bounds:
    """This value and no other."""
    return Bounds(value, value)
