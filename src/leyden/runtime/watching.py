"""Our own watching over every battery's telemetry: how full it really is, and whether its limits are narrow enough.

The charge of each rack is followed by the filter that knows what it cannot know (`leyden.bms.soc_filter`), from the
racks' currents and voltages; limits and levels come from our own table (`leyden.bms.supervise`). Both look at new
readings once; what they find goes into the next cycle's context. A reading that is not GOOD is looked at by neither:
the battery's limits deal with silence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf, isnan, nan
from pathlib import Path

import numpy as np

from leyden.bms.derate import Binding, Source
from leyden.bms.limit_reason import CHARGE, DISCHARGE, StandingRule, told
from leyden.bms.limits import BmsLimits, limits_for
from leyden.bms.protection import Action
from leyden.bms.soc_filter import FilterOptions, SocFilter, new_filter, observed
from leyden.bms.supervise import Ours, Told, new_supervision, supervise
from leyden.bms.supervise import Supervision as Standing
from leyden.history import Ledger
from leyden.model.quality import Quality
from leyden.model.readings import NO_RACKS, BatteryReading, Floats
from leyden.model.reason import Reason
from leyden.model.site import Battery, Site
from leyden.model.snapshot import Snapshot
from leyden.model.watched import NOT_WATCHED, Watched
from leyden.model.words import Words
from leyden.physics import Cell

KEPT = "station.charge"
KEEP_EVERY_S = 300.0
LONGEST_S = 60.0
"""A gap in the readings longer than this is one in which nobody knows what flowed."""
VENDOR_STD = 0.15
"""How far what a management says may be off: LFP packs in the field are commonly wrong by as much."""
LONGEST_STEP_S = 5.0
"""Rules count no more than this at once: after a gap nobody knows how long something was wrong."""
STALE_S = 1800.0
"""A kept estimate older than this is no better than what the management says."""
_WATCHED = ("cell_voltage_min_v", "cell_voltage_max_v", "cell_temperature_min_degc", "cell_temperature_max_degc")

Keep = Callable[[str, object], None]


@dataclass(frozen=True, slots=True)
class KeptCharge:
    """What the ledger keeps of one battery's estimate."""

    saved: datetime
    soc: tuple[float, ...]
    """Of each rack, 0 to 1."""
    soc_std: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class KeptCharges:
    """Of all batteries, by name."""

    of: Mapping[str, KeptCharge] = field(default_factory=dict)


class _Of:
    """One battery's watching while it runs."""

    def __init__(self, battery: Battery, cell: Cell, limits: BmsLimits, kept: KeptCharge | None) -> None:
        self.battery, self.cell, self.limits = battery, cell, limits
        self.kept = kept
        self.standing: Standing = new_supervision(limits)
        self.charge: SocFilter | None = None
        self.seen: Floats = NO_RACKS
        self.seen_s = nan
        self.looked_s = nan


class Watching:
    """All batteries of a site; `look` at each snapshot, and `watched` is what follows."""

    def __init__(self, site: Site, cells: Mapping[str, Cell], limits: Mapping[str, BmsLimits], ledger: Ledger) -> None:
        kept = ledger.states.load(KEPT, KeptCharges) or KeptCharges()
        self._of = {
            battery.name: _Of(battery, cells[battery.cell.name], limits[battery.name], kept.of.get(battery.name))
            for battery in site.batteries
        }
        self._kept_s = -inf
        self.watched: Mapping[str, Watched] = {}
        """By battery; the very same object as long as nothing changes."""

    def look(self, snapshot: Snapshot) -> None:
        """Take new readings in."""
        elapsed_s, found = snapshot.context.elapsed_s, {}
        for name, of in self._of.items():
            reading = snapshot.readings.battery.get(name)
            if reading is None:
                continue
            _follow(of, reading, snapshot.time, elapsed_s)
            found[name] = _watched(of, reading, elapsed_s)
        if found != self.watched:
            self.watched = found

    def racks(self, battery: str) -> tuple[Floats, Floats]:
        """Our estimate of each rack's charge and its standard deviation; empty where there is none."""
        charge = self._of[battery].charge
        return (NO_RACKS, NO_RACKS) if charge is None else (charge.soc, charge.soc_std)

    def keep(self, now: datetime, elapsed_s: float, keep: Keep) -> None:
        """Hand the estimates to the ledger when their time has come: after a restart they go on from there."""
        if elapsed_s - self._kept_s < KEEP_EVERY_S:
            return
        charges = {name: of.charge for name, of in self._of.items() if of.charge is not None}
        if charges:
            self._kept_s = elapsed_s
            keep(KEPT, KeptCharges({name: _kept(charge, now) for name, charge in charges.items()}))


def own_limits(site: Site, cells: Mapping[str, Cell], folders: Sequence[Path] = ()) -> dict[str, BmsLimits]:
    """Our limits for each battery of a site; `folders` are the site's own, where tables of its own may stand."""
    return {battery.name: limits_for(cells[battery.cell.name], battery.layout, folders) for battery in site.batteries}


def _kept(charge: SocFilter, now: datetime) -> KeptCharge:
    return KeptCharge(now, tuple(charge.soc.round(5).tolist()), tuple(charge.soc_std.round(5).tolist()))


