"""Keeping a process that runs for years small."""

import ctypes
import mmap
from pathlib import Path

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


def give_back_code(library: str) -> None:
    """Let go of the pages of a library's code (part of its file name) that was needed once; what is called again is
    read again.

    The compiler of the kernels is 70 MB of code, and has nothing to do once they are there. Only mappings that are
    never written to are let go. Does nothing where the system is not Linux.
    """
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    for line in maps.read_text().splitlines():
        span, rights, *_, name = line.split(maxsplit=5)
        if rights == "r-xp" and library in name.rpartition("/")[2]:
            begin, end = (int(address, 16) for address in span.split("-"))
            madvise(begin, end - begin, mmap.MADV_DONTNEED)
