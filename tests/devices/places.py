"""Small sites, clocks and readings for the tests of the devices."""

import asyncio
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from leyden.devices.locate import Locator
from leyden.devices.map import DeviceMap
from leyden.devices.map_file import load_map, map_names
from leyden.devices.sunspec import laid_out
from leyden.model.readings import (
    BatteryReading,
    ConverterReading,
    GenerationReading,
    GridReading,
    LoadReading,
    Reading,
)
from leyden.model.site import Battery, CellRating, Converter, Device, Grid, Layout, Load, Site, Source
from leyden.model.words import Words

LAYOUT = Layout(3, 2, 40)
RATED_W = 2e6
NAME = Words("名", "name")
CELL = CellRating("lfp-280ah", 280.0, 3.2, 2.5, 3.65)

READINGS: dict[str, Reading] = {
    "grid": GridReading(
        power_w=2.1e6, reactive_power_var=-3e5, voltage_v=398.0, frequency_hz=50.02, energy_out_wh=5e6, energy_in_wh=7.0
    ),
    "load": LoadReading(
        power_w=-2.9e6, reactive_power_var=4e5, voltage_v=401.0, frequency_hz=49.98, energy_out_wh=3.0, energy_in_wh=9e6
    ),
    "solar": GenerationReading(
        power_w=8.12e5, reactive_power_var=1e3, limit_w=1.9e6, state=2.0, energy_out_wh=123456789.0
    ),
    "converter": ConverterReading(
        power_w=-7.5e5,
        reactive_power_var=2e4,
        setpoint_w=-7.5e5,
        state=2.0,
        watchdog_remaining_s=12.0,
        temperature_degc=31.2,
        energy_discharged_wh=4e8,
        energy_charged_wh=5e8,
    ),
    "battery": BatteryReading(
        soc=0.5123,
        soh=0.99,
        dc_voltage_v=1248.3,
        dc_current_a=-601.25,
        charge_limit_w=1.2e6,
        discharge_limit_w=1.4e6,
        cell_voltage_min_v=3.201,
        cell_voltage_max_v=3.299,
        cell_temperature_min_degc=-2.5,
        cell_temperature_max_degc=31.4,
        state=2.0,
        fault_bits=5.0,
        rack_soc=np.array([0.5, 0.51, 0.52]),
        rack_current_a=np.array([-200.1, -200.2, -200.3]),
        rack_voltage_v=np.array([1248.0, 1248.1, 1248.2]),
        cell_voltage_v=np.linspace(3.201, 3.299, LAYOUT.cells).round(3).reshape(LAYOUT.shape),
        cell_temperature_degc=np.linspace(-2.5, 31.4, LAYOUT.cells).round(1).reshape(LAYOUT.shape),
    ),
}
READINGS["wind"] = READINGS["solar"]


class HandClock:
    """Time that only the test moves; whoever sleeps is woken when it has come so far."""

    def __init__(self, elapsed_s: float = 1000.0) -> None:
        self._elapsed_s = elapsed_s
        self._moved = asyncio.Condition()

    def now(self) -> datetime:
        return datetime(2026, 7, 15, tzinfo=UTC) + timedelta(seconds=self._elapsed_s)

    def elapsed_s(self) -> float:
        return self._elapsed_s

    async def sleep_until(self, elapsed_s: float) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._elapsed_s >= elapsed_s)

    async def advance(self, dt_s: float) -> None:
        """Move on, and let everybody who waited for it run."""
        async with self._moved:
            self._elapsed_s += dt_s
            self._moved.notify_all()
        for _ in range(5):
            await asyncio.sleep(0)


def device(name: str, map_name: str, port: int, unit: int = 1, timeout_s: float = 60.0) -> Device:
    """A device that is waited for so long that no stumble of this computer looks like its silence."""
    return Device(name, map_name, f"tcp://127.0.0.1:{port}/{unit}", timeout_s=timeout_s)


def park(*devices: Device) -> Site:
    """A site of those of gate, bms1, pcs1, inv1, w1 and line that are given; the gate always."""
    there = {one.name for one in devices}
    battery = Battery("b1", NAME, CELL, LAYOUT, "bms1", Converter("pcs1", 1.5e6, 1.65e6, 1e6))
    return Site(
        id="park",
        name=NAME,
        timezone="UTC",
        currency="CNY",
        grid=Grid("gate", 4e6, 2e6),
        devices=devices,
        batteries=(battery,) if {"bms1", "pcs1"} & there else (),
        solar=(Source("pv1", NAME, "inv1", RATED_W),) if "inv1" in there else (),
        wind=(Source("w1", NAME, "w1", 1e6),) if "w1" in there else (),
        loads=(Load("line1", NAME, "line"),) if "line" in there else (),
    )


def every_role() -> Iterator[tuple[DeviceMap, str, Locator]]:
    """Each role of each shipped map, placed as our server would place it."""
    for device_map in map(load_map, map_names()):
        bases, _ = laid_out(device_map.models)
        for role in device_map.roles:
            yield device_map, role, Locator(device_map, bases, LAYOUT, RATED_W)


def same(left: float, right: float, within: float = 0.0) -> bool:
    """Equal to `within`; nan is nan."""
    return (math.isnan(left) and math.isnan(right)) or abs(left - right) <= within + 1e-9 * abs(left)
