"""The batteries serve the net demand, within what the grid and they themselves allow."""

from leyden.control.self_consumption import SelfConsumption
from tests.scenarios.dsl import battery, run, site


def test_demand_is_served_and_surplus_stored():
    run(
        site(solar=2e6),
        [SelfConsumption()],
        """
        time | load   | pv1    => power   | by               | says
        0 s  | 800 kW | 0 W    => 800 kW  | self-consumption | discharging 800 kW: net demand 800 kW (self-consumption)
        9 s  |        | 1 MW   => -200 kW | self-consumption | charging 200 kW: surplus 200 kW (self-consumption)
        20 s |        | 800 kW => 0 W     | self-consumption | resting: net demand
        """,
    )


def test_what_is_left_to_the_grid():
    run(
        site(),
        [SelfConsumption(grid_power_w=100e3)],
        """
        time | load   => power
        0 s  | 800 kW => 700 kW
        9 s  | 50 kW  => -50 kW
        """,
    )


def test_batteries_share_by_what_they_can_give_and_take():
    run(
        site(battery("b1"), battery("b2"), solar=2e6),
        [SelfConsumption()],
        """
        time | load   | pv1    | b1.soc | b2.soc => power   | b1      | b2
        0 s  | 900 kW | 0 W    | 60 %   | 30 %   => 900 kW  | 600 kW  | 300 kW
        9 s  | 0 W    | 900 kW | 70 %   | 40 %   => -900 kW | -300 kW | -600 kW
        """,
    )
    run(
        site(battery("b1"), battery("b2", power_w=3e5)),
        [SelfConsumption()],
        """
        time | load   | b1.soc | b2.soc => power  | b1     | b2
        0 s  | 900 kW | 50 %   | 50 %   => 900 kW | 600 kW | 300 kW
        9 s  | 3 MW   |        |        => 1.8 MW | 1.5 MW | 300 kW
        """,
    )


def test_noise_moves_nothing_and_drift_is_followed():
    run(
        site(),
        [SelfConsumption()],
        """
        time | load   => power
        0 s  | 800 kW => 800 kW
        9 s  | 804 kW => 800 kW
        10 s | 797 kW => 800 kW
        11 s | 803 kW => 800 kW
        12 s | 807 kW => 800 kW
        90 s |        => 806 kW
        99 s | 820 kW => 820 kW
        """,
    )
