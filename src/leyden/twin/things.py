"""The things on the bus beside batteries: loads, and solar and wind plants, each driven by its profile."""

import math
from collections.abc import Mapping
from dataclasses import replace

from leyden.model.site import Load, Source
from leyden.pcs import Generator
from leyden.pcs.generator import advance, told
from leyden.twin.profiles import Moment, Profile


class LoadTwin:
    """One consumer: it draws what its profile says, until it trips."""

    def __init__(self, load: Load, profile: Profile, power_factor: float) -> None:
        self.load = load
        self.tripped = False
        self.power_w = 0.0
        """Negative: out of the load into the bus."""
        self.reactive_power_var = 0.0
        self.consumed_wh = 0.0
        self._profile = profile
        self._tan = math.sqrt(1.0 - power_factor**2) / power_factor

    def step(self, moment: Moment, dt_s: float, auxiliaries_w: float = 0.0) -> None:
        """Draw for `dt_s` what the profile says at `moment`, and the auxiliaries behind its meter, which no trip stops;
        0 dt only looks."""
        demand_w = 0.0 if self.tripped else self._profile.power_w(moment)
        self.power_w, self.reactive_power_var = -(demand_w + auxiliaries_w), -demand_w * self._tan
        self.consumed_wh -= self.power_w * dt_s / 3600.0


class SourceTwin:
    """One solar or wind plant behind its inverter."""

    def __init__(self, source: Source, profile: Profile) -> None:
        self.source = source
        self.ignores_setpoint = False
        self.watchdog_dead = False
        self.generator = Generator()
        self.available_w = 0.0
        """What sun or wind would allow."""
        self.generated_wh = 0.0
        self._profile = profile

    def command(self, values: Mapping[str, float]) -> None:
        """What was written to the inverter; raises ValueError for an unknown point."""
        self.generator = told(self.generator, values, self.ignores_setpoint)

    def step(self, moment: Moment, dt_s: float) -> None:
        """Generate for `dt_s` what there is at `moment`, up to the limit; 0 dt only looks."""
        self.available_w = self._profile.power_w(moment)
        before = self.generator
        if self.watchdog_dead:  # it says that it is armed, and never counts
            before = replace(before, watchdog_left_s=math.nan)
        self.generator = advance(before, self.available_w, self.source.power_w, dt_s)
        if self.watchdog_dead:
            self.generator = replace(self.generator, watchdog_left_s=before.watchdog_s)
        self.generated_wh += self.generator.power_w * dt_s / 3600.0
