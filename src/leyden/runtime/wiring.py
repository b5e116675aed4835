"""Environments: what a station is made of, live, in shadow or beside a twin. Chosen here and nowhere else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from leyden.alarms import AlarmBook, Wiring
from leyden.control.keep_reserve import KeepReserve
from leyden.history import Ledger, Record
from leyden.model.clock import Clock
from leyden.model.plan import Plan
from leyden.model.plant import Plant
from leyden.model.role import Role
from leyden.model.snapshot import Price
from leyden.model.words import Words
from leyden.plan import plan_from_csv, time_of_use_plan
from leyden.runtime.clock import TwinClock
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.http import AnswerError, request_json
from leyden.runtime.links import Links
from leyden.runtime.planner import MakePlan
from leyden.runtime.points import named_points
from leyden.runtime.station import Environment, Station
from leyden.runtime.watching import Watching, own_limits

LIVE = Environment("live", "LIVE")
"""Real devices; whether they are written to is the mode that the ledger keeps."""


def demo_environment(speed: float) -> Environment:
    """A twin stands in for the devices."""
    return Environment("demo", "SIMULATED", speed)


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a site keeps what happened and what must hold."""

    record: Record
    ledger: Ledger


def twin_clock(port: int, site: str) -> TwinClock:
    """The clock of this site's twin behind this control port. Raises AnswerError where there is none, or another's."""
    told = request_json("GET", f"http://127.0.0.1:{port}/clock")
    if told["site"] != site:
        other = Words(f"端口 {port} 上是站点 {told['site']} 的孪生", f"port {port} has the twin of {told['site']}")
        raise AnswerError(409, other)
    return TwinClock(datetime.fromisoformat(told["origin"]), told["monotonic_s"], told["speed"])


@contextmanager
def open_stores(config: SiteConfig, simulated: bool) -> Iterator[Stores]:
    """The site's record and ledger, closed in order at the end."""
    folder = data_folder(config, simulated)
    names = [point.name for point in named_points(config.site)]
    with closing(Record(folder, names, config.history, simulated)) as record, closing(Ledger(folder)) as ledger:
        yield Stores(record, ledger)


def make_station(
    config: SiteConfig, environment: Environment, clock: Clock, plant: Plant, links: Links | None, stores: Stores
) -> Station:
    """A station of these parts, in the mode that its ledger keeps."""
    return Station(
        site=config.site,
        environment=environment,
        clock=clock,
        plant=plant,
        links=links,
        controllers=config.controllers,
        record=stores.record,
        ledger=stores.ledger,
        alarms=AlarmBook(stores.ledger.alarms, Wiring.of(config.site)),
        price_at=price_source(config),
        make_plan=plan_source(config),
        cells_every_s=config.history.cells_every_s,
        watching=Watching(
            config.site, config.cells, own_limits(config.site, config.cells, [config.path.parent]), stores.ledger
        ),
    )


def first_token(ledger: Ledger, now: datetime) -> str | None:
    """An administrator's token, made once in the life of a site that nobody can log in to: never shown again."""
    known = ledger.tokens.all() or ledger.users.all()
    return None if known else ledger.tokens.create("first start", Role.ADMINISTRATOR, now)


def price_source(config: SiteConfig) -> Callable[[datetime], Price]:
    """What energy costs at a moment."""
    tariff = config.tariff
    if tariff is None:
        return lambda time: Price()
    return tariff.price_at


def plan_source(config: SiteConfig) -> MakePlan | None:
    """How plans are made here; None where the site has none."""
    site, tariff, options = config.site, config.tariff, config.plan
    if options.source == "none" or (options.source == "time-of-use" and tariff is None):
        return None
    if options.source == "time-of-use":
        # What the control keeps back is nothing that a plan may spend.
        reserve = max((c.soc for c in config.controllers if isinstance(c, KeepReserve)), default=0.0)

        def by_time_of_use(soc: Mapping[str, float], start: datetime, end: datetime) -> Plan:
            assert tariff is not None
            return time_of_use_plan(site, tariff, soc, start, end, reserve=reserve)

        return by_time_of_use
    path = config.path.parent / options.source

    def from_file(soc: Mapping[str, float], start: datetime, end: datetime) -> Plan:
        # Read anew each time: people replace it while the site runs. Beside a twin it may be later now than there.
        made = min(datetime.fromtimestamp(path.stat().st_mtime, UTC), start)
        return plan_from_csv(path, site, made=made)

    return from_file
