"""Keeping a process that runs for years small."""

import ctypes

_M_ARENA_MAX = -8
"""From glibc's malloc.h."""
ARENAS = 2


def share_memory_among_threads() -> None:
    """Let glibc keep two heaps for all threads instead of up to eight a core, which only ever grow.

    A site has a few dozen threads (the record's, the database's, the API's) that each touch memory now and then. Does
    nothing where the C library is another.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
