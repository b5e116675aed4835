"""Charging and discharging by the site's own clock: over midnight, on some days, and where clocks are changed."""

from datetime import UTC, datetime

import pytest

from leyden.control.self_consumption import SelfConsumption
from leyden.control.time_windows import TimeWindows, Window
from tests.scenarios.dsl import battery, run, site

NIGHT = TimeWindows(
    charge=(Window.from_text("23:00-07:00"),),
    discharge=(Window.from_text("10:00 - 12:00"), Window.from_text("18:00-21:00")),
    charge_power_w=400e3,
)


def test_windows_across_midnight():
    run(
        site(),
        [NIGHT, SelfConsumption()],
        """
        time  | load   => power   | by               | says
        0 s   | 100 kW => 100 kW  | self-consumption |
        17:59 |        => 100 kW  | self-consumption |
        18:00 |        => 1.5 MW  | time-windows     | discharge window 18:00-21:00
        20:59 |        => 1.5 MW  | time-windows     |
        21:01 |        => 100 kW  | self-consumption |
        22:59 |        => 100 kW  | self-consumption |
        23:00 |        => -400 kW | time-windows     | charging 400 kW: charge window 23:00-07:00 (time windows)
        00:00 |        => -400 kW | time-windows     |
        06:59 |        => -400 kW | time-windows     |
        07:01 |        => 100 kW  | self-consumption |
        """,
        period_s=60.0,
    )


def test_days_are_those_on_which_a_window_begins():
    """It starts on Friday evening, so Saturday's small hours belong to it, and Sunday's do not."""
    weekdays = TimeWindows(charge=(Window.from_text("22:00-02:00"),), days=("mon", "tue", "wed", "thu", "fri"))
    friday_noon = datetime(2026, 7, 17, 4, 0, tzinfo=UTC)
    run(
        site(),
        [weekdays],
        """
        time  => power
        21:59 => 0 W
        22:00 => -1.5 MW
        01:59 => -1.5 MW
        02:00 => 0 W
        22:00 => 0 W
        01:00 => 0 W
        22:00 => 0 W
        01:00 => 0 W
        22:00 => -1.5 MW
        """,
        period_s=600.0,
        start=friday_noon,
    )


def test_clocks_put_forward_make_a_window_shorter_and_put_back_longer():
    window = TimeWindows(charge=(Window.from_text("01:00-04:00"),), charge_power_w=1e5)
    for day, hours in ((datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 2), (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 4)):
        charging = 0
        for minute in range(0, 6 * 60, 10):
            now = f"{minute} min"
            bench = run(
                site(timezone="Europe/Berlin"), [window], f"time => power\n{now} =>", period_s=36000.0, start=day
            )
            assert bench.last is not None
            charging += bench.last[1].total_w < 0.0
        assert charging == hours * 6


def test_a_window_for_one_battery_takes_that_one_s_rating():
    one = TimeWindows(discharge=(Window.from_text("00:00-24:00"),), target="b2")
    two = site(battery("b1"), battery("b2", power_w=5e5))
    run(two, [one], "time | load => b1 | b2\n0 s | 2 MW => 0 W | 500 kW")


def test_a_jump_of_the_clock_stops_windows_and_leaves_protection():
    run(
        site(import_w=1e6),
        [TimeWindows(charge=(Window.from_text("00:00-24:00"),))],
        """
        time | load   | clock  => power   | by           | says
        0 s  | 200 kW | ok     => -800 kW | time-windows |
        9 s  |        | jumped => 0 W     | -            |
        18 s | 1.3 MW |        => 300 kW  | grid-limits  |
        27 s | 200 kW | ok     => -800 kW | time-windows |
        """,
    )


@pytest.mark.parametrize("text", ["", "7-8", "25:00-26:00", "07:00-07:00", "07:60-08:00", "24:00-01:00", "7:00-24:01"])
def test_what_is_no_window_is_refused_with_the_mend(text):
    with pytest.raises(ValueError, match="expected"):
        Window.from_text(text)


def test_windows_that_contradict_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        TimeWindows(charge=(Window.from_text("22:00-06:00"),), discharge=(Window.from_text("05:00-08:00"),))
    with pytest.raises(ValueError, match="no window"):
        TimeWindows()
