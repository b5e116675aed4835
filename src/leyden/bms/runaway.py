"""The signs of a thermal runaway, two of which together open a rack at once.

No single sign will do: a sensor falls off, a cell is weak, a detector smells paint. In tests of LFP cells gas comes an
hour before and temperature last of all (from 86 to 200 degC in half a minute), so a rule on temperature alone is late.
"""

import numba

HOT_DEGC = 75.0
RISE_K = 1.0
"""By how much a sensor rises over about a minute; healthy ones stay under a fifth of it."""
FALL_V = 0.05
"""By how much a cell falls in seconds against the rest of its rack."""
SIGNS = 2


@numba.njit(cache=True, inline="always")
def is_runaway(hottest_degc: float, rise_k: float, fall_v: float, gas: bool) -> bool:
    """Whether two of heat, rise, fall and gas stand together; a temperature that is not known counts as heat."""
    signs = 0
    if not hottest_degc <= HOT_DEGC:
        signs += 1
    if not rise_k <= RISE_K:
        signs += 1
    if not fall_v <= FALL_V:
        signs += 1
    if gas:
        signs += 1
    return signs >= SIGNS
