"""A sum that does not wait for itself."""

import numba

from leyden.model.readings import Floats

IN_ORDER = {"contract", "nsz", "arcp"}
"""What kernels may do to be fast: fuse multiply and add. Nothing is reordered and nan stays nan, so results repeat bit
by bit."""


@numba.njit(cache=True, fastmath=IN_ORDER, error_model="numpy")
def total(x: Floats) -> float:
    """Four sums side by side, as each waits for its last addition."""
    a, b, c, d, whole = 0.0, 0.0, 0.0, 0.0, x.size - x.size % 4
    for k in range(0, whole, 4):
        a += x[k]
        b += x[k + 1]
        c += x[k + 2]
        d += x[k + 3]
    for k in range(whole, x.size):
        a += x[k]
    return (a + b) + (c + d)
