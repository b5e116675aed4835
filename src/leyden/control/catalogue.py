"""Which controllers there are: found by looking, never listed.

Protective ones are always there, in this order. The others are what `[[control]]` may `use`: every dataclass of this
package, or of an entry point in the group `leyden.controllers`, that has a `use`.
"""

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

import leyden.control
from leyden.control.battery_limits import BatteryLimits
from leyden.control.following import Following
from leyden.control.grid_limits import GridLimits
from leyden.control.grid_meter import GridMeter
from leyden.control.locks import Locks
from leyden.control.manual import Manual
from leyden.control.ratings import Ratings
from leyden.control.soft_start import SoftStart
from leyden.control.supervision import Supervision
from leyden.model.errors import LeydenError
from leyden.model.proposal import Controller
from leyden.model.site import Site

GROUP = "leyden.controllers"
"""Entry points of other packages: `[project.entry-points."leyden.controllers"]`, each naming a class."""


class TwoControllersError(LeydenError):
    """Two classes answer to the same `use`."""


def protective(site: Site) -> tuple[Controller[Any], ...]:
    """The protective controllers of a site: people first, then what equipment can bear, then the grid connection."""
    return (
        Locks(site), Ratings(site), Following(site), BatteryLimits(), Supervision(),
        GridMeter(), GridLimits(site), SoftStart(),
    )  # fmt: skip


def chain(site: Site, configured: Sequence[Controller[Any]]) -> tuple[Controller[Any], ...]:
    """Everybody in the order of priority: the protective ones, commands, then what `[[control]]` lists."""
    return (*protective(site), Manual(), *configured)


@cache
def controller_types() -> Mapping[str, type[Any]]:
    """The class behind each `use`. Raises TwoControllersError where two claim one name."""
    found: dict[str, type[Any]] = {}
    for cls in (*_ours(), *(entry.load() for entry in entry_points(group=GROUP))):
        other = found.setdefault(cls.use, cls)
        if other is not cls:
            raise TwoControllersError(
                f'use = "{cls.use}" is claimed by {other.__module__} and by {cls.__module__}: rename one of them'
            )
    return MappingProxyType(dict(sorted(found.items())))


def _ours() -> Iterator[type[Any]]:
    for info in pkgutil.iter_modules(leyden.control.__path__):
        module = import_module(f"{leyden.control.__name__}.{info.name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and value.__module__ == module.__name__
                and isinstance(getattr(value, "use", None), str)
            ):
                yield value
