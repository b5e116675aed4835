"""What a battery can take and give: the narrowest of site.toml, the device and our tables, each named."""

from leyden.control.self_consumption import SelfConsumption
from tests.scenarios.dsl import battery, run, site

SELF = [SelfConsumption()]


def test_state_of_charge_tapers_to_its_edges():
    run(
        site(solar=3e6),
        SELF,
        """
        time | load | pv1  | soc     => power    | binds
        0 s  | 3 MW | 0 W  | 6 %     => 1.5 MW   | ratings
        9 s  |      |      | 5.25 %  => 750 kW   | battery-limits
        18 s |      |      | 5 %     => 0 W      | battery-limits
        27 s |      |      | 4 %     => 0 W      | battery-limits
        36 s | 0 W  | 1.6 MW | 94 %    => -1.5 MW  | ratings
        45 s |      |      | 94.75 % => -750 kW  | battery-limits
        54 s |      |      | 95 %    => 0 W      | battery-limits
        63 s |      |      | 97 %    => 0 W      | battery-limits
        """,
    )


def test_the_device_limits_hold_at_the_ac_side():
    """Out: what the converter loses comes on top (3 % and 0.5 % of the rating). In: it is on the safe side."""
    run(
        site(solar=3e6),
        SELF,
        """
        time | load | pv1  | b1.discharge_limit | b1.charge_limit => power     | binds
        0 s  | 3 MW | 0 W  | 1 MW               | 1 MW            => 962.5 kW  | battery-limits
        9 s  | 0 W  | 1.6 MW |                  |                 => -1 MW     | battery-limits
        18 s |      |      |                    | 0 W             => 0 W       | battery-limits
        """,
    )


def test_our_own_table_of_cell_voltages_is_narrower_than_a_device_that_allows_everything():
    bench = run(
        site(solar=3e6),
        SELF,
        """
        time | pv1  | b1.cell_voltage_max => power   | binds
        0 s  | 1.6 MW | 3.4 V               => -1.5 MW | ratings
        9 s  |      | 3.6 V               => -750 kW | battery-limits
        18 s |      | 3.65 V              => 0 W     | battery-limits
        """,
    )
    assert bench.last is not None
    assert bench.last[1].binding[0].want.reason.code == "HighestCell"


def test_a_battery_or_converter_that_is_not_ready_does_nothing():
    run(
        site(),
        SELF,
        """
        time | load   | b1.converter => power  | binds          | alarms
        0 s  | 800 kW | off          => 0 W    | battery-limits | -
        9 s  |        | ok           => 800 kW | -              | -
        """,
    )


def test_a_silent_management_system_is_held_then_brought_to_zero():
    """STALE after 3 s; then no more than now for 5 s; then down at a tenth of the rating a second. No alarm: the
    device has its own."""
    run(
        site(),
        SELF,
        """
        time | load   | b1.bms => power    | alarms
        0 s  | 800 kW |        => 800 kW   | -
        9 s  |        | silent => 800 kW   | -
        11 s | 600 kW |        => 600 kW   | -
        12 s | 900 kW |        => 600 kW   | -
        16 s |        |        => 600 kW   | -
        17 s |        |        => 450 kW   | -
        19 s |        |        => 150 kW   | -
        25 s |        |        => 0 W      | -
        40 s |        | ok     => 900 kW   | -
        """,
    )


def test_one_value_that_is_missing_is_an_alarm_because_the_device_answers():
    run(
        site(),
        SELF,
        """
        time | load   | b1.charge_limit | b1.missing => power  | alarms
        0 s  | 800 kW | 1 MW            |            => 800 kW | -
        9 s  |        |                 | charge_limit_w => 800 kW | -
        15 s |        |                 |            => 500 kW | data-missing:b1
        60 s |        |                 |            => 0 W    | data-missing:b1
        70 s |        |                 | none       => 800 kW | -
        """,
    )


def test_two_batteries_one_silent():
    """It goes to zero, and the other one takes over what it gave."""
    run(
        site(battery("b1"), battery("b2")),
        SELF,
        """
        time | load   | b2.converter | b2.bms => b1     | b2
        0 s  | 800 kW |              |        => 400 kW | 400 kW
        9 s  |        | bad          | bad    => 400 kW | 400 kW
        13 s |        |              |        => 400 kW | 400 kW
        14 s |        |              |        => 550 kW | 250 kW
        17 s |        |              |        => 800 kW | 0 W
        60 s |        |              |        => 800 kW | 0 W
        90 s |        | ok           | ok     => 400 kW | 400 kW
        """,
    )
