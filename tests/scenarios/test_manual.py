"""Commands: leases that outrank plans and no limit, and end gently by themselves."""

from dataclasses import replace
from math import nan

from leyden.control.manual import Leased, Manual
from leyden.control.peak_shaving import PeakShaving
from leyden.control.self_consumption import SelfConsumption
from leyden.model.command import Command
from tests.scenarios.dsl import battery, run, site

SELF = [SelfConsumption()]


def test_a_lease_holds_expires_and_gives_back_at_a_ramp():
    run(
        site(),
        SELF,
        """
        time | load   | command         => power   | by               | says
        0 s  | 200 kW |                 => 200 kW  | self-consumption |
        9 s  |        | 1.2 MW for 20 s => 1.2 MW  | manual           | discharging 1.2 MW: 1.2 MW set by Li (manual)
        28 s |        |                 => 1.2 MW  | manual           |
        29 s |        |                 => 1.2 MW  | manual           | for batteries is over: back at a ramp
        30 s |        |                 => 900 kW  | manual           |
        32 s |        |                 => 300 kW  | manual           |
        33 s |        |                 => 200 kW  | self-consumption |
        60 s |        |                 => 200 kW  | self-consumption |
        """,
    )


def test_released_early_it_gives_back_the_same_way():
    run(
        site(),
        SELF,
        """
        time | load   | command           => power   | by
        0 s  | 200 kW | -500 kW for 600 s => -500 kW | manual
        30 s |        | none              => -500 kW | manual
        31 s |        |                   => -200 kW | manual
        33 s |        |                   => 200 kW  | self-consumption
        """,
    )


def test_the_first_command_for_a_target_stands():
    """The dispatcher's comes before a person's."""
    run(
        site(),
        [],
        """
        time | command          => power
        0 s  | 300 kW for 60 s  => 300 kW
        9 s  | 500 kW for 600 s => 300 kW
        60 s |                  => 500 kW
        """,
    )


def test_limits_stand_above_a_command_and_what_is_configured_below_it():
    run(
        site(export_w=100e3),
        [PeakShaving(import_limit_w=1e6)],
        """
        time | load   | soc  | command         => power   | by     | binds       | alarms
        0 s  | 400 kW | 50 % | 1 MW for 600 s  => 500 kW  | manual | grid-limits | -
        20 s |        | 5 %  |                 => 0 W     | manual | battery-limits | -
        """,
    )
    bench = run(
        site(),
        [PeakShaving(import_limit_w=1e6)],
        """
        time | load   | command           => power   | by     | alarms
        0 s  | 800 kW | -500 kW for 600 s => -500 kW | manual | -
        10 s |        |                   => -500 kW | manual | import-limit-missed:peak-shaving
        """,
    )
    assert bench.last is not None
    assert bench.last[2][0].text.en == "import limit missed by 300 kW: −500 kW set by Li"


def test_one_battery_by_name_leaves_the_others_to_the_plan():
    run(
        site(battery("b1"), battery("b2")),
        SELF,
        """
        time | load   | command               => power  | b1      | b2     | by
        0 s  | 300 kW | b1 -200 kW for 60 s   => 100 kW | -200 kW | 300 kW | manual
        """,
    )


def test_a_command_for_something_that_is_not_there_is_told_and_harmless():
    bench = run(site(), SELF, "time | load => power\n0 s | 300 kW => 300 kW")
    assert bench.last is not None
    context = bench.last[0].context
    for command in (Command(1, "b9", 1e5, "Li", 60.0), Command(1, "b1", nan, "Li", 60.0)):
        snapshot = replace(bench.last[0], context=replace(context, commands=(command,)))
        (want,), state = Manual().propose(snapshot, Leased())
        assert want.request_w is None
        assert want.reason.code == "CommandUnusable"
        assert state.targets == ()


def test_an_expired_command_is_not_followed_even_if_it_is_still_handed_over():
    bench = run(site(), SELF, "time | load => power\n0 s | 300 kW => 300 kW")
    assert bench.last is not None
    context = replace(bench.last[0].context, commands=(Command(1, "b1", 1e5, "Li", 0.0),))
    assert Manual().propose(replace(bench.last[0], context=context), Leased())[0] == ()
