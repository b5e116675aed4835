"""What drives loads, sun and wind."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import leyden.twin
from leyden.twin import PROFILES, ProfileOptions, ProfileStep
from leyden.twin.profiles import SIMBENCH, make_profile, moment

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text, elapsed_s=0.0, zone=SHANGHAI):
    return moment(datetime.fromisoformat(text).replace(tzinfo=zone), zone, elapsed_s)


def value(profile, text, ripple=0.0, seed=1, zone=SHANGHAI):
    return make_profile("x", ProfileOptions(profile, 1.0), None, ripple, seed).power_w(at(text, zone=zone))


def test_the_shipped_profiles_are_those_of_the_file():
    assert value("simbench-g1a", "2026-01-01 00:00") == 0.0395
    assert value("simbench-g3m", "2027-01-01 00:15") == 0.4264
    assert value("simbench-g3m", "2027-01-01 00:07:30") == pytest.approx((0.5085 + 0.4264) / 2)
    assert value("simbench-wp4", "2016-01-01 00:45") == 0.9874
    assert value("simbench-pv5", "2026-07-15 00:00") == 0.0
    assert value("simbench-pv5", "2026-07-15 12:00") > 0.3


@pytest.mark.parametrize("profile", SIMBENCH)
def test_every_profile_runs_through_the_year_within_its_peak(profile):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = make_profile("x", ProfileOptions(profile, 5e5), None, 0.0, 1)
    values = [made.power_w(moment(start + timedelta(minutes=47 * k), SHANGHAI, 0.0)) for k in range(11200)]
    assert min(values) >= 0.0
    assert 0.55 * 5e5 < max(values) <= 5e5  # the solar profile's best moment is 60 % of what is installed


def test_the_sites_wall_clock_counts_through_daylight_saving():
    berlin = ZoneInfo("Europe/Berlin")
    assert value("simbench-g3m", "2026-07-15 09:00", zone=berlin) == value("simbench-g3m", "2026-07-15 09:00")
    # 02:30 does not exist on 29 March 2026; half past one UTC is half past three on the wall.
    spring = moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), berlin, 0.0)
    assert make_profile("x", ProfileOptions("simbench-g3m", 1.0), None, 0.0, 1).power_w(spring) == value(
        "simbench-g3m", "2026-03-29 03:30"
    )


def test_ripple_is_within_its_share_and_repeats():
    rippled = [value("simbench-g3m", f"2026-07-15 09:{m:02d}:{s:02d}", 0.01, 5) for m in range(5) for s in range(60)]
    plain = [value("simbench-g3m", f"2026-07-15 09:{m:02d}:{s:02d}") for m in range(5) for s in range(60)]
    ratio = np.array(rippled) / np.array(plain) - 1.0
    assert 0.001 < np.abs(ratio).max() <= 0.01
    again = value("simbench-g3m", "2026-07-15 09:02:30", 0.01, 5)
    assert again == rippled[150]
    assert value("simbench-g3m", "2026-07-15 09:02:30", 0.01, 6) != again


def test_steps_hold_from_their_very_second():
    options = ProfileOptions("steps", steps=(ProfileStep(10.0, 2e6), ProfileStep(0.5, 1e6)))
    steps = make_profile("x", options, None, 0.0, 1)
    powers = [steps.power_w(at("2026-01-01", elapsed)) for elapsed in (0.0, 0.5, 9.99, 10.0, 1e9)]
    assert powers == [0.0, 1e6, 1e6, 2e6, 2e6]


def test_a_constant_is_the_same_at_all_times():
    constant = make_profile("x", ProfileOptions("constant"), 7e5, 0.01, 1)
    assert constant.power_w(at("2026-01-01")) == constant.power_w(at("2026-07-01", 1e6)) == 7e5


def test_every_profile_named_can_be_made():
    for name in PROFILES:
        assert make_profile("x", ProfileOptions(name, 1.0), None, 0.0, 1).power_w(at("2026-06-01 12:00")) >= 0.0


def test_the_data_carry_their_notice():
    data = Path(leyden.twin.__file__).parent / "data"
    notice = (data / "profiles_simbench_2016_15min.NOTICE.md").read_text(encoding="utf-8")
    assert "Open Database License" in notice
    assert "opendatacommons.org/licenses/odbl/1-0" in notice
