"""The gate meter: 3 s without it hold what is, 5 s bring everything to zero."""

from leyden.control.self_consumption import SelfConsumption
from tests.scenarios.dsl import battery, run, site

SELF = [SelfConsumption()]


def test_hold_then_zero_then_back():
    run(
        site(),
        SELF,
        """
        time | load   | meter  => power   | by               | alarms
        0 s  | 900 kW | ok     => 900 kW  | self-consumption | -
        10 s | 500 kW | silent => 900 kW  | self-consumption | -
        11 s | 100 kW |        => 900 kW  | self-consumption | -
        12 s |        |        => 900 kW  | self-consumption | -
        13 s |        |        => 900 kW  | grid-meter       | -
        14 s |        |        => 750 kW  | grid-meter       | meter-lost:gate
        15 s |        |        => 600 kW  | grid-meter       | meter-lost:gate
        30 s |        |        => 0 W     |                  | meter-lost:gate
        40 s |        | ok     => 100 kW  | self-consumption | -
        """,
    )


def test_a_value_that_the_device_itself_calls_bad_holds_at_once():
    run(
        site(),
        SELF,
        """
        time | load   | meter => power  | by
        0 s  | 900 kW | ok    => 900 kW | self-consumption
        10 s | 100 kW | bad   => 900 kW | grid-meter
        11 s |        | ok    => 100 kW | self-consumption
        """,
    )


def test_a_meter_that_never_answered_lets_nothing_start():
    run(
        site(),
        SELF,
        """
        time | load   | meter => power | alarms
        0 s  | 900 kW | bad   => 0 W   | -
        4 s  |        |       => 0 W   | -
        5 s  |        |       => 0 W   | meter-lost:gate
        9 s  |        |       => 0 W   | meter-lost:gate
        """,
    )


def test_battery_limits_go_on_while_power_is_held():
    run(
        site(),
        SELF,
        """
        time | load   | meter  | soc   => power
        0 s  | 900 kW | ok     | 50 %  => 900 kW
        10 s |        | silent |       => 900 kW
        12 s |        |        | 5.1 % => 300 kW
        13 s |        |        | 4 %   => 0 W
        """,
    )


def test_sun_and_wind_go_to_what_could_be_fed_in_if_nobody_drew_anything():
    run(
        site(solar=2e6, export_w=500e3),
        [],
        """
        time | load | pv1    | meter  => pv1
        0 s  | 2 MW | 1.5 MW | ok     => 2 MW
        10 s |      |        | silent => 2 MW
        14 s |      |        |        => 1.8 MW
        19 s |      |        |        => 800 kW
        30 s |      |        |        => 500 kW
        40 s |      |        | ok     => 2 MW
        """,
    )


def test_manual_commands_do_not_outrank_the_guard():
    run(
        site(),
        SELF,
        """
        time | load   | meter  | command          => power  | by
        0 s  | 900 kW | ok     |                  => 900 kW | self-consumption
        10 s |        | silent |                  => 900 kW |
        14 s |        |        | 200 kW for 300 s => 750 kW | grid-meter
        40 s |        |        |                  => 0 W    |
        50 s |        | ok     |                  => 200 kW | manual
        """,
    )


def test_two_batteries_fall_together():
    run(
        site(battery("b1"), battery("b2", power_w=500e3)),
        SELF,
        """
        time | load   | meter  => b1      | b2
        0 s  | 800 kW | ok     => 400 kW  | 400 kW
        10 s |        | silent => 400 kW  | 400 kW
        14 s |        |        => 250 kW  | 350 kW
        17 s |        |        => 0 W     | 200 kW
        30 s |        |        => 0 W     | 0 W
        """,
    )
