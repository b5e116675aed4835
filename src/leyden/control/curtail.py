"""How much sun and wind the site can use: what nobody draws, stores or may feed in is not generated.

The load is generation plus net demand. The meter is late, so as in `demand` the load stands while the generation's own
moves of the last seconds can explain what the meter shows: a ceiling that takes effect is no change of the load.
"""

from collections.abc import Sequence
from math import nan

from msgspec import Struct

from leyden.control.delay import LONGEST_S
from leyden.control.room import room
from leyden.control.split import split
from leyden.control.trace import Trace
from leyden.model.bounds import Bounds
from leyden.model.proposal import NOTHING, Proposal, Want
from leyden.model.reason import Reason
from leyden.model.site import Source
from leyden.model.snapshot import Snapshot
from leyden.model.words import Words

STEP = 0.01
"""Ceilings move in steps of this share of the rating: many inverters write them to a memory that wears."""
ROOM = 0.02
"""Share of its rating by which the ceiling of an idle plant is weighed, so that it can begin."""


class Curtailed(Reason, frozen=True):
    """Solar or wind must not generate all it could."""

    charge_w: float
    load_w: float
    limit_w: float
    sentence = Words(
        "负荷 {load_w},电池可充 {charge_w},上网限值 {limit_w}",
        "load {load_w}, the batteries take {charge_w}, export limit {limit_w}",
    )


class Generated(Struct, frozen=True):
    """What has been generated lately, and the load that follows."""

    power: Trace = Trace()
    load_w: float = nan
    names: tuple[str, ...] = ()


NOBODY = Generated()
"""Where nothing is generated, or nothing of it could be too much."""


def ceilings(snapshot: Snapshot, net_w: float, before: Generated) -> tuple[Proposal, Generated]:
    """Wants for solar and wind; none where all of it can be used. What cannot be curtailed is in the net demand."""
    if net_w + snapshot.site.grid.export_limit_w >= snapshot.site.source_power_w:
        return NOTHING, NOBODY  # the load can only be more than the net demand
    sources, powers_w, unmeasured = _curtailable(snapshot)
    generated = _load(
        before, snapshot.context.elapsed_s, net_w, tuple(source.name for source in sources), sum(powers_w)
    )
    export_w = snapshot.site.grid.export_limit_w
    rated_w = sum(source.power_w for source in sources)
    if generated.load_w + export_w >= rated_w and not unmeasured:
        return NOTHING, generated
    charge_w = sum(room(battery, snapshot).charge_w for battery in snapshot.site.batteries)
    reason = Curtailed(charge_w, generated.load_w, export_w)
    usable_w = generated.load_w + export_w + charge_w
    wants = []
    if usable_w < rated_w:
        for source, share_w in zip(sources, _shared(sources, powers_w, max(0.0, usable_w)), strict=True):
            wants.append(Want(source.name, reason, power_w=Bounds(0.0, _stepped(snapshot, source, share_w))))
    wants += [
        Want(source.name, reason, power_w=Bounds(0.0, _unseen(snapshot, source, usable_w < 0.0)))
        for source in unmeasured
    ]
    return tuple(wants), generated


def _load(before: Generated, elapsed_s: float, net_w: float, names: tuple[str, ...], total_w: float) -> Generated:
    """The load, unless the generation's own moves explain what the meter shows."""
    same = names == before.names and before.load_w == before.load_w
    power = (before.power if same else Trace()).add(elapsed_s, total_w, LONGEST_S)
    least_w, most_w = power.within(elapsed_s - LONGEST_S, elapsed_s)
    load_w = min(max(net_w + least_w, before.load_w), net_w + most_w) if same else net_w + total_w
    return Generated(power, load_w, names)


def _curtailable(snapshot: Snapshot) -> tuple[list[Source], list[float], list[Source]]:
    """Solar and wind that can be told a ceiling: those that are measured, with their powers, and those that are not."""
    site, readings = snapshot.site, snapshot.readings
    sources, powers_w, unmeasured = [], [], []
    for group, measured in ((site.solar, readings.solar), (site.wind, readings.wind)):
        for source in group:
            if not source.curtail:
                continue
            reading = measured.get(source.name)
            power_w = nan if reading is None else reading.good("power_w")
            if power_w == power_w:
                sources.append(source)
                powers_w.append(max(0.0, power_w))
            else:
                unmeasured.append(source)
    return sources, powers_w, unmeasured


def _shared(sources: Sequence[Source], powers_w: Sequence[float], usable_w: float) -> list[float]:
    """Ceilings by what each generates now, so that the one that has the sun may use it."""
    weight = [power_w + ROOM * source.power_w for source, power_w in zip(sources, powers_w, strict=True)]
    return split(usable_w, [0.0] * len(sources), [source.power_w for source in sources], weight)


def _stepped(snapshot: Snapshot, source: Source, share_w: float) -> float:
    """The ceiling in force while it is safe and near enough, else the next lower step."""
    step_w = STEP * source.power_w
    told = snapshot.context.setpoints.get(source.name)
    if told is not None and told.power_w <= share_w < told.power_w + 2.0 * step_w:
        return told.power_w
    return share_w // step_w * step_w


def _unseen(snapshot: Snapshot, source: Source, too_much: bool) -> float:
    """What a plant that is not measured may do: no more than before, and less as long as there is too much."""
    told = snapshot.context.setpoints.get(source.name)
    ceiling_w = source.power_w if told is None else told.power_w
    return max(0.0, ceiling_w - 10.0 * STEP * source.power_w) if too_much else ceiling_w
