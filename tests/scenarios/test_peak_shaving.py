"""Peak shaving: bounds only, in the words that an operator reads."""

from leyden.control.keep_reserve import KeepReserve
from leyden.control.peak_shaving import PeakShaving
from leyden.control.self_consumption import SelfConsumption
from leyden.control.time_windows import TimeWindows, Window
from tests.scenarios.dsl import battery, run, site

MW = 1e6


def test_it_discharges_what_is_above_the_limit_and_says_why():
    run(
        site(),
        [PeakShaving(import_limit_w=2.1 * MW)],
        """
        time | load     => power  | by           | says
        0 s  | 1.5 MW   => 0 W    | -            | resting
        5 s  | 2.912 MW => 812 kW | peak-shaving | discharging 812 kW: load 2.91 MW, import limit 2.1 MW (peak shaving)
        15 s | 3.4 MW   => 1.3 MW | peak-shaving |
        30 s | 2 MW     => 0 W    | -            |
        """,
    )


def test_the_sentence_in_chinese():
    bench = run(site(), [PeakShaving(import_limit_w=2.1 * MW)], "time | load => power\n0 s | 2.912 MW => 812 kW")
    assert bench.last is not None
    assert bench.last[1].sentence.zh == "放电 812 kW:负荷 2.91 MW,受电限值 2.1 MW(削峰)"


def test_the_load_is_told_with_what_sun_and_wind_take_off_it():
    run(
        site(solar=2 * MW),
        [PeakShaving(import_limit_w=2.1 * MW)],
        """
        time | load   | pv1    => power  | says
        0 s  | 3.4 MW | 500 kW => 800 kW | load 3.4 MW less solar and wind 500 kW, import limit 2.1 MW
        9 s  |        | 0 W    =>        | load 3.4 MW, import limit 2.1 MW
        """,
    )


def test_what_is_not_needed_against_the_peak_is_left_to_others():
    """The complaint about other systems: peak shaving writes 0 and blocks what comes after it."""
    run(
        site(),
        [PeakShaving(import_limit_w=2.1 * MW), SelfConsumption()],
        """
        time | load   => power  | by               | binds
        0 s  | 1 MW   => 1 MW   | self-consumption | -
        9 s  | 1.4 MW => 1.4 MW | self-consumption | -
        """,
    )


def test_nobody_charges_the_site_over_the_limit():
    night = TimeWindows(charge=(Window.from_text("00:00-24:00"),))
    run(
        site(),
        [PeakShaving(import_limit_w=2.1 * MW), night],
        """
        time | load   => power   | by           | binds
        0 s  | 0 W    => -1.5 MW | time-windows | ratings
        9 s  | 1.5 MW => -600 kW | time-windows | peak-shaving
        20 s | 2.5 MW => 400 kW  | peak-shaving | peak-shaving
        """,
    )
    run(
        site(),
        [PeakShaving(import_limit_w=2.1 * MW, charge_headroom_w=200e3), night],
        """
        time | load    => power   | by
        0 s  | 1.5 MW  => -400 kW | time-windows
        9 s  | 2.05 MW => 0 W     | time-windows
        20 s | 2.3 MW  => 200 kW  | peak-shaving
        """,
    )


def test_an_empty_battery_is_named_when_the_limit_is_really_missed():
    run(
        site(),
        [KeepReserve(soc=0.1), PeakShaving(import_limit_w=2.1 * MW)],
        """
        time | load    | soc  => power  | alarms
        0 s  | 2.58 MW | 30 % => 480 kW | -
        9 s  |         | 10 % => 0 W    | -
        11 s |         |      => 0 W    | -
        14 s |         |      => 0 W    | import-limit-missed:peak-shaving
        60 s |         |      => 0 W    | import-limit-missed:peak-shaving
        61 s | 2 MW    |      => 0 W    | import-limit-missed:peak-shaving
        65 s |         |      => 0 W    | -
        """,
    )


def test_the_alarm_says_by_how_much_and_whose_doing_it_is():
    table = """
        time | load    | soc  => power | alarms
        0 s  | 2.58 MW | 10 % => 0 W   |
        9 s  |         |      => 0 W   | import-limit-missed:peak-shaving
        """
    bench = run(site(), [KeepReserve(soc=0.1), PeakShaving(import_limit_w=2.1 * MW)], table)
    assert bench.last is not None
    text = bench.last[2][0].text
    assert text.en == "import limit missed by 480 kW: b1 at its reserve of 10 %"
    assert text.zh == "受电超限 480 kW:b1 已到备用电量 10 %"
    two = site(battery("b1"), battery("b2", power_w=3e5))
    table = """
        time | load   | b1.soc | b2.soc => power  | alarms
        0 s  | 3 MW   | 10 %   | 60 %   => 300 kW |
        9 s  |        |        |        => 300 kW | import-limit-missed:peak-shaving
        """
    bench = run(two, [KeepReserve(soc=0.1), PeakShaving(import_limit_w=2.1 * MW)], table)
    assert bench.last is not None
    wanted = "import limit missed by 600 kW: the converter of b2 is rated 300 kW, b1 at its reserve of 10 %"
    assert bench.last[2][0].text.en == wanted


def test_a_quarter_that_began_too_high_is_brought_back_under_the_limit():
    """The load steps at the quarter's start while the battery is held back; later the mean is corrected."""
    bench = run(
        site(),
        [PeakShaving(import_limit_w=2 * MW)],
        """
        time  | load   | b1.converter => power
        0 s   | 2.5 MW | off          => 0 W
        120 s |        | ok           =>
        899 s |        |              =>
        """,
    )
    assert bench.last is not None
    mean_w = bench.last[0].derived.import_mean_15min_w
    assert 1.95 * MW < mean_w <= 2 * MW
