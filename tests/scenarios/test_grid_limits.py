"""Import and export at the meter; sun and wind are held where batteries cannot take what is too much."""

from leyden.control.self_consumption import SelfConsumption
from leyden.control.time_windows import TimeWindows, Window
from leyden.model.site import Source
from leyden.model.words import Words
from tests.scenarios.dsl import battery, run, site

ALL_DAY = (Window.from_text("00:00-24:00"),)
DISCHARGE, CHARGE = TimeWindows(discharge=ALL_DAY), TimeWindows(charge=ALL_DAY)


def test_no_more_is_fed_in_than_the_limit():
    run(
        site(export_w=300e3),
        [DISCHARGE],
        """
        time | load   => power  | by           | binds
        0 s  | 500 kW => 800 kW | time-windows | grid-limits
        9 s  | 2 MW   => 1.5 MW | time-windows | ratings
        """,
    )


def test_a_missing_export_limit_is_none_at_all():
    run(site(export_w=0.0), [DISCHARGE], "time | load => power | binds\n0 s | 500 kW => 500 kW | grid-limits")


def test_no_more_is_drawn_than_the_limit():
    run(
        site(import_w=1e6),
        [CHARGE],
        """
        time | load   => power   | by           | binds
        0 s  | 200 kW => -800 kW | time-windows | grid-limits
        9 s  | 1.2 MW => 200 kW  | grid-limits  | grid-limits
        """,
    )


def test_a_surplus_is_stored_even_if_nobody_asks_for_it():
    run(
        site(solar=2e6, export_w=0.0),
        [],
        """
        time | load | pv1    => power   | pv1  | by          | says
        0 s  | 0 W  | 900 kW => -900 kW | 1.5 MW | grid-limits | charging 900 kW: surplus 900 kW, export limit 0 W
        """,
    )


def test_what_batteries_cannot_take_is_not_generated():
    run(
        site(solar=2e6, export_w=100e3),
        [],
        """
        time | load   | pv1    | soc  => power   | pv1     | alarms
        0 s  | 300 kW | 1 MW   | 50 % => -600 kW | 1.9 MW  | -
        9 s  |        |        | 95 % => 0 W     | 400 kW  | -
        18 s |        |        |      => 0 W     | 400 kW  | -
        27 s | 700 kW |        |      => 0 W     | 800 kW  | -
        40 s | 2 MW   |        |      => 0 W     | 2 MW    | -
        """,
    )


def test_a_ceiling_that_takes_effect_is_not_taken_for_a_change_of_the_load():
    """The meter is late in truth, not here; a ceiling must stand still once it is right."""
    bench = run(
        site(solar=2e6, export_w=0.0),
        [],
        """
        time | load   | pv1    | soc  => pv1
        0 s  | 500 kW | 1.8 MW | 95 % => 500 kW
        1 s  |        |        |      => 500 kW
        2 s  |        |        |      => 500 kW
        60 s |        |        |      => 500 kW
        """,
    )
    assert bench.last is not None
    assert bench.last[0].readings.grid.power_w == 0.0


def test_two_plants_share_what_can_be_used_by_what_they_generate():
    wind = (Source("w1", Words("风电", "wind"), "inv2", 1e6),)
    run(
        site(solar=2e6, wind=wind, export_w=0.0),
        [],
        """
        time | load | pv1   | w1     | soc  => pv1    | w1
        0 s  | 1 MW | 1 MW  | 500 kW | 95 % => 660 kW | 330 kW
        """,
    )


def test_a_plant_that_is_not_measured_is_never_let_up():
    run(
        site(solar=2e6, export_w=0.0),
        [],
        """
        time | load   | pv1    | soc  | pv1.meter => pv1
        0 s  | 500 kW | 1.8 MW | 95 % |           => 500 kW
        9 s  |        |        |      | bad       => 500 kW
        20 s | 200 kW |        |      |           => 300 kW
        21 s |        |        |      |           => 100 kW
        40 s | 1 MW   |        |      |           => 100 kW
        50 s |        |        |      | ok        => 1 MW
        """,
    )


def test_a_limit_that_is_really_missed_is_an_alarm_after_three_seconds_and_without_flicker():
    bench = run(
        site(import_w=1e6),
        [SelfConsumption()],
        """
        time | load   | soc => power | alarms
        0 s  | 1.4 MW | 5 % => 0 W   | -
        2 s  |        |     => 0 W   | -
        3 s  |        |     => 0 W   | import-limit-missed:grid-limits
        5 s  | 900 kW |     => 0 W   | import-limit-missed:grid-limits
        6 s  | 1.4 MW |     => 0 W   | import-limit-missed:grid-limits
        9 s  | 900 kW |     => 0 W   | import-limit-missed:grid-limits
        12 s |        |     => 0 W   | -
        14 s | 1.4 MW |     => 0 W   | -
        15 s | 900 kW |     => 0 W   | -
        30 s |        |     => 0 W   | -
        31 s | 1.4 MW |     => 0 W   |
        36 s |        |     => 0 W   | import-limit-missed:grid-limits
        """,
    )
    assert bench.last is not None
    condition = bench.last[2][0]
    assert condition.text.en == "import limit missed by 400 kW: b1 at 5 %, its lowest is 5 %"
    assert condition.priority == 1


def test_both_limits_of_two_batteries():
    run(
        site(battery("b1"), battery("b2", power_w=500e3), import_w=1e6, export_w=200e3),
        [DISCHARGE],
        """
        time | load   | b1.soc | b2.soc => power  | b1     | b2     | binds
        0 s  | 700 kW | 40 %   | 40 %   => 900 kW | 450 kW | 450 kW | grid-limits
        9 s  |        | 5 %    |        => 500 kW | 0 W    | 500 kW | battery-limits
        """,
    )
