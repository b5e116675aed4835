"""Devices as data: a map says what the registers mean; everything else follows from it.

One TOML file, `maps/NAME.toml`, describes one kind of device: the roles that it plays (grid, load, solar, wind,
battery, converter), the points of each role with their registers, and what can be written to it. `load_map` reads it
into a `DeviceMap` or tells everything that is wrong with it. From there the same map

- is read with: `FieldPlant` is the Plant of real devices. Each device has a task of its own (`driver`) and a `Session`
  while it is connected: the map's points placed (`locate`), gathered into few large requests (`blocks`), decoded
  (`codec`) into the newest `image`;
- is written with, by the driver's `writer` alone: it finds and cancels what is in force when control begins, and hands
  back at the end. `outbox` decides what of a set-point must really be sent and feeds the watchdog, `rival` sees who
  else writes, `budget` spares memories that wear out. Disarmed, no write function code leaves the `Port`;
- is posed as: `DeviceServer` answers as the device would, for the twin, for tests, and for trying a map without it;
- is documented: `device_page` renders it as a page.

Only a map flips a sign; above it the one sign rule holds. Periods and ages are in site time, only time-outs in the
wall's. Wires are in `wire/`, the only place that knows a protocol's library.
"""

from leyden.devices.field_plant import FieldPlant
from leyden.devices.link import Link
from leyden.devices.locate import MisfitError
from leyden.devices.map import DeviceMap
from leyden.devices.map_file import UnknownMapError, load_map, map_names
from leyden.devices.page import device_page
from leyden.devices.server import DeviceServer, WriteHandler

__all__ = [
    "DeviceMap",
    "DeviceServer",
    "FieldPlant",
    "Link",
    "MisfitError",
    "UnknownMapError",
    "WriteHandler",
    "device_page",
    "load_map",
    "map_names",
]
