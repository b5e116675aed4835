"""Losses of a power converter over its load, from measured efficiency curves."""

import math
from dataclasses import dataclass
from typing import TypeVar

from leyden.model.readings import Floats

Number = TypeVar("Number", float, Floats)


@dataclass(frozen=True, slots=True)
class LossCurve:
    """Loss at load p, all in shares of the rated power: no_load (1 - exp(-onset p)) + linear p + square p^2.

    With onset inf this is the usual form eta = p / (p + P0 + K1 p + K p^2) of Notton et al. 2010, doi
    10.1016/j.renene.2009.07.013, whose constant loss a finite onset lets rise smoothly from nothing at rest.
    """

    no_load: float
    onset: float
    linear: float
    square: float


MEASURED = LossCurve(no_load=0.00601144, onset=97.0, linear=0.00863612, square=0.01195589)
"""A storage converter (Sinamics S120) as measured: 74 % at 2 % load, 93 % at 10 %, 97.3 % at half and at full load.
Schimpe et al. 2018, doi 10.1016/j.egypro.2018.11.065."""


def converter_loss(apparent_va: Number, rated_va: float, curve: LossCurve = MEASURED) -> Number:
    """Loss [W] at an apparent power (never negative) at the AC terminals; the same both ways."""
    p = apparent_va / rated_va
    constant = curve.no_load * (1.0 - math.e ** (-curve.onset * p))
    loss_w: Number = rated_va * (constant + p * (curve.linear + curve.square * p))
    return loss_w


def dc_power(power_w: float, reactive_power_var: float, rated_va: float, curve: LossCurve = MEASURED) -> float:
    """Power behind the converter for a power before it; both positive in discharge."""
    return power_w + converter_loss(math.hypot(power_w, reactive_power_var), rated_va, curve)


def ac_power(dc_power_w: float, reactive_power_var: float, rated_va: float, curve: LossCurve = MEASURED) -> float:
    """The inverse of `dc_power`: AC power for a DC power, to a billionth of the rated power.

    The loss rises by less than 0.6 W a watt, so putting it in again and again closes in on the one answer.
    """
    power_w = better_w = dc_power_w
    for _ in range(60):
        better_w = dc_power_w - converter_loss(math.hypot(power_w, reactive_power_var), rated_va, curve)
        if abs(better_w - power_w) <= 1e-10 * rated_va:
            break
        power_w = better_w
    return better_w
