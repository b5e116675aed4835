"""Times that can be compared on a machine with neighbours."""

from collections.abc import Callable
from time import perf_counter


def best(call: Callable[[], object], rounds: int) -> float:
    """The shortest of several times [s], as other work on the machine only ever adds."""
    shortest_s = float("inf")
    for _ in range(rounds):
        start_s = perf_counter()
        call()
        shortest_s = min(shortest_s, perf_counter() - start_s)
    return shortest_s
