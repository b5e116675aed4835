"""What becomes of a command: what its devices say is in force, what is measured, and whether they do it."""

from dataclasses import dataclass
from math import isnan, nan

from leyden.control.following import EchoDiffers, NotFollowing, StoppedNotFollowing
from leyden.model.decision import Decision
from leyden.model.site import BATTERIES, Battery, Site
from leyden.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Readback:
    """Of one command."""

    setpoint_w: float | None
    """What the devices say is in force, summed over the command's batteries; None where one does not say."""
    power_w: float | None
    """Measured; None where one of them is not."""
    followed: bool | None
    """Whether they do what was decided; None where that is not known, still on its way, or was never sent."""


def readback(target: str, site: Site, snapshot: Snapshot, decision: Decision, sent: bool) -> Readback:
    """Of a command for one battery, or for all; `sent` is False in shadow, where nobody can follow."""
    batteries = [battery for battery in site.batteries if target in (BATTERIES, battery.name)]
    said_w = sum(_good(snapshot, battery, "setpoint_w") for battery in batteries) if batteries else nan
    power_w = sum(_good(snapshot, battery, "power_w") for battery in batteries) if batteries else nan
    each = [_followed(battery, snapshot, decision) for battery in batteries]
    followed = None if not sent or not each else False if False in each else None if None in each else True
    return Readback(None if isnan(said_w) else said_w, None if isnan(power_w) else power_w, followed)


def _followed(battery: Battery, snapshot: Snapshot, decision: Decision) -> bool | None:
    """By the following check, which knows dead time and ramp: off only when that says so, on when it is there."""
    name = battery.name
    reasons = (step.want.reason for step in decision.steps if step.want.target == name)
    if any(isinstance(reason, NotFollowing | StoppedNotFollowing | EchoDiffers) for reason in reasons):
        return False
    slack_w = max(0.05 * battery.converter.power_w, 200.0)
    told_w, said_w = decision.setpoints[name].power_w, _good(snapshot, battery, "setpoint_w")
    there = abs(_good(snapshot, battery, "power_w") - told_w) <= slack_w and not abs(said_w - told_w) > slack_w
    return True if there else None


def _good(snapshot: Snapshot, battery: Battery, point: str) -> float:
    reading = snapshot.readings.converter.get(battery.name)
    return nan if reading is None else reading.good(point)
