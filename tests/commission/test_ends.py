"""Watchdog, stop and limits: what a converter's power says after nobody writes, after a stop, beyond its rating."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leyden.commission.judge.limits import judge_device_limit
from leyden.commission.judge.stop import Stopping, judge_stop
from leyden.commission.judge.trace import NOTHING, Series
from leyden.commission.judge.watchdog import MOST_LATE_S, Starved, judge_watchdog

TOLD_W, ARMED_S, SLACK_S = -75e3, 30.0, 2.0


def power(*stretches, look_s=0.25, start_s=-5.0):
    """Looks at a power that is held for so many seconds each."""
    rows, t_s = [], start_s
    for value, seconds in stretches:
        end_s = t_s + seconds
        while t_s < end_s:
            rows.append((t_s, value))
            t_s += look_s
    return Series.of(rows)


def starved(of, end_s=60.0, told_w=TOLD_W):
    return judge_watchdog(of, Starved("b1", told_w, 0.0, ARMED_S, end_s, SLACK_S)).verdict


@given(st.floats(1.0, ARMED_S + SLACK_S + MOST_LATE_S - 1.0), st.floats(0.1, 3.0))
def test_a_watchdog_that_acts_in_its_time_works_and_its_time_is_told(took_s, look_s):
    found = starved(power((TOLD_W, 5.0 + took_s), (0.0, 30.0), look_s=look_s))
    assert found.code == "WatchdogWorks"
    assert found.as_json()["took_s"] == pytest.approx(took_s, abs=look_s + 1e-6)


@given(st.floats(0.0, 0.99))
def test_one_that_goes_on_is_dead_however_it_wobbles(wobble):
    rng = np.random.default_rng(1)
    of = power((TOLD_W, 65.0))
    of = Series(of.t_s, of.value * (1.0 + 0.4 * wobble * rng.uniform(-1.0, 1.0, of.value.size)))
    assert starved(of).code == "WatchdogDead"


def test_one_that_acts_too_late_is_late_and_one_that_was_not_looked_at_is_undecided():
    assert starved(power((TOLD_W, 5.0 + 50.0), (0.0, 10.0))).code == "WatchdogLate"
    assert starved(power((TOLD_W, 7.0)), end_s=3.0).code == "WatchdogUndecided"
    assert starved(power((0.0, 60.0))).code == "WatchdogUndecided"
    assert starved(NOTHING).code == "WatchdogUndecided"


def test_old_values_after_a_stumble_make_no_dead_watchdog():
    """Two looks beyond its time with the power of before, as a stalled computer shows, and then nothing more."""
    of = Series.of([(-1.0, TOLD_W), (1.0, TOLD_W), (38.0, TOLD_W), (38.2, TOLD_W)])
    assert starved(of, end_s=38.3).code == "WatchdogUndecided"


def stopped(of, told_w=TOLD_W, ordered=True):
    return judge_stop(of, Stopping("b1", told_w, 0.0, 20.0, 5.0, ordered)).verdict.code


def test_a_stop_is_kept_or_it_is_none():
    assert stopped(power((TOLD_W, 6.0), (0.0, 19.0))) == "StopWorks"
    assert stopped(power((TOLD_W, 6.0), (0.0, 19.0)), ordered=False) == "ZeroWorks"
    assert stopped(power((TOLD_W, 25.0))) == "StopIgnored"
    assert stopped(power((TOLD_W, 15.0), (0.0, 10.0))) == "StopIgnored"
    assert stopped(power((TOLD_W, 6.0), (0.0, 9.0), (TOLD_W, 10.0))) == "StopNotKept"
    assert stopped(power((0.0, 25.0))) == "StopUndecided"
    assert stopped(NOTHING) == "StopUndecided"


@given(st.floats(-1.6e6, 1.6e6))
def test_a_limit_holds_exactly_where_the_power_stays_within_the_rating(reached_w):
    found = judge_device_limit(power((reached_w, 10.0)), "b1", 1.65e6, 1.5e6, -5.0, 5.0).code
    wanted = (
        "DeviceExceeds" if abs(reached_w) > 1.545e6 else "DeviceHolds" if abs(reached_w) >= 7.5e5 else "DeviceUnproven"
    )
    assert found == wanted
    assert judge_device_limit(NOTHING, "b1", 1.65e6, 1.5e6, -5.0, 5.0).code == "DeviceUnproven"
