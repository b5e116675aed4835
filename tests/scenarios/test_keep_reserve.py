"""A reserve is kept with hysteresis, per battery, over a restart, and where nobody knows how full it is."""

from leyden.control.keep_reserve import KeepReserve, Reserved
from leyden.control.self_consumption import SelfConsumption
from tests.scenarios.dsl import battery, run, site


def test_hysteresis():
    run(
        site(),
        [KeepReserve(soc=0.2), SelfConsumption()],
        """
        time | load   | soc    => power  | by               | binds
        0 s  | 500 kW | 25 %   => 500 kW | self-consumption | -
        9 s  |        | 20.1 % => 500 kW | self-consumption | -
        18 s |        | 20 %   => 0 W    | self-consumption | keep-reserve
        30 s |        | 21.9 % => 0 W    | self-consumption | keep-reserve
        40 s |        | 22.1 % => 500 kW | self-consumption | -
        50 s |        | 20.5 % => 500 kW | self-consumption | -
        """,
    )


def test_charging_is_free_at_the_reserve():
    run(
        site(solar=2e6),
        [KeepReserve(soc=0.2), SelfConsumption()],
        """
        time | load  | pv1    | soc  => power   | binds
        0 s  | 0 W   | 600 kW | 15 % => -600 kW | -
        """,
    )


def test_each_battery_for_itself_or_one_by_name():
    two = site(battery("b1"), battery("b2"))
    table = """
        time | load   | b1.soc | b2.soc => b1  | b2
        0 s  | 600 kW | 15 %   | 60 %   => 0 W | 600 kW
        """
    run(two, [KeepReserve(soc=0.2), SelfConsumption()], table)
    run(two, [KeepReserve(soc=0.2, target="b1"), SelfConsumption()], table)
    table = """
        time | load   | b1.soc | b2.soc => power  | b1
        0 s  | 600 kW | 15 %   | 15 %   => 600 kW | 0 W
        """
    run(two, [KeepReserve(soc=0.2, target="b1"), SelfConsumption()], table)


def test_an_unknown_state_of_charge_is_no_licence_to_discharge():
    run(
        site(),
        [KeepReserve(soc=0.2), SelfConsumption()],
        """
        time | load   | b1.bms => power
        0 s  | 500 kW | bad    => 0 W
        """,
    )


def test_what_is_held_is_kept_over_a_restart_and_nothing_else_changes_the_state():
    controller = KeepReserve(soc=0.2)
    held = Reserved(frozenset({"b1"}))
    bench = run(site(), [controller], "time | load | soc => power\n0 s | 500 kW | 21 % => 0 W")
    assert bench.last is not None
    proposal, state = controller.propose(bench.last[0], held)
    assert [want.target for want in proposal] == ["b1"]
    assert state is held
    assert controller.propose(bench.last[0], Reserved())[0] == ()
