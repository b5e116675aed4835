"""The black box: what each of the last hours' decisions was made from, so that any of them can be made again.

A decision follows from three things: what the cycle before carried over (`Carried`), what the plant said (`Readings`,
every value with its age and quality), and what was in force (`Context`: time, prices, plan, commands, locks). The box
keeps all three for every cycle, bit by bit, and what the decision came to; `leyden.runtime.replay` decides again.

The cycle only hands over references (`BlackBox.witness`), because all of it is frozen; a thread packs a minute into a
`Chunk` and appends it to a file for that quarter of an hour. The files are a ring; the quarter of an hour around an
alarm of priority 1 or 2 is kept for longer. See `chunk.py` for how it is written, and `tagged.py` for why not pickle.
"""

from leyden.runtime.blackbox.box import AROUND_S, BlackBox
from leyden.runtime.blackbox.chunk import Chunk, Cycle, decode, encode, pieces
from leyden.runtime.blackbox.options import BlackBoxOptions
from leyden.runtime.blackbox.ring import pieces_between

__all__ = [
    "AROUND_S", "BlackBox", "BlackBoxOptions", "Chunk", "Cycle", "decode", "encode", "pieces", "pieces_between",
]  # fmt: skip
