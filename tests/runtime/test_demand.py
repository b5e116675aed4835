"""The month's highest demand: as the meter counts it, over restarts, and as a person knows better."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leyden.control.quarter import Quarter, counted
from leyden.history import Ledger
from leyden.runtime.clock import SimulatedClock
from leyden.runtime.demand import KeptQuarter, MonthDemand
from leyden.runtime.refused import RefusedError
from leyden.runtime.sums import Sums
from tests.control.test_arbitrate import ONE
from tests.whole.inside import configured, inside

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)


def quarters(powers_w: dict[float, float], until_s: float, step_s: float = 1.0) -> list[Quarter]:
    """What is counted of an import that steps to these powers at these times."""
    found, at, power_w = [Quarter()], 0.0, 0.0
    while at <= until_s:
        power_w = powers_w.get(at, power_w)
        found.append(counted(found[-1], NOON + timedelta(seconds=at), at, power_w))
        at += step_s
    return found[1:]


@pytest.fixture
def ledger(tmp_path):
    kept = Ledger(tmp_path / "data")
    yield kept
    kept.close()


def sums(ledger: Ledger, clock: SimulatedClock) -> Sums:
    def keep(name: str, state: object) -> None:
        ledger.states.save(name, state, clock.now())

    return Sums(ONE, clock, ledger, keep)


def fed(found: Sums, clock: SimulatedClock, powers_w: dict[float, float], until_s: float, trusted: bool = True) -> None:
    for quarter in quarters(powers_w, until_s):
        found.count(quarter, trusted)
        clock.advance(1.0)


def test_the_highest_finished_quarter_counts(ledger):
    clock = SimulatedClock(NOON)
    found = sums(ledger, clock)
    fed(found, clock, {0.0: 8e5, 450.0: 1.2e6, 900.0: 6e5, 1800.0: 3e6}, 2000.0)
    assert found.demand.at(clock.now(), SHANGHAI) == pytest.approx(1e6, rel=1e-3)


def test_it_survives_a_kill_at_any_moment_and_so_does_what_was_counted_of_the_quarter(ledger):
    clock = SimulatedClock(NOON)
    found = sums(ledger, clock)
    fed(found, clock, {0.0: 1e6, 900.0: 2e6}, 900.0 + 600.0)
    found.keep()
    again = sums(ledger, SimulatedClock(clock.now()))
    assert again.demand == found.demand
    assert again.quarter == found.quarter
    # It goes on counting where it was: the rest of the quarter at half the power.
    quarter, at = again.quarter.quarter, 0.0
    while quarter.number == found.quarter.number:
        quarter = counted(quarter, NOON + timedelta(seconds=1500.0 + at), at, 1e6)
        again.count(quarter, True)
        at += 1.0
    assert again.demand.highest_w == pytest.approx((600.0 * 2e6 + 300.0 * 1e6) / 900.0, rel=5e-3)


def test_a_quarter_of_which_little_was_seen_counts_for_what_it_can_least_have_been():
    assert KeptQuarter(1, 1e6 * 600.0, 600.0).demand_w == 1e6
    assert KeptQuarter(1, 1e6 * 90.0, 90.0).demand_w == 1e5


def test_a_month_begins_anew_by_the_sites_own_clock():
    def quarter(time: datetime, mean_w: float) -> KeptQuarter:
        return KeptQuarter(int(time.timestamp() // 900), mean_w * 900.0, 900.0)

    july, august = datetime(2026, 7, 31, 23, 45, tzinfo=SHANGHAI), datetime(2026, 8, 1, tzinfo=SHANGHAI)
    found = MonthDemand().finished(quarter(july, 2e6), SHANGHAI)
    assert found.at(july, SHANGHAI) == 2e6
    assert found.at(august, SHANGHAI) is None
    assert found.finished(quarter(august, 1e6), SHANGHAI).at(august, SHANGHAI) == 1e6


def test_while_the_clock_is_not_right_nothing_counts_for_a_month(ledger):
    clock = SimulatedClock(NOON)
    found = sums(ledger, clock)
    fed(found, clock, {0.0: 1e6}, 1000.0, trusted=False)
    assert found.demand.at(clock.now(), SHANGHAI) is None


def test_a_person_knows_better_and_it_is_logged(tmp_path):
    with inside(configured(tmp_path), "2026-09-20T11:30") as site:
        station = site.station
        station.enter_demand(1.2e6, "Li", "read from the meter")
        assert station.sums.demand.at(site.clock.now(), site.site.zone) == 1.2e6
        with pytest.raises(RefusedError, match="0 W or more"):
            station.enter_demand(-1.0, "Li")
        (action,) = station.ledger.actions.between(NOON, site.clock.now() + timedelta(seconds=1))
        assert (action.by, action.what, action.before, action.after) == ("Li", "demand-entered", None, 1.2e6)
        now = site.clock.now()
    with inside(configured(tmp_path), now) as again:
        assert again.station.sums.demand.at(now, again.site.zone) == 1.2e6


def test_a_station_goes_on_counting_its_quarter_over_a_restart(tmp_path):
    """Half the quarter before, half after: the mean is of both, as far as it was kept."""
    config = configured(tmp_path)
    with inside(config, "2026-01-21T18:00", period_s=5.0) as site:
        site.run(300.0)
        before_w, now = site.moment.snapshot.derived.import_mean_15min_w, site.clock.now()
        site.station.keep_today()
    with inside(config, now, period_s=5.0) as again:
        again.station.lock("b1", "Li", "so that import is another")
        again.run(5.0)
        after_w = again.moment.snapshot.derived.import_mean_15min_w
        assert after_w == pytest.approx(before_w, rel=1e-6)
        again.run(300.0)
        grid_w = again.moment.snapshot.readings.grid.power_w
        mean_w = again.moment.snapshot.derived.import_mean_15min_w
        assert grid_w > 1.2 * before_w
        assert mean_w == pytest.approx((before_w + grid_w) / 2, rel=0.05)


def test_the_sums_are_written_once_a_minute_and_no_more(tmp_path, monkeypatch):
    with inside(configured(tmp_path), "2026-09-20T11:30:05") as site:
        states, written = site.stores.ledger.states, []
        save = states.save

        def counting(name, state, time):
            if saved := save(name, state, time):
                written.append(name)
            return saved

        site.run(20.0)  # what controllers keep at first is kept once
        monkeypatch.setattr(states, "save", counting)
        site.run(120.0)
        assert 1 <= written.count("station.sums") <= 3
        assert len(written) <= 5
