"""One step of time for every cell of a battery, over flat arrays.

Each cell is its open-circuit voltage behind one resistance, with one lump of heat; the cells of a rack share its
current. `state` is (4, rack, cells in series) with rows SOC, TEMPERATURE, VOLTAGE, CHEMICAL; `made` is what each cell
was made as, (4, rack, cells in series), rows CAPACITY, PER_CAPACITY, RESISTANCE, HEAT.
"""

import numba

from leyden.model.readings import Floats
from leyden.physics.ocv import LOW, STEP

SOC, TEMPERATURE, VOLTAGE, CHEMICAL = range(4)
"""Charge (0 to 1), temperature [degC], terminal voltage [V], and energy above SOC 0 per coulomb of capacity [V]."""

CAPACITY, PER_CAPACITY, RESISTANCE, HEAT = range(4)
"""Capacity [C], its inverse (dividing is slow), resistance [ohm], heat from outside [W]."""

EMF, STIFFNESS, V_LOW, V_HIGH, T_LOW, T_HIGH = range(6)
"""What `step_cells` tells of each rack, (6, rack). Sum of open-circuit voltages [V]; by how much they fall for a charge
taken, half the sum of dOCV/dQ [V/C]; lowest and highest cell voltage [V] and temperature [degC]."""
SUMS = 6

_PER_STEP = 1.0 / STEP


# "contract" fuses multiply and add; nothing is reordered and nan stays nan, so results repeat bit by bit.
@numba.njit(cache=True, fastmath={"contract", "nsz", "arcp"})
def step_cells(
    state: Floats, made: Floats, current_a: Floats, nodes: Floats, heat: tuple[float, float, float, float],
    dt_s: float, sums: Floats,
) -> tuple[float, float, float]:  # fmt: skip
    """Move all cells on by `dt_s` under constant rack currents (rack,), discharge positive; `state` and `sums` change.

    Returns, of the step, for all cells [J]: energy into their chemistry, heat made (from outside too), heat led away.

    `nodes` are an OcvCurve's; `heat` is surroundings [degC], cooling [W/K], heat capacity [J/K] and what is left of a
    temperature difference after the step. Charge is counted in float64: in float32 a trickle of C/2000 loses a seventh.
    """
    ambient_degc, cooling_w_per_k, heat_capacity_j_per_k, left = heat
    per_cooling, top = 1.0 / cooling_w_per_k, nodes.shape[0] - 2
    stored_j, made_w, warmed = 0.0, 0.0, 0.0
    for r in range(state.shape[1]):
        soc, temperature_degc, voltage_v, chemical_v = state[0, r], state[1, r], state[2, r], state[3, r]
        capacity_c, per_capacity, resistance_ohm, heat_w = made[0, r], made[1, r], made[2, r], made[3, r]
        i_a = current_a[r]
        charge_c, square = i_a * dt_s, i_a * i_a
        emf_v, stiffness = 0.0, 0.0
        for k in range(soc.shape[0]):
            z = soc[k] - charge_c * per_capacity[k]
            soc[k] = z
            x = (z - LOW) * _PER_STEP
            n = min(max(int(x), 0), top)
            f = x - n
            base, rise = nodes[n, 0], nodes[n, 1]
            w = nodes[n, 2] + STEP * f * (base + 0.5 * f * rise)
            stored_j += capacity_c[k] * (w - chemical_v[k])
            chemical_v[k] = w
            emf_v += base + f * rise
            stiffness += rise * per_capacity[k]
            voltage_v[k] = base + f * rise - i_a * resistance_ohm[k]
        for k in range(soc.shape[0]):
            w = square * resistance_ohm[k] + heat_w[k]
            before = temperature_degc[k]
            settled = ambient_degc + w * per_cooling
            temperature_degc[k] = settled + (before - settled) * left
            made_w += w
            warmed += temperature_degc[k] - before
        v_low, v_high, t_low, t_high = voltage_v[0], voltage_v[0], temperature_degc[0], temperature_degc[0]
        for k in range(soc.shape[0]):
            v, t = voltage_v[k], temperature_degc[k]
            v_low, v_high = min(v_low, v), max(v_high, v)
            t_low, t_high = min(t_low, t), max(t_high, t)
        sums[0, r], sums[1, r] = emf_v, 0.5 * _PER_STEP * stiffness
        sums[2, r], sums[3, r], sums[4, r], sums[5, r] = v_low, v_high, t_low, t_high
    return stored_j, made_w * dt_s, made_w * dt_s - heat_capacity_j_per_k * warmed