def _follow(of: _Of, reading: BatteryReading, now: datetime, elapsed_s: float) -> None:
    """The charge of each rack, once for every new reading of their voltages."""
    volts, amps, racks = reading.rack_voltage_v, reading.rack_current_a, of.battery.layout.rack
    if volts is of.seen or len(volts) != racks or len(amps) != racks:
        return
    if not all(reading.stamp(point).quality is Quality.GOOD for point in ("rack_voltage_v", "rack_current_a")):
        return
    if of.charge is None:
        of.charge = _begun(of, reading, now)
        of.seen, of.seen_s = volts, elapsed_s
        return
    dt_s = elapsed_s - of.seen_s
    degc = 0.5 * (reading.good("cell_temperature_min_degc") + reading.good("cell_temperature_max_degc"))
    at_degc = np.full(racks, 25.0 if isnan(degc) else degc)
    flowed_a = amps if 0.0 <= dt_s <= LONGEST_S else np.full(racks, nan)
    of.charge = observed(of.charge, of.cell, flowed_a, volts / of.battery.layout.series, at_degc, max(dt_s, 0.0))
    of.seen, of.seen_s = volts, elapsed_s


def _begun(of: _Of, reading: BatteryReading, now: datetime) -> SocFilter | None:
    """From what was known before the restart, or else from what the management says, and not to be relied on."""
    racks, kept = of.battery.layout.rack, of.kept
    capacity_ah = np.full(racks, of.cell.capacity_ah)
    if kept is not None and len(kept.soc) == racks and 0.0 <= (now - kept.saved).total_seconds() <= STALE_S:
        return new_filter(np.array(kept.soc), capacity_ah, soc_std=np.array(kept.soc_std) + 0.01)
    said = reading.rack_soc if len(reading.rack_soc) == racks else np.full(racks, reading.good("soc"))
    if not np.isfinite(said).all():
        return None
    return new_filter(said.astype(np.float64), capacity_ah, FilterOptions(start_std=VENDOR_STD))


def _watched(of: _Of, reading: BatteryReading, elapsed_s: float) -> Watched:
    soc, soc_std = nan, nan
    if of.charge is not None:
        # As coarse as anybody reads it, so that it is the same for a while, and the black box keeps it once.
        soc, soc_std = round(float(of.charge.soc.mean()), 3), round(float(of.charge.soc_std.mean()), 3)
    dt_s = elapsed_s - of.looked_s
    said = _told(of, reading)
    if said is None:
        return Watched(soc, soc_std) if soc == soc else NOT_WATCHED
    of.looked_s = elapsed_s
    of.standing = found = supervise(
        of.standing, of.limits, said, Ours(soc=soc, soc_std=soc_std), min(dt_s, LONGEST_STEP_S) if dt_s > 0.0 else 0.0
    )
    if found.stop_wanted:
        why = _opening(of)
        return Watched(soc, soc_std, 0.0, 0.0, why, why, stop=True)
    into = _edge(of, found.charge.share, found.charge_limit_w, found.charge_by, CHARGE, reading)
    out = _edge(of, found.discharge.share, found.discharge_limit_w, found.discharge_by, DISCHARGE, reading)
    return Watched(soc, soc_std, into[0], out[0], into[1], out[1])


def _opening(of: _Of) -> Reason:
    """Which rule stands at which our own management would open the battery."""
    table = of.limits.protection
    opens = of.standing.standing[:, 0] & (table.kinds[3] >= int(Action.OPEN))
    return StandingRule(table.rows[int(np.argmax(opens))][0].label)


def _told(of: _Of, reading: BatteryReading) -> Told | None:
    """What the device says, or None where it does not say all that our rules need: then nothing of ours moves."""
    values = [reading.good(point) for point in _WATCHED]
    if any(isnan(value) for value in values):
        return None
    rated_w = 2.0 * of.battery.converter.power_w  # more than any limit that would bind

    def said(point: str, unsaid: float) -> float:
        return reading.good(point) if point in reading.stamps else unsaid

    return Told(
        charge_limit_w=said("charge_limit_w", rated_w),
        discharge_limit_w=said("discharge_limit_w", rated_w),
        soc=reading.good("soc"),
        cell_voltage_min_v=values[0],
        cell_voltage_max_v=values[1],
        cell_temperature_min_degc=values[2],
        cell_temperature_max_degc=values[3],
        current_a=said("dc_current_a", 0.0),
        voltage_v=reading.good("dc_voltage_v"),
        racks=of.battery.layout.rack,
    )


def _edge(
    of: _Of, share: float, limit_w: float, binding: Binding, way: Words, reading: BatteryReading
) -> tuple[float, Reason | None]:
    """A limit of ours with its reason; none where nothing of ours narrows."""
    if share == 1.0:
        return inf, None
    layout, limits = of.battery.layout, of.limits
    return limit_w, told(_placed(binding, reading), way, share * limits.current_max_a, layout, limits.protection)


def _placed(binding: Binding, reading: BatteryReading) -> Binding:
    """Which cell it is, as the newest frame of all cells says; only the battery's extremes come every cycle."""
    if binding.source is Source.CELL_VOLTAGE:
        cells, highest = reading.cell_voltage_v, binding.value == reading.cell_voltage_max_v
    elif binding.source in (Source.COLD, Source.HOT):
        cells, highest = reading.cell_temperature_degc, binding.source is Source.HOT
    else:
        return binding
    if not np.isfinite(cells).any():
        return binding
    at = int(np.nanargmax(cells) if highest else np.nanargmin(cells))
    rack, place = divmod(at, cells[0].size)
    return replace(binding, rack=rack, place=place)
