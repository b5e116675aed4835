"""Simulated days of the shipped sites, on the days of the year that ask most of them, watched from outside.

The default run takes busy hours second by second and whole days in coarser turns; whole days second by second are
marked `soak`.
"""

import pytest

from leyden.twin import ProfileOptions
from leyden.twin.options import ProfileStep
from tests.whole.inside import configured, inside
from tests.whole.watch import METER, QUIET, Watch

HOUR_S, DAY_S = 3600.0, 86400.0
PEAK_DAY = "2026-01-21"
"""No day of the profiles' year asks for more above the limits: 0.65 MWh of the park, 2.6 MWh of the containers."""
SUNNY_DAY = "2026-05-28"
"""None leaves more over at the containers: 1 MW, where nothing may be fed in."""

pytestmark = pytest.mark.timeout(900)


def fewer_frames(text):
    """A frame of cells every five minutes: in simulated time they come so fast that all else waits for them."""
    return f'{text}\n[history]\ncells_every = "5 min"\n'


def watched(folder, site, start, period_s, span_s, **twin):
    with inside(configured(folder, site, fewer_frames), start, period_s, **twin) as ins:
        return Watch(ins).run(span_s)


def sound(watch):
    """What holds on every day: bounds, balances, and limits as far as the batteries can keep them."""
    assert watch.wrong == []
    assert watch.worst_bus <= 1e-6
    assert watch.quiet > 0
    assert watch.worst_residual <= QUIET
    assert watch.missed == []
    assert watch.oldest_excess <= METER
    assert watch.oldest_export <= METER


def test_the_parks_evening_peak_second_by_second(tmp_path):
    watch = watched(tmp_path, "park.toml", f"{PEAK_DAY} 17:10", 1.0, 0.6 * HOUR_S)
    sound(watch)
    assert watch.alarms == {}
    assert watch.longest_over_s <= watch.ramp_s + 2.0
    assert len(watch.needed) == 2
    assert watch.shaved > 1700


def test_the_containers_morning_peak_second_by_second(tmp_path):
    watch = watched(tmp_path, "two-containers.toml", f"{PEAK_DAY} 07:55", 1.0, 0.6 * HOUR_S, soc=0.9)
    sound(watch)
    assert watch.alarms == {}
    assert watch.longest_over_s <= watch.ramp_s + 2.0
    assert len(watch.needed) == 2
    assert watch.shaved > 1800


def test_a_step_of_the_load_is_over_the_limit_for_the_ramp_and_two_cycles_at_most(tmp_path):
    config = configured(tmp_path, "park.toml")
    steps = tuple(ProfileStep(120.0 * i, power_w) for i, power_w in enumerate((1.5e6, 3.0e6, 1.8e6, 3.4e6, 0.0, 3.5e6)))
    still = {"solar": {"pv1": ProfileOptions("constant", 0.0)}, "wind": {"w1": ProfileOptions("constant", 0.0)}}
    with inside(config, f"{PEAK_DAY} 12:00", 1.0, load={"line1": ProfileOptions("steps", steps=steps)}, **still) as ins:
        watch = Watch(ins).run(720.0)
    sound(watch)
    assert watch.alarms == {}
    assert 0.0 < watch.longest_over_s <= watch.ramp_s + 2.0
    assert watch.shaved > 350


def test_a_sunny_hour_in_which_nothing_may_be_fed_in_and_the_batteries_are_full(tmp_path):
    watch = watched(tmp_path, "two-containers.toml", f"{SUNNY_DAY} 10:00", 1.0, 0.5 * HOUR_S, soc=0.935)
    sound(watch)
    assert watch.alarms == {}
    assert watch.curtailed > 600


def test_a_day_of_the_park(tmp_path):
    watch = watched(tmp_path, "park.toml", f"{PEAK_DAY} 00:00", 10.0, DAY_S)
    sound(watch)
    assert watch.alarms == {}
    assert len(watch.needed) >= 8


def test_a_day_of_two_containers(tmp_path):
    # They serve the hall in the night and are empty when the peak comes: the missed limit is told, and why.
    watch = watched(tmp_path, "two-containers.toml", f"{PEAK_DAY} 00:00", 10.0, DAY_S)
    sound(watch)
    assert set(watch.alarms) == {"import-limit-missed:peak-shaving"}
    assert "b1 at its reserve of 10 %, b2 at its reserve of 10 %" in watch.alarms["import-limit-missed:peak-shaving"]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("site", "day"),
    [
        ("park.toml", PEAK_DAY),
        ("park.toml", "2026-09-20"),
        ("two-containers.toml", PEAK_DAY),
        ("two-containers.toml", SUNNY_DAY),
    ],
)
def test_a_whole_day_second_by_second(tmp_path, site, day):
    watch = watched(tmp_path, site, f"{day} 00:00", 1.0, DAY_S)
    sound(watch)
    assert set(watch.alarms) <= {"import-limit-missed:peak-shaving"}
    assert all("at its reserve" in text for text in watch.alarms.values())
