"""The twin of a whole site: it steps, is read and written like a plant, takes faults, and knows the truth."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, repeat
from pathlib import Path
from typing import cast
from zlib import crc32

import numpy as np

from leyden.model.errors import LeydenError
from leyden.model.link_fault import LinkFault, LinkFaultKind
from leyden.model.plant import Setpoints
from leyden.model.readings import Reading, Readings
from leyden.model.site import GRID, Site, Source
from leyden.physics import Cell
from leyden.twin.battery import BatteryTwin
from leyden.twin.distort import distorted
from leyden.twin.faults import Fault, Faults
from leyden.twin.gate import GateMeter, GateSample
from leyden.twin.miswired import MISWIRED, Wiring
from leyden.twin.options import ProfileOptions, TwinOptions
from leyden.twin.profiles import ProfileError, make_profile, moment
from leyden.twin.report import (
    BatteryReporter,
    Mains,
    converter_reading,
    generation_reading,
    grid_reading,
    load_reading,
)
from leyden.twin.state_file import load_state, save_state
from leyden.twin.things import LoadTwin, SourceTwin
from leyden.twin.truth import Truth, battery_truth
from leyden.twin.weather import weather_of

LINK_FAULTS = ("silent", "slow", "exceptions")


class Twin:
    """A simulated plant. Only `step` moves its time; the same seed, options and steps repeat it bit by bit."""

    def __init__(
        self, site: Site, options: TwinOptions, cells: Mapping[str, Cell], start: datetime | None = None
    ) -> None:
        """`cells` by the name that a battery's rating has; `start` stands for the options' own, without a zone it is
        the site's wall clock. Raises ProfileError and LeydenError for what is missing."""
        self.site = site
        self.options = options
        begin = options.start if start is None else start
        self.start = (begin if begin.tzinfo else begin.replace(tzinfo=site.zone)).astimezone(UTC)
        self.elapsed_s = 0.0
        """Since it was made or restored."""
        self._before_s = 0.0
        self._weather = weather_of(options)
        ambient_degc = self._ambient_degc()
        self.batteries = {
            battery.name: BatteryTwin(
                battery, _cell(cells, battery.cell.name), options, self._rng(battery.name), ambient_degc
            )
            for battery in site.batteries
        }
        self._metered = {name: said.meter for name, said in options.cooling.items() if said.meter}
        """Whose auxiliaries a load's meter sees."""
        self.loads = {load.name: self._load(load.name) for load in site.loads}
        _check_cooling(site, options)
        self.solar = {source.name: self._source(source, options.solar, "simbench-pv5") for source in site.solar}
        self.wind = {source.name: self._source(source, options.wind, "simbench-wp4") for source in site.wind}
        delay_s = site.grid.meter_delay_s if options.meter_delay_s is None else options.meter_delay_s
        self.gate = GateMeter(delay_s)
        self._wiring = Wiring(site)
        self._miswired: list[Fault] = []
        self.faults = Faults(site, lambda: (self.time, self.elapsed_s), self._faults_changed)
        self._mains = Mains(options.grid_voltage_v, options.grid_frequency_hz)
        self._reporters = {name: BatteryReporter(battery) for name, battery in self.batteries.items()}
        self._captured: dict[int, dict[tuple[str, str], Reading]] = {}
        self._healthy: dict[tuple[str, str], Reading] | None = None
        self._read: Readings | None = None
        self._look()

    @property
    def time(self) -> datetime:
        """Site time, aware UTC."""
        return self.start + timedelta(seconds=self.elapsed_s)

    def step(self, dt_s: float) -> None:
        """Move on by `dt_s` >= 0, in equal parts of at most the options' step."""
        if not 0.0 <= dt_s < math.inf:
            raise ValueError(f"a step of time must be 0 or more seconds (got {dt_s})")
        parts = math.ceil(dt_s / self.options.step_s - 1e-9)
        for _ in range(parts):
            self._step(dt_s / parts)
        self._changed()

    def command(self, thing: str, values: Mapping[str, float]) -> None:
        """What a device was told in its write points: a converter by its battery's name, a solar or wind plant by its
        own. Raises ValueError for a thing or a point that cannot be written to."""
        thing, values = self._wiring.command(thing, values, self._miswired)
        target = self.batteries.get(thing) or self.sources.get(thing)
        if target is None:
            raise ValueError(f"{thing!r} takes no commands; these do: {', '.join((*self.batteries, *self.sources))}")
        target.command(values)
        self._changed()

    def read(self) -> Readings:
        """What the wire delivers: sensors, the meter's delay, faults. The same object until something changes."""
        if self._read is None:
            self._read = _assembled(self._faulty(self._readings()))
        return self._read

    def write(self, setpoints: Setpoints) -> None:
        """Hand set-points to converters and inverters whose links work; arms no watchdog."""
        devices = {thing: device for device, role, thing in self.site.roles() if role in ("converter", "solar", "wind")}
        for thing, setpoint in setpoints.items():
            fault = self.link_fault(devices.get(thing, ""))
            if fault is not None and fault.kind != "slow":
                continue
            if thing in self.batteries:
                values = {"setpoint_w": setpoint.power_w, "setpoint_var": setpoint.reactive_power_var}
            else:
                values = {"limit_w": setpoint.power_w}
            self.command(thing, {**values, "run": float(setpoint.run)})

    def link_fault(self, device: str) -> LinkFault | None:
        """What is wrong on the way to a device; the latest fault rules."""
        for fault in reversed(self.faults.active()):
            if fault.kind in LINK_FAULTS and fault.target == device:
                return LinkFault(cast(LinkFaultKind, fault.kind), fault.params.get("delay_s", 2.0))
        return None

    def truth(self) -> Truth:
        """What is really so; a copy."""
        gate = self.gate.newest
        return Truth(
            time=self.time,
            elapsed_s=self.elapsed_s,
            grid_w=gate.power_w,
            grid_var=gate.reactive_power_var,
            load_w={name: load.power_w for name, load in self.loads.items()},
            solar_w={name: source.generator.power_w for name, source in self.solar.items()},
            wind_w={name: source.generator.power_w for name, source in self.wind.items()},
            available_w={name: source.available_w for name, source in self.sources.items()},
            battery={name: battery_truth(one, name in self._metered) for name, one in self.batteries.items()},
        )

    def reset(self, battery: str) -> None:
        """A person resets the latches of a battery's management; KeyError if there is no such battery."""
        self.batteries[battery].reset()
        self._changed()

    def save(self, path: Path) -> None:
        """Write the whole state, at once or not at all."""
        save_state(self, path)

    def restore(self, path: Path) -> None:
        """Go on where `save` left off. Raises TwinStateError where the file is of another site or another making."""
        load_state(self, path)

    def go_on(self, time: datetime, told_s: float, gate: GateSample, faults: Sequence[Fault]) -> None:
        """Begin at `time` with a state that has been put in; `told_s` is how long the story had gone on by then."""
        self.start, self.elapsed_s, self._before_s = time, 0.0, told_s
        self.gate.restart(gate)
        self._reporters = {name: BatteryReporter(battery) for name, battery in self.batteries.items()}
        self._captured, self._healthy = {}, None
        self.faults.restore(faults)
        self._look()

    @property
    def told_s(self) -> float:
        """How long the story has gone on, restarts included: what `steps` profiles count by."""
        return self._before_s + self.elapsed_s

    @property
    def sources(self) -> Mapping[str, SourceTwin]:
        """Solar and wind plants by name."""
        return {**self.solar, **self.wind}

    def _rng(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.options.seed, crc32(name.encode())])

    def _load(self, name: str) -> LoadTwin:
        said = self.options.load.get(name)
        if said is None and name in self._metered.values():
            said = ProfileOptions("constant", 0.0)
        if said is None:
            raise ProfileError(f'[twin]: load {name!r} has no profile: add load.{name} = {{ profile = "simbench-g3m", peak = "1 MW" }}')  # fmt: skip  # noqa: E501
        load = next(load for load in self.site.loads if load.name == name)
        profile = make_profile(name, said, None, self.options.ripple, self.options.seed)
        return LoadTwin(load, profile, said.power_factor)

    def _source(self, source: Source, said: Mapping[str, ProfileOptions], usual: str) -> SourceTwin:
        wanted = said.get(source.name, ProfileOptions(usual))
        return SourceTwin(
            source, make_profile(source.name, wanted, source.power_w, self.options.ripple, self.options.seed)
        )

    def _ambient_degc(self) -> float:
        weather = self._weather
        return weather.ambient_degc(self.time.astimezone(self.site.zone)) if weather.varies else weather.middle_degc

    def _step(self, dt_s: float) -> None:
        self.elapsed_s += dt_s
        ambient_degc = self._ambient_degc()
        for battery in self.batteries.values():
            battery.ambient_degc = ambient_degc
            battery.step(dt_s)
        self.gate.count(self._bus(dt_s), dt_s)

    def _look(self) -> None:
        """Let the meters see the first moment, without moving time."""
        newest, flow = self.gate.newest, self._bus(0.0)
        self.gate.restart(
            replace(flow, end_s=newest.end_s, energy_out_wh=newest.energy_out_wh, energy_in_wh=newest.energy_in_wh)
        )

    def _bus(self, dt_s: float) -> GateSample:
        """Move what follows profiles on by `dt_s`; what then flows through the gate: the negated sum of all others."""
        now = moment(self.time, self.site.zone, self.told_s)
        power_w, reactive_var = 0.0, 0.0
        for name, load in self.loads.items():
            metered = [self.batteries[of].warmth.draw_w for of, meter in self._metered.items() if meter == name]
            load.step(now, dt_s, sum(metered))
            power_w, reactive_var = power_w + load.power_w, reactive_var + load.reactive_power_var
        for sources in (self.solar, self.wind):
            for source in sources.values():
                source.step(now, dt_s)
                power_w += source.generator.power_w
        own_w, own_var = 0.0, 0.0
        for name, battery in self.batteries.items():
            own_w, own_var = own_w + battery.pcs.power_w, own_var + battery.pcs.reactive_power_var
            if name not in self._metered:
                power_w -= battery.warmth.draw_w
        return GateSample(
            power_w=-(power_w + own_w),
            reactive_power_var=-(reactive_var + own_var),
            batteries_w=own_w,
            batteries_var=own_var,
        )

    def _changed(self) -> None:
        self._healthy, self._read = None, None

    def _readings(self) -> dict[tuple[str, str], Reading]:
        """(role, thing) -> what a healthy device says, wired as it is."""
        if self._healthy is not None:
            return self._healthy
        mains, gain, found = self._mains, self._gains(), dict[tuple[str, str], Reading]()
        found["grid", GRID] = grid_reading(self.gate.shown(), mains, next(gain))
        for name, load in self.loads.items():
            if load.load.device is not None:
                found["load", name] = load_reading(load, mains, next(gain))
        for role, sources in (("solar", self.solar), ("wind", self.wind)):
            for name, source in sources.items():
                found[role, name] = generation_reading(source, next(gain))
        for name, battery in self.batteries.items():
            found["battery", name] = self._reporters[name].reading(self.elapsed_s)
            found["converter", name] = converter_reading(battery, next(gain))
        if self._miswired:
            found = self._wiring.readings(found, self._miswired, self.gate.shown())
        self._healthy = found
        return found

    def _gains(self) -> Iterator[float]:
        """One factor a meter, by seed and time alone, so that reading more often changes nothing."""
        if self.options.meter_noise == 0.0:
            return repeat(1.0)
        rng = np.random.default_rng([self.options.seed, round(self.told_s * 1000.0)])
        return (1.0 + self.options.meter_noise * float(rng.standard_normal()) for _ in count())

    def _faulty(self, readings: dict[tuple[str, str], Reading]) -> dict[tuple[str, str], Reading]:
        if not self._captured:
            return readings
        devices = {(role, thing): device for device, role, thing in self.site.roles()}
        poll_s = {device.name: device.poll_s for device in self.site.devices}
        found = dict(readings)
        for fault in self.faults.active():
            if fault.id not in self._captured:
                continue
            for key in found:
                device = devices[key]
                if device == fault.device:
                    captured = self._captured[fault.id].get(key)
                    found[key] = distorted(found[key], captured, fault, poll_s.get(device, 1.0), self.elapsed_s)
        return found

    def _faults_changed(self) -> None:
        """Make the plant what its faults say: everything that has none is its old self."""
        active = self.faults.active()
        healthy = self._readings()
        self._miswired = [fault for fault in active if fault.kind in MISWIRED]
        on_readings = [fault for fault in active if fault.kind in (*LINK_FAULTS, "frozen", "nan")]
        self._captured = {fault.id: self._captured.get(fault.id, healthy) for fault in on_readings}

        def on(kind: str) -> set[str]:
            return {fault.target for fault in active if fault.kind == kind}

        for name, battery in self.batteries.items():
            battery.elapsed_s = self.elapsed_s
            battery.set_faults([fault for fault in active if fault.target == name])
        for name, source in self.sources.items():
            source.ignores_setpoint = name in on("setpoint-ignored")
            source.watchdog_dead = name in on("dead-watchdog")
        for name, load in self.loads.items():
            load.tripped = name in on("load-trip")
        self._changed()


def _cell(cells: Mapping[str, Cell], name: str) -> Cell:
    if name not in cells:
        raise LeydenError(f"the twin needs the cell {name!r}, but only has: {', '.join(cells) or 'none'}")
    return cells[name]


def _check_cooling(site: Site, options: TwinOptions) -> None:
    batteries, loads = [one.name for one in site.batteries], [one.name for one in site.loads]
    for name, said in options.cooling.items():
        if name not in batteries:
            raise LeydenError(f"[twin] cooling.{name}: there is no such battery; there are: {', '.join(batteries)}")
        if said.meter and said.meter not in loads:
            raise LeydenError(
                f"[twin] cooling.{name}: there is no load {said.meter!r} to meter it; there are: {', '.join(loads)}"
            )


def _assembled(readings: Mapping[tuple[str, str], Reading]) -> Readings:
    found: dict[str, dict[str, Reading]] = {"load": {}, "solar": {}, "wind": {}, "battery": {}, "converter": {}}
    for (role, thing), reading in readings.items():
        if role != GRID:
            found[role][thing] = reading
    return Readings(grid=readings["grid", GRID], **found)  # type: ignore[arg-type]
