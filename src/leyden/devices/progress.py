"""How far a slow or a bulk sweep has come: one block at a time, so that urgent requests slip in between."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from leyden.devices.blocks import ArrayPart, Block, Sweep
from leyden.devices.codec import Words16


class Progress:
    """Walks through the blocks of a sweep, again and again."""

    def __init__(self, sweep: Sweep, period_s: float) -> None:
        self.sweep = sweep
        self._period_s = period_s
        self._next = 0
        self._due_s = -math.inf
        self._began_s = 0.0
        size = sum(block.count for block in sweep.blocks)
        self._registers: Words16 = np.zeros(size if sweep.arrays else 0, dtype=np.uint16)
        self._came_s = [-math.inf] * len(sweep.blocks)

    def due(self, now_s: float) -> bool:
        """Whether a block is to be read: a sweep that has begun goes on, a new one begins with its period."""
        return bool(self.sweep.blocks) and (self._next > 0 or now_s >= self._due_s)

    @property
    def block(self) -> Block:
        """The block to be read next."""
        return self.sweep.blocks[self._next]

    def take(self, registers: Sequence[int] | None, now_s: float) -> Iterator[tuple[ArrayPart, Words16, float]]:
        """What came for that block, or None where it was refused; with the last block, every array that is whole.

        Of each array: where it stands, its registers in order, and when the oldest of them came.
        """
        if self._next == 0:
            self._began_s = now_s
            self._came_s = [-math.inf] * len(self.sweep.blocks)
        if registers is not None:
            self._came_s[self._next] = now_s
            if self.sweep.arrays:
                start = self.sweep.starts[self._next]
                self._registers[start : start + len(registers)] = registers
        self._next += 1
        if self._next < len(self.sweep.blocks):
            return
        self._next = 0
        self._due_s = self._began_s + self._period_s
        for part in self.sweep.arrays:
            oldest_s = min(self._came_s[index] for index in part.blocks)
            if oldest_s > -math.inf:
                yield part, self._registers[part.at], oldest_s
