"""A sum that does not wait for itself."""

import numba

from leyden.model.readings import Floats

IN_ORDER = {"contract", "nsz", "arcp"}
"""What kernels may do to be fast: fuse multiply and add. Nothing is reordered and nan stays nan, so results repeat bit
by bit."""
SUMS = {*IN_ORDER, "reassoc"}
"""For sums, which may be taken many at a time; they repeat bit by bit on processors of one kind."""


@numba.njit(cache=True, fastmath=SUMS, error_model="numpy")
def total(x: Floats) -> float:
    """Sum of a flat array; nan where one is in it."""
    summed = 0.0
    for k in range(x.size):
        summed += x[k]
    return summed
