"""A plant that was wired or set up wrongly: what its devices then say, and what becomes of what they are told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from leyden.model.points import scalar_points
from leyden.model.readings import BatteryReading, GridReading, LoadReading, MeterReading, Reading
from leyden.model.site import Site
from leyden.twin.faults import Fault
from leyden.twin.gate import GateSample

MISWIRED = ("reversed-ct", "reversed-dc", "wrong-scale", "swapped-unit", "meter-wrong-side")
"""The kinds of faults that are dealt with here."""

Key = tuple[str, str]
"""Role and thing."""

_SCALED = ("W", "var", "Wh")


class Wiring:
    """Which device speaks for what, so that a fault of a device finds its readings and its commands."""

    def __init__(self, site: Site) -> None:
        self._keys: dict[str, list[Key]] = {}
        for device, role, thing in site.roles():
            self._keys.setdefault(device, []).append((role, thing))
        self._bms = {battery.name: battery.bms for battery in site.batteries}

    def readings(self, found: Mapping[Key, Reading], faults: Iterable[Fault], gate: GateSample) -> dict[Key, Reading]:
        """What healthy devices would say, as it arrives with these faults, in the order in which they came."""
        said = dict(found)
        for fault in faults:
            if fault.kind == "swapped-unit":
                self._swap(said, *fault.pair)
            elif fault.kind in _CHANGES:
                device = self._bms.get(fault.target, fault.device)
                for key in self._keys.get(device, ()):
                    if key in said:
                        said[key] = _CHANGES[fault.kind](said[key], fault, gate)
        return said

    def command(self, thing: str, values: Mapping[str, float], faults: Sequence[Fault]) -> tuple[str, dict[str, float]]:
        """Which thing really hears what was written for one, and what it understands."""
        written = dict(values)
        for fault in reversed(faults):
            mine = {key for key in self._keys.get(fault.device, ()) if key[1] == thing and key[0] in _COMMANDED}
            if fault.kind == "wrong-scale" and not fault.point and mine:
                written = {name: value / _factor(name, fault) for name, value in written.items()}
            elif fault.kind == "swapped-unit":
                thing = self._other(thing, *fault.pair)
        return thing, written

    def _other(self, thing: str, one: str, other: str) -> str:
        """The thing behind the other address, if this thing's commands go to one of the two."""
        (role, a), (_, b) = self._keys[one][0], self._keys[other][0]
        return {a: b, b: a}.get(thing, thing) if role in _COMMANDED else thing

    def _swap(self, said: dict[Key, Reading], one: str, other: str) -> None:
        a, b = self._keys[one][0], self._keys[other][0]
        if a in said and b in said:
            said[a], said[b] = _in_place_of(said[a], said[b]), _in_place_of(said[b], said[a])


def _in_place_of(asked: Reading, there: Reading) -> Reading:
    """What is heard where `asked` is expected and the device of `there` answers: a meter in front of a load counts the
    other way round from one at the grid, for they have the same registers."""
    if type(asked) is type(there) or not isinstance(there, MeterReading):
        return there
    kind = GridReading if isinstance(asked, GridReading) else LoadReading
    turned = _reversed(there, None, None)
    return kind(stamps=turned.stamps, **{p.name: getattr(turned, p.name) for p in scalar_points(MeterReading)})


def _reversed(reading: Reading, fault: Fault | None, gate: GateSample | None) -> Reading:
    if not isinstance(reading, MeterReading):
        return reading
    return replace(
        reading,
        power_w=-reading.power_w,
        reactive_power_var=-reading.reactive_power_var,
        energy_out_wh=reading.energy_in_wh,
        energy_in_wh=reading.energy_out_wh,
    )


def _dc_reversed(reading: Reading, fault: Fault, gate: GateSample) -> Reading:
    if not isinstance(reading, BatteryReading):
        return reading
    return replace(reading, dc_current_a=-reading.dc_current_a, rack_current_a=-reading.rack_current_a)


def _scaled(reading: Reading, fault: Fault, gate: GateSample) -> Reading:
    factor = fault.params["factor"]
    names = [p.name for p in scalar_points(type(reading)) if p.unit in _SCALED and fault.point in ("", p.name)]
    return replace(reading, **cast(Any, {name: factor * getattr(reading, name) for name in names}))


def _beyond(reading: Reading, fault: Fault, gate: GateSample) -> Reading:
    """A meter that the batteries' power does not pass: it sees the rest of the site alone."""
    if not isinstance(reading, GridReading):
        return reading
    return replace(
        reading,
        power_w=reading.power_w + gate.batteries_w,
        reactive_power_var=reading.reactive_power_var + gate.batteries_var,
    )


def _factor(name: str, fault: Fault) -> float:
    return fault.params["factor"] if name.endswith(("_w", "_var")) else 1.0


_COMMANDED = ("converter", "solar", "wind")
_CHANGES: Mapping[str, Callable[[Reading, Fault, GateSample], Reading]] = {
    "reversed-ct": _reversed,
    "reversed-dc": _dc_reversed,
    "wrong-scale": _scaled,
    "meter-wrong-side": _beyond,
}
