"""How long each part of a test takes: from what site.toml says of meter and converter, in site time."""

from dataclasses import dataclass, replace

from leyden.model.site import Battery, Site

LOOK_S = 0.25
"""Pause between two looks; meters are rarely faster."""
FAST_LOOK_S = 0.1
"""The same while times are measured."""
SETTLE_SPARE_S = 1.5
MEASURE_S = 2.0
LEAST_LOOKS = 5
"""A mean of fewer values is none."""
SLOWER = 3.0
"""Before a meter is called blind it is given so many times as long."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Times of one battery's tests [s]."""

    settle_s: float
    """After a change, until everything shows it."""
    measure_s: float
    """For how long values are then taken."""
    look_s: float = LOOK_S
    quiet_holds: int = 4
    """How many pulses long the load is watched before the first pulse."""
    start_s: float = 180.0
    """Longest a converter may take to start."""
    stay_s: float = 10.0
    """For how long a stopped converter is watched."""

    @property
    def hold_s(self) -> float:
        """One pulse, or one rest."""
        return self.settle_s + self.measure_s

    @property
    def slower(self) -> "Pace":
        """For meters that are slower than the file says."""
        return replace(self, settle_s=SLOWER * self.settle_s)


def pace_of(site: Site, battery: Battery) -> Pace:
    """What suits this battery and this gate meter."""
    converter = battery.converter
    ramp_s = converter.power_w / converter.ramp_w_per_s
    # The meter's delay may be set up in the file, or left at what is usual: a second more costs little.
    settle_s = converter.dead_time_s + min(ramp_s, 30.0) / 3.0 + site.grid.meter_delay_s + SETTLE_SPARE_S
    return Pace(settle_s, MEASURE_S)
