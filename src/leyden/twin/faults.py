"""The faults that are in a twin: put in, looked at, taken out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from leyden.model.errors import LeydenError
from leyden.model.points import points_of
from leyden.model.readings import ROLES
from leyden.model.site import Site
from leyden.model.words import Words
from leyden.twin.fault_kinds import KINDS, FaultKind, FaultParam, TargetOf


class FaultError(LeydenError, ValueError):
    """A fault that cannot be put in; `words` say why and what could be."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that is in."""

    id: int
    kind: str
    target: str
    params: Mapping[str, float]
    since: datetime
    """Site time."""
    since_s: float
    """The twin's elapsed time."""

    @property
    def device(self) -> str:
        """The device of a fault on a device or a point."""
        return self.target.partition(".")[0]

    @property
    def pair(self) -> tuple[str, str]:
        """The two devices of a fault on a pair."""
        one, _, other = self.target.partition("+")
        return one, other

    @property
    def point(self) -> str:
        """The point of a fault on a point, else empty."""
        return self.target.partition(".")[2]


class Faults:
    """Keeps what is in; the twin is told of every change and does what it means."""

    def __init__(self, site: Site, now: Callable[[], tuple[datetime, float]], changed: Callable[[], None]) -> None:
        self._now = now
        self._changed = changed
        self._kinds = {kind.kind: replace(kind, targets=_targets(site, kind)) for kind in KINDS}
        self._cells = {battery.name: battery.layout.shape for battery in site.batteries}
        self._active: dict[int, Fault] = {}
        self._next = 1

    def kinds(self) -> Sequence[FaultKind]:
        """What can be put in, with the targets there are at this site."""
        return [kind for kind in self._kinds.values() if kind.targets]

    def active(self) -> Sequence[Fault]:
        """What is in, oldest first."""
        return list(self._active.values())

    def put(self, kind: str, target: str, params: Mapping[str, object] | None = None) -> Fault:
        """Put a fault in; raises FaultError for a kind, target or parameter that there is not."""
        found = self._kinds.get(kind)
        if found is None:
            raise FaultError(_choose("故障", "fault", kind, self._kinds))
        if target not in found.targets:
            raise FaultError(_choose("对象", "target", target, found.targets))
        numbers = self._numbers(found, target, dict(params or {}))
        since, since_s = self._now()
        fault = Fault(self._next, kind, target, numbers, since, since_s)
        self._active[fault.id] = fault
        self._next += 1
        self._changed()
        return fault

    def take(self, fault_id: int) -> None:
        """Take a fault out; KeyError if it is not in."""
        del self._active[fault_id]
        self._changed()

    def restore(self, faults: Sequence[Fault]) -> None:
        """Put back what was in before a restart."""
        self._active = {fault.id: fault for fault in faults}
        self._next = max(self._active, default=0) + 1
        self._changed()

    def _numbers(self, kind: FaultKind, target: str, written: dict[str, object]) -> dict[str, float]:
        known = {param.name: param for param in kind.params}
        if unknown := written.keys() - known.keys():
            raise FaultError(_choose("参数", "parameter", min(unknown), known))
        numbers = {name: _number(param, written.get(name, param.default)) for name, param in known.items()}
        for axis, count in zip(("rack", "module", "cell"), self._cells.get(target, ()), strict=False):
            if axis in numbers and not (numbers[axis] <= count and numbers[axis] == int(numbers[axis])):
                there = f"{axis} 1 … {count}"
                raise FaultError(Words(f"没有 {axis} {numbers[axis]:g}:应为 {there}", f"there is only {there}"))
        return numbers


def _number(param: FaultParam, written: object) -> float:
    number = float(written) if isinstance(written, int | float) and not isinstance(written, bool) else float("nan")
    if not param.low <= number <= param.high:
        there = f"{param.low:g} … {param.high:g}"
        raise FaultError(
            Words(f"{param.name} 应在 {there} 之间,现为 {written!r}", f"{param.name} must be {there}, not {written!r}")
        )
    return number


def _choose(zh: str, en: str, found: str, there: Mapping[str, object] | Sequence[str]) -> Words:
    names = ", ".join(there)
    return Words(f"没有{zh} {found!r};可选:{names}", f"there is no {en} {found!r}; there are: {names}")


def _targets(site: Site, kind: FaultKind) -> tuple[str, ...]:
    """Names at this site that a kind can be put on."""
    names: dict[TargetOf, tuple[str, ...]] = {
        "device": tuple(device.name for device in site.devices),
        "point": _points(site),
        "battery": tuple(battery.name for battery in site.batteries),
        "source": tuple(source.name for source in (*site.solar, *site.wind)),
        "load": tuple(load.name for load in site.loads),
        "gate": (site.grid.device,),
        "meter": _devices(site, ("grid", "load")),
        "power": _devices(site, POWER_ROLES),
        "power point": tuple(f"{device}.power_w" for device in _devices(site, POWER_ROLES)),
        "pair": pairs(site),
    }
    return tuple(name for target in kind.on for name in names[target])


POWER_ROLES = ("grid", "load", "solar", "wind", "converter")
_ALIKE = {"grid": "meter", "load": "meter", "solar": "source", "wind": "source"}


def _devices(site: Site, roles: Sequence[str]) -> tuple[str, ...]:
    """The devices that play one of these roles; one name once."""
    return tuple(dict.fromkeys(device for device, role, _ in site.roles() if role in roles))


def pairs(site: Site) -> tuple[str, ...]:
    """Devices that can be taken for one another: the same map, one role each, and of the same kind."""
    kinds: dict[str, list[str]] = {}
    for device, role, _ in site.roles():
        kinds.setdefault(device, []).append(_ALIKE.get(role, role))
    alone = [(d.name, d.map, *kinds[d.name]) for d in site.devices if len(kinds.get(d.name, ())) == 1]
    return tuple(f"{a[0]}+{b[0]}" for a, b in combinations(alone, 2) if a[1:] == b[1:])


def _points(site: Site) -> tuple[str, ...]:
    """`device.point` for every point of every role that a device plays; one name once."""
    return tuple(
        dict.fromkeys(f"{device}.{point.name}" for device, role, _ in site.roles() for point in points_of(ROLES[role]))
    )
