"""A site beside its twin in this process and in simulated time: what live runs, as fast as it goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leyden.model.site import Site
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.config import SiteConfig, load_config
from leyden.runtime.simulate import simulate
from leyden.runtime.station import Moment, Station
from leyden.runtime.wiring import Stores, demo_environment, make_station, open_stores
from leyden.twin import Twin
from tests.whole.park import SITES


@dataclass
class Inside:
    """A station, its twin, and the clock that both go by."""

    config: SiteConfig
    station: Station
    twin: Twin
    clock: SimulatedClock
    stores: Stores
    period_s: float

    @property
    def site(self) -> Site:
        return self.config.site

    @property
    def moment(self) -> Moment:
        """The newest cycle."""
        assert self.station.moment is not None
        return self.station.moment

    def run(self, seconds: float, progress: Any = lambda done: None) -> None:
        """Let simulated time pass, turn by turn; `progress` is called after each step of the twin."""
        until = self.clock.now() + timedelta(seconds=seconds)
        simulate(self.station, self.twin, self.clock, until, self.period_s, progress)


def configured(folder: Path, site: str = "park.toml", text: Any = str) -> SiteConfig:
    """A shipped site as a file of its own in `folder`, its text changed as the test needs it."""
    path = folder / site
    path.write_text(text((SITES / site).read_text()))
    return load_config(path)


@contextmanager
def inside(config: SiteConfig, start: datetime | str, period_s: float = 1.0, **twin: Any) -> Iterator[Inside]:
    """The site at a moment (its own wall clock unless a zone stands with it); `twin` changes options of the twin."""
    begin = datetime.fromisoformat(start) if isinstance(start, str) else start
    begin = begin if begin.tzinfo else begin.replace(tzinfo=config.site.zone)
    assert config.twin is not None
    options = replace(config.twin, **{"step_s": period_s, **twin})
    plant, clock = Twin(config.site, options, config.cells, begin), SimulatedClock(begin.astimezone(UTC))
    with open_stores(config, simulated=True) as stores:
        station = make_station(config, demo_environment(1.0), clock, plant, None, stores)
        yield Inside(config, station, plant, clock, stores, period_s)
