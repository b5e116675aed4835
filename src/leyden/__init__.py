"""Leyden (莱顿): the open energy management system for battery storage.

Read the packages from the bottom up: `model` holds the nouns, `physics`, `bms` and `pcs` the laws of the equipment,
`control` the decisions, `runtime/cycle.py` the loop that joins them.
"""

__version__ = "0.1.0"
