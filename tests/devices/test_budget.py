"""How often a device's memory may be written in a day."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from leyden.devices.budget import Budget, WriteCounts

SHANGHAI = ZoneInfo("Asia/Shanghai")
LIMITS: Mapping[str, int] = {"pcs1": 3, "pcs2": 1}


class DayClock:
    """Says what it is told."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def elapsed_s(self) -> float:
        return 0.0

    async def sleep_until(self, elapsed_s: float) -> None:
        raise NotImplementedError


class Kept:
    def __init__(self, full: bool = False) -> None:
        self.counts: WriteCounts | None = None
        self.full = full

    def load(self) -> WriteCounts | None:
        return self.counts

    def save(self, counts: WriteCounts) -> None:
        if self.full:
            raise OSError("no space left on device")
        self.counts = counts


def made(now: datetime, store: Kept | None = None) -> tuple[Budget, DayClock]:
    clock = DayClock(now)
    return Budget(clock, SHANGHAI, LIMITS, store), clock


def test_each_device_has_its_own():
    budget, _ = made(datetime(2026, 7, 15, tzinfo=UTC))
    for _ in range(3):
        assert budget.left("pcs1")
        budget.spend("pcs1")
    assert not budget.left("pcs1")
    assert budget.left("pcs2")


def test_a_day_is_the_sites_own():
    budget, clock = made(datetime(2026, 7, 15, 15, 59, tzinfo=UTC))
    budget.spend("pcs2")
    budget.refuse("pcs2")
    assert (budget.left("pcs2"), budget.refused("pcs2")) == (False, 1)
    clock.time += timedelta(minutes=1)  # midnight in Shanghai
    assert (budget.left("pcs2"), budget.refused("pcs2")) == (True, 0)


def test_a_restart_forgets_nothing():
    kept = Kept()
    budget, clock = made(datetime(2026, 7, 15, tzinfo=UTC), kept)
    budget.spend("pcs1")
    budget.spend("pcs1")
    again = Budget(clock, SHANGHAI, LIMITS, kept)
    assert again.spent("pcs1") == 2


def test_two_processes_of_one_site_spend_from_one_budget():
    kept = Kept()
    station, clock = made(datetime(2026, 7, 15, tzinfo=UTC), kept)
    commissioning = Budget(clock, SHANGHAI, LIMITS, kept)
    station.spend("pcs1")
    commissioning.spend("pcs1")
    commissioning.spend("pcs2")
    station.spend("pcs1")
    assert not commissioning.left("pcs1")
    assert (station.spent("pcs1"), station.left("pcs2")) == (3, False)


def test_a_clock_that_is_set_back_begins_no_new_day():
    budget, clock = made(datetime(2026, 7, 15, tzinfo=UTC))
    budget.spend("pcs2")
    clock.time -= timedelta(days=3)
    assert not budget.left("pcs2")
    clock.time += timedelta(days=1)
    assert budget.left("pcs2")


def test_a_full_disk_stops_no_count():
    budget, _ = made(datetime(2026, 7, 15, tzinfo=UTC), Kept(full=True))
    budget.spend("pcs2")
    assert not budget.left("pcs2")


@given(st.lists(st.tuples(st.sampled_from(sorted(LIMITS)), st.integers(0, 40)), max_size=60))
def test_who_asks_first_never_writes_more_than_the_limit_in_a_day(asked):
    budget, clock = made(datetime(2026, 7, 15, tzinfo=UTC))
    written: dict[tuple[str, str], int] = {}
    for device, hours in asked:
        clock.time += timedelta(hours=hours)
        if budget.left(device):
            budget.spend(device)
            day = clock.time.astimezone(SHANGHAI).date().isoformat()
            written[device, day] = written.get((device, day), 0) + 1
    assert all(count <= LIMITS[device] for (device, _), count in written.items())
