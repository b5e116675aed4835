"""The meter at the point of connection: it closes the balance, and tells it late."""

from collections import deque
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class GateSample:
    """What flowed during one step that ended at `end_s`."""

    end_s: float = 0.0
    power_w: float = 0.0
    """Import positive."""
    reactive_power_var: float = 0.0
    energy_out_wh: float = 0.0
    """Imported by the end of the step."""
    energy_in_wh: float = 0.0
    """Exported by the end of the step."""
    batteries_w: float = 0.0
    """How much of what flowed on the bus came from batteries; with a meter on the wrong side it is not seen."""
    batteries_var: float = 0.0


class GateMeter:
    """Keeps as many samples as its delay reaches back."""

    def __init__(self, delay_s: float, start_s: float = 0.0) -> None:
        self._delay_s = delay_s
        self._samples: deque[GateSample] = deque([GateSample(start_s)])

    @property
    def newest(self) -> GateSample:
        """What really flows now."""
        return self._samples[-1]

    def count(self, flow: GateSample, dt_s: float) -> None:
        """Add a step of `dt_s` with these powers; import positive."""
        last, power_w = self._samples[-1], flow.power_w
        out_wh, in_wh = max(power_w, 0.0) * dt_s / 3600.0, max(-power_w, 0.0) * dt_s / 3600.0
        end_s = last.end_s + dt_s
        self._samples.append(
            replace(
                flow,
                end_s=end_s,
                energy_out_wh=last.energy_out_wh + out_wh,
                energy_in_wh=last.energy_in_wh + in_wh,
            )
        )
        # The sample that was in force at `wanted` is the first one that ends at or after it.
        wanted_s = end_s - self._delay_s - 1e-9
        while len(self._samples) > 1 and self._samples[0].end_s < wanted_s:
            self._samples.popleft()

    def shown(self) -> GateSample:
        """What the meter says now: the step that was under way its delay ago."""
        return self._samples[0]

    def restart(self, sample: GateSample) -> None:
        """Go on from a known sample, with nothing before it."""
        self._samples = deque([sample])
