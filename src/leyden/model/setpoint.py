"""What is written to the equipment."""

from msgspec import Struct

from leyden.model.errors import NotANumberError


class Setpoint(Struct, frozen=True, gc=False):
    """P and Q for one target; for solar and wind the power is a ceiling. Raises NotANumberError for nan."""

    power_w: float
    reactive_power_var: float = 0.0
    run: bool = True
    """False asks the device to stop, not only to rest at zero."""

    def __post_init__(self) -> None:
        if self.power_w != self.power_w or self.reactive_power_var != self.reactive_power_var:
            raise NotANumberError(f"a set-point must be a number (got {self.power_w} W, {self.reactive_power_var} var)")
