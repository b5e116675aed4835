"""Devices as data: a map says what the registers mean; everything else follows from it."""

from leyden.devices.map import DeviceMap
from leyden.devices.map_file import UnknownMapError, load_map, map_names

__all__ = ["DeviceMap", "UnknownMapError", "load_map", "map_names"]
