"""A lost link is one alarm: over real sockets, with a twin behind them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from leyden.alarms import ChangeKind
from leyden.model.readings import BatteryReading
from leyden.runtime.night import night
from tests.whole.inside import configured
from tests.whole.wired import wired

PATIENCE_S = 90.0
HOST = "host-silent:127.0.0.1"
"""What a stumble of this computer, on which all devices are, may look like."""


async def until(true: Callable[[], object], why: str) -> None:
    loop = asyncio.get_running_loop()
    end_s = loop.time() + PATIENCE_S
    while not true():
        assert loop.time() < end_s, why
        await asyncio.sleep(0.1)


@pytest.mark.soak
async def test_whatever_link_is_lost_it_is_one_alarm(tmp_path):
    async with wired(configured(tmp_path), "2026-01-21T02:00") as site:
        with night(site.config, site.station, site.field.frames):
            raised: list[str] = []
            alarms = site.station.alarms
            alarms.listen(lambda changes: raised.extend(c.alarm.key for c in changes if c.kind is ChangeKind.RAISED))

            def standing() -> set[str]:
                return {alarm.key for alarm in alarms.active() if alarm.standing}

            # A module's own electronics no longer answer the battery's: 48 cells without a voltage.
            server = site.host._servers["bms1"]
            update = server.update

            def without_a_module(role, reading):
                assert isinstance(reading, BatteryReading)
                cells = reading.cell_voltage_v.copy()
                cells[1, 2] = np.nan
                update(role, replace(reading, cell_voltage_v=cells))

            server.update = without_a_module  # type: ignore[method-assign]
            gate = site.host.twin.faults.put("silent", "gate")
            await until(lambda: {"cells-silent:b1", "device-silent:gate"} <= standing(), f"only {standing()}")
            by_key = {alarm.key: alarm.condition for alarm in alarms.active()}
            assert "48 cells: rack 2 module 3" in by_key["cells-silent:b1"].text.en
            await until(lambda: _priority(alarms, "device-silent:gate") == 1, "blind at the gate, and not urgent")
            assert set(raised) - {HOST} == {"cells-silent:b1", "device-silent:gate"}

            server.update = update  # type: ignore[method-assign]
            site.host.twin.faults.take(gate.id)
            await until(lambda: not standing(), "what is well again still stands")

            raised.clear()
            faults = [site.host.twin.faults.put("silent", device.name) for device in site.site.devices]
            await until(lambda: HOST in standing(), "nobody noticed that all are silent")
            await asyncio.sleep(10.0)
            assert set(raised) == {HOST}
            for fault in faults:
                site.host.twin.faults.take(fault.id)
            await until(lambda: not standing(), "what is well again still stands")
            assert set(raised) == {HOST}


def _priority(alarms, key: str) -> int | None:
    return next((alarm.condition.priority for alarm in alarms.active() if alarm.key == key), None)
