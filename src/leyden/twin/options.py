"""What the [twin] table of site.toml may say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from leyden.model.quantity import Quantity


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """What drives one load or one solar or wind plant: `load.line1 = { profile = "simbench-g3m", peak = "3 MW" }`."""

    profile: str
    """`simbench-g1a`, `-g3m`, `-blh` (loads), `-pv5`, `-wp4`, or `constant`, or `steps`."""
    peak_w: Annotated[float | None, Quantity("W", low=0.0)] = None
    """Power at the profile's highest value, and all of `constant`; a solar or wind plant's rated power unless said."""
    steps: tuple[tuple[float, float], ...] = ()
    """For `steps`: (seconds since the twin's start, power in W), each held until the next; 0 before the first."""
    power_factor: Annotated[float, Quantity("", low=0.1, high=1.0)] = 1.0
    """Inductive, of a load."""


@dataclass(frozen=True, slots=True)
class TwinOptions:
    """How the simulated plant is made. The same options, seed and steps give the same plant, bit by bit."""

    seed: int = 1
    """Chooses the cells' spread, the sensors' errors and the ripple of the profiles."""
    start: str = "2026-07-15 00:00"
    """When the story begins, in the site's own time zone."""
    speed: Annotated[float, Quantity("", low=0.1, high=1000.0)] = 1.0
    """How many seconds of the site pass in one second of the wall clock."""
    step_s: Annotated[float, Quantity("s", low=0.05, high=60.0)] = 1.0
    """Longest step of the simulation itself; a longer call is cut into equal parts."""
    connected: bool = True
    """Whether the plant is running when the story begins, or has yet to close contactors and start converters."""
    soc: Annotated[float, Quantity("", low=0.0, high=1.0)] = 0.5
    """Mean state of charge at the start."""
    soc_spread: Annotated[float, Quantity("", low=0.0, high=0.1)] = 0.003
    """Standard deviation of the cells' start SOC."""
    capacity_spread: Annotated[float, Quantity("", low=0.0, high=0.1)] = 0.008
    """Standard deviation of the cells' capacity, as a share of it."""
    resistance_spread: Annotated[float, Quantity("", low=0.0, high=0.3)] = 0.04
    """Standard deviation of the cells' resistance, as a share of it."""
    ambient_degc: Annotated[float, Quantity("degC", low=-40.0, high=60.0)] = 25.0
    """What surrounds the cells, and their temperature at the start."""
    soc_error: Annotated[float, Quantity("", low=0.0, high=0.2)] = 0.01
    """How far off the battery management's own SOC may be at the start."""
    meter_delay_s: Annotated[float | None, Quantity("s", low=0.0, high=10.0)] = None
    """How old the gate meter's value is when it is read; as [grid] says unless said here."""
    meter_noise: Annotated[float, Quantity("", low=0.0, high=0.05)] = 0.0
    """Standard deviation of every measured power, as a share of its value."""
    converter_dead_time_s: Annotated[float | None, Quantity("s", low=0.0, high=10.0)] = None
    """How long a converter does nothing after a command; as its site entry says unless said here."""
    converter_lag_s: Annotated[float, Quantity("s", low=0.0, high=10.0)] = 0.2
    """Time constant with which a converter's power follows its ramp."""
    converter_start_s: Annotated[float, Quantity("s", low=0.0, high=600.0)] = 5.0
    """From the order to run until it can deliver."""
    ripple: Annotated[float, Quantity("", low=0.0, high=0.2)] = 0.01
    """Largest wobble within seconds to minutes put onto quarter-hour profiles, as a share of the power."""
    load: Mapping[str, ProfileOptions] = field(default_factory=dict)
    """What each load draws, by its name in the site; every load needs one."""
    solar: Mapping[str, ProfileOptions] = field(default_factory=dict)
    """What each solar plant could generate; `simbench-pv5` unless said."""
    wind: Mapping[str, ProfileOptions] = field(default_factory=dict)
    """What each wind plant could generate; `simbench-wp4` unless said."""

    def __post_init__(self) -> None:
        if datetime.fromisoformat(self.start).tzinfo is not None:
            raise ValueError(f'start is in the site\'s own zone: write "2026-07-15 00:00" instead of "{self.start}"')
