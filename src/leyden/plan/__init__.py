"""What to do and when: tariffs, and the plans made from them.

A `Tariff` is a TOML file in `plan/tariffs` (or in the site's own folder) that says which band holds at which wall-clock
hour, and what it costs. `time_of_use_plan` makes a `Plan` of it by the plain rule; `plan_from_csv` reads one that
somebody else made. All of it is pure: no clock, no network. Sums of money are estimates and say so.
"""

from leyden.plan.csv_plan import plan_from_csv
from leyden.plan.money import Metered, Money, energy_money
from leyden.plan.options import PlanOptions
from leyden.plan.tariff import Band, Tariff
from leyden.plan.tariff_file import load_tariff, tariff_names
from leyden.plan.time_of_use import time_of_use_plan

__all__ = [
    "Band",
    "Metered",
    "Money",
    "PlanOptions",
    "Tariff",
    "energy_money",
    "load_tariff",
    "plan_from_csv",
    "tariff_names",
    "time_of_use_plan",
]
