"""What a commissioning proposes for site.toml."""

from dataclasses import dataclass

from leyden.model.quantity import write_quantity
from leyden.model.site import Converter, Site


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """One line of site.toml, as it would stand there."""

    table: str
    """`[grid]`"""
    text: str
    """`meter_delay = "0.2 s"`"""
    because: str
    """What was measured, as a comment tells it in the file."""
    changes: bool
    """Whether the file says otherwise now."""

    @property
    def toml(self) -> str:
        """As it is written, comment and all."""
        return f"{self.text}    # {self.because}"


def meter_delay_line(site: Site, delay_s: float, because: str) -> ConfigLine:
    """The gate meter's delay, to the tenth of a second."""
    rounded = round(max(delay_s, 0.0), 1)
    text = f'meter_delay = "{write_quantity(rounded, "s")}"'
    return ConfigLine("[grid]", text, because, abs(rounded - site.grid.meter_delay_s) > 0.05)


def converter_line(site: Site, battery: str, dead_s: float | None, ramp: float | None, because: str) -> ConfigLine:
    """A battery's converter with the dead time and the ramp [W/s] that were measured; None leaves what is there."""
    now = site.battery(battery).converter
    dead_time_s = now.dead_time_s if dead_s is None else round(max(dead_s, 0.0) * 20.0) / 20.0
    ramp_w_per_s = now.ramp_w_per_s if ramp is None else _two_figures(ramp)
    parts = [f'device = "{now.device}"', f'power = "{write_quantity(now.power_w, "W")}"']
    if now.apparent_va != now.power_w:
        parts.append(f'apparent = "{write_quantity(now.apparent_va, "VA")}"')
    parts.append(f'ramp = "{write_quantity(ramp_w_per_s, "W/s")}"')
    if dead_time_s > 0.0:
        parts.append(f'dead_time = "{write_quantity(dead_time_s, "s")}"')
    changes = _differs(now, dead_time_s, ramp_w_per_s)
    return ConfigLine(f"[battery.{battery}]", f"converter = {{ {', '.join(parts)} }}", because, changes)


def _differs(now: Converter, dead_time_s: float, ramp_w_per_s: float) -> bool:
    """Whether it is worth a change of the file: a tenth of a second, or a tenth of the ramp."""
    return abs(dead_time_s - now.dead_time_s) > 0.1 or abs(ramp_w_per_s - now.ramp_w_per_s) > 0.1 * now.ramp_w_per_s


def _two_figures(value: float) -> float:
    """Rounded down, for a ramp that is thought faster than it is does harm."""
    unit = 10.0 ** (len(str(int(max(value, 1.0)))) - 2)
    return max(1.0, int(value / unit) * unit)
