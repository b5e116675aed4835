"""What the protection watches, worked out for every rack from what was acquired."""

import numba
import numpy as np

from leyden.bms.acquisition import Flags
from leyden.bms.limits import BmsLimits
from leyden.bms.protection import FITTED_ALWAYS, QUANTITIES, Quantity
from leyden.bms.runaway import is_runaway
from leyden.bms.seen import Seen
from leyden.bms.spread import HEALTHY_OHM, LOW_V, STEP_V
from leyden.model.readings import Floats

REST_SHARE = 0.02
"""Of the continuous current: below it a rack is at rest, and an open contactor lets nothing through."""
NO_FEEDBACK: Floats = np.empty(0)


def measured(
    limits: BmsLimits, acquired: Floats, seen: Seen, closed: Flags, rack_soc: Floats, allowed: tuple[float, float],
    gas: bool,
) -> Floats:  # fmt: skip
    """(QUANTITIES, rack), rows as `Quantity`; `allowed` are the shares of current last allowed in charge and discharge.

    A quantity whose sensor is not fitted is left at infinity, on the side where no rule of its is broken.
    """
    values = _measured(
        acquired, seen.current_a, seen.voltage_v, closed, rack_soc, limits.spread.at_rest_v,
        (limits.spread.ohm, limits.current_max_a, float(limits.series), seen.system_age_s, *allowed),
        NO_FEEDBACK if seen.contactor_closed is None else seen.contactor_closed, gas,
    )  # fmt: skip
    if seen.link_age_s is not None:
        values[Quantity.LINK_AGE_S] = seen.link_age_s
    if seen.insulation_ohm is not None:
        values[Quantity.INSULATION_OHM_PER_V] = seen.insulation_ohm / np.maximum(seen.voltage_v, 1.0)
    if seen.pole_temperature_degc is not None:
        values[Quantity.POLE_TEMPERATURE_DEGC] = seen.pole_temperature_degc
    if seen.connector_temperature_degc is not None:
        values[Quantity.CONNECTOR_TEMPERATURE_DEGC] = seen.connector_temperature_degc
    return values


_INSULATION = int(Quantity.INSULATION_OHM_PER_V)


@numba.njit(cache=True)
def _measured(
    acquired: Floats, current_a: Floats, voltage_v: Floats, closed: Flags, rack_soc: Floats, at_rest_v: Floats,
    numbers: tuple[float, float, float, float, float, float], feedback: Floats, gas: bool,
) -> Floats:  # fmt: skip
    ohm, current_max_a, series, system_age_s, charge_share, discharge_share = numbers
    racks = len(current_a)
    values = np.empty((QUANTITIES, racks))
    on_bus, bus_v, total = 0, 0.0, 0.0
    for r in range(racks):
        if closed[r]:
            on_bus += 1
            bus_v += voltage_v[r]
            total += current_a[r] / current_max_a
    mean_share = total / max(on_bus, 1)
    beyond = max(-mean_share - charge_share, mean_share - discharge_share)
    for r in range(racks):
        share = current_a[r] / current_max_a
        low_v, high_v, mean_v = acquired[0, r], acquired[1, r], acquired[4, r]
        values[0, r], values[1, r] = high_v, low_v
        values[2, r], values[3, r] = acquired[3, r], acquired[2, r]
        values[4, r] = voltage_v[r] / series
        values[5, r], values[6, r] = -share, share
        if share > 0.0:  # max() would forget nan
            values[5, r] = 0.0
        if share < 0.0:
            values[6, r] = 0.0
        values[7, r] = rack_soc[r]
        at = (mean_v + current_a[r] * ohm - LOW_V) / STEP_V
        k = min(max(int(at), 0), len(at_rest_v) - 1) if at == at else 0
        healthy_v = at_rest_v[k] + HEALTHY_OHM * abs(current_a[r]) * ohm
        values[8, r] = high_v - low_v - healthy_v
        values[9, r] = abs(voltage_v[r] - bus_v / on_bus) / series if closed[r] else 0.0
        values[10, r] = acquired[6, r] - healthy_v
        values[11, r] = acquired[3, r] - acquired[2, r]
        values[12, r] = acquired[7, r]
        values[13, r] = abs(voltage_v[r] - acquired[5, r]) / series
        values[14, r] = system_age_s
        values[15, r] = beyond if closed[r] else 0.0
        wrong = not closed[r] and not abs(share) <= REST_SHARE
        if len(feedback) and feedback[r] != (1.0 if closed[r] else 0.0):
            wrong = True
        values[16, r] = 1.0 if wrong else 0.0
        values[17, r] = 1.0 if is_runaway(acquired[3, r], acquired[8, r], acquired[9, r], gas) else 0.0
        for quantity in range(FITTED_ALWAYS, QUANTITIES):
            values[quantity, r] = np.inf if quantity == _INSULATION else -np.inf
    return values
