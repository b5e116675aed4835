"""The nouns of ageing: what a cell has lived through, how old it is, and who says how one follows from the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from leyden.model.readings import Floats

Values = float | Floats
"""A number for one cell, or an array with one for each; they broadcast against each other."""

KELVIN = 273.15


@dataclass(frozen=True, slots=True)
class Stress:
    """What a cell lived through in one stretch of time. Fields are floats, or arrays of one shape."""

    duration_s: float
    temperature_degc: Values
    soc: Values
    """Mean state of charge, 0 to 1."""
    dod: Values = 0.0
    """Depth of the cycles, 0 to 1: how far the charge swings from end to end."""
    c_rate: Values = 0.0
    """Mean current of the cycles in multiples of the capacity per hour, never negative."""
    cycles: Values = 0.0
    """Full equivalent cycles: charge moved both ways over twice the capacity."""


@dataclass(frozen=True, slots=True)
class Age:
    """What a cell has lost so far, as shares of what it had when new; calendar and cycling apart."""

    calendar_loss: Values = 0.0
    cycle_loss: Values = 0.0
    calendar_growth: Values = 0.0
    """Of the resistance."""
    cycle_growth: Values = 0.0

    @property
    def capacity(self) -> Values:
        """What is left of the capacity, 1 when new."""
        left: Values = np.maximum(1.0 - self.calendar_loss - self.cycle_loss, 0.0)
        return left

    @property
    def resistance(self) -> Values:
        """By how much the resistance has grown, 1 when new."""
        return 1.0 + self.calendar_growth + self.cycle_growth


class AgeingModel(Protocol):
    """A published model of one kind of cell, or a user's own table."""

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    @property
    def source(self) -> str:
        """Where its numbers come from."""
        ...

    def advance(self, age: Age, stress: Stress) -> Age:
        """The age after this stress. Longer or shorter stretches of the same stress end at the same age."""
        ...


def advanced(loss: Values, rate: Values, amount: Values, power: float) -> Values:
    """A loss that follows `rate * x ** power` under constant stress, after `amount` more of x.

    Under another stress than before it goes on from the x at which the new stress would have caused what is lost
    already (virtual time, doi 10.1016/j.est.2018.01.019 section 5), so that it never jumps. A rate of 0 adds nothing.
    """
    loss, rate, amount = np.asarray(loss), np.asarray(rate), np.asarray(amount)
    safe = np.where(rate > 0.0, rate, 1.0)
    lived = (loss / safe) ** (1.0 / power)
    after = np.where(rate > 0.0, safe * (lived + amount) ** power, loss)
    return float(after) if after.ndim == 0 else after


def spread(models: Sequence[AgeingModel], stress: Sequence[Stress], age: Age | None = None) -> Mapping[str, Age]:
    """The age each model arrives at after the same stresses, by its name: the honest answer is the range of them."""
    start = age or Age()
    found = {}
    for model in models:
        reached = start
        for one in stress:
            reached = model.advance(reached, one)
        found[model.name] = reached
    return found
