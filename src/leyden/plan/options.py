"""What the [plan] table of site.toml may say."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Where plans come from."""

    source: str = "none"
    """`none`; `time-of-use`, made from the tariff; or the name of a CSV file beside the site file."""
    hot_days: tuple[date, ...] = ()
    """Days on which the tariff's temperature rule holds, such as critical-peak days: somebody has to declare them."""
