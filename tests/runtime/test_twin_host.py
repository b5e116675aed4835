"""A twin behind sockets: its time outlives a kill and rests at an end, and its faults are on the wire."""

import asyncio
import json
import os
import shutil
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from leyden.devices import FieldPlant
from leyden.model.quality import Quality
from leyden.model.setpoint import Setpoint
from leyden.runtime.config import data_folder
from leyden.runtime.twin_host import LONGEST_ABSENCE_WALL_S, TwinHost
from leyden.twin import Twin, TwinStateError
from tests.whole.inside import configured
from tests.whole.wired import elsewhere, hosted

START = "2026-09-20T11:30"
SPEED = 20.0
SLOW = 4.0
"""Fast enough not to wait long, slow enough for a busy computer not to make every device look late."""
CLOCK = "twin-clock.json"


@pytest.fixture
def config(tmp_path):
    return elsewhere(configured(tmp_path))


def host_of(config, speed=SPEED):
    twin = Twin(config.site, config.twin, config.cells, None)
    return TwinHost(config.site, twin, config.maps, data_folder(config, simulated=True), speed)


async def killed(config, tmp_path):
    """What a twin that is killed after a while leaves; its clock and its time at that moment."""
    folder, left = data_folder(config, simulated=True), tmp_path / "left"
    async with hosted(config, START, SPEED) as host:
        await asyncio.sleep(0.3)
        shutil.copytree(folder, left)
        clock, time = host.clock, host.twin.time
    shutil.rmtree(folder)
    left.rename(folder)
    return clock, time


async def test_a_killed_twin_goes_on_in_the_same_time(config, tmp_path):
    clock, time = await killed(config, tmp_path)
    again = host_of(config)
    assert (again.clock.origin, again.clock.monotonic_s) == (clock.origin, clock.monotonic_s)
    # What it missed meanwhile is caught up with as soon as it runs.
    serving = asyncio.create_task(again.run())
    await asyncio.sleep(0.1)
    assert again.twin.time > time
    assert abs(again.clock.now() - again.twin.time) < timedelta(seconds=0.5 * SPEED)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_after_an_end_time_has_stood_still(config):
    async with hosted(config, START, SPEED) as host:
        await asyncio.sleep(0.2)
        assert (data_folder(config, simulated=True) / CLOCK).exists()
    ended = host.twin.time
    assert not (data_folder(config, simulated=True) / CLOCK).exists()
    await asyncio.sleep(0.2)
    again = host_of(config)
    assert again.twin.time == ended
    assert again.clock.now() - ended < timedelta(seconds=0.1 * SPEED)


@pytest.mark.parametrize("what", ["another speed", "another boot", "long dead", "half written"])
async def test_a_time_that_nobody_can_go_on_in_begins_where_the_state_is(config, tmp_path, what):
    clock, _ = await killed(config, tmp_path)
    folder, speed = data_folder(config, simulated=True), SPEED
    if what == "another speed":
        speed = 2.0 * SPEED
    elif what == "another boot":
        kept = json.loads((folder / CLOCK).read_text())
        (folder / CLOCK).write_text(json.dumps(kept | {"boot": "x"}))
    elif what == "half written":
        (folder / CLOCK).write_text((folder / CLOCK).read_text()[:40])
    else:
        saved = (folder / "twin.npz").stat().st_mtime - LONGEST_ABSENCE_WALL_S
        os.utime(folder / "twin.npz", (saved, saved))
    again = host_of(config, speed)
    assert again.clock.monotonic_s > clock.monotonic_s
    assert again.clock.origin == again.twin.time


async def test_a_twin_that_is_killed_at_once_after_a_long_pause_goes_on_too(config, tmp_path):
    """The state of the run before is old, but not that of this run."""
    async with hosted(config, START, SPEED):
        await asyncio.sleep(0.1)
    saved = data_folder(config, simulated=True) / "twin.npz"
    os.utime(saved, (0.0, 0.0))
    clock, _ = await killed(config, tmp_path)
    assert host_of(config).clock.monotonic_s == clock.monotonic_s


async def test_the_state_of_another_site_is_refused(config):
    async with hosted(config, START, SPEED):
        await asyncio.sleep(0.05)
    bigger = replace(config.site.batteries[0], layout=replace(config.site.batteries[0].layout, rack=11))
    with pytest.raises(TwinStateError):
        host_of(replace(config, site=replace(config.site, batteries=(bigger,))))


@asynccontextmanager
async def looked_at(config):
    """A twin and the plant that reads it."""
    async with hosted(config, START, SLOW) as host:
        field = FieldPlant(config.site, config.maps, host.clock)
        await field.start()
        try:
            yield host, field
        finally:
            await field.stop()


async def until(field, true, patience_s=20.0):
    """Poll, as a cycle does, until something is true of the plant; the last readings."""
    end = asyncio.get_running_loop().time() + patience_s
    while not true():
        assert asyncio.get_running_loop().time() < end, "it did not come about"
        await field.poll(0.1)
        await asyncio.sleep(0.02)
    return field.read()


async def test_what_is_written_is_done_and_read_back(config):
    async with looked_at(config) as (host, field):

        def follows():
            field.write({"b1": Setpoint(6e5)})
            return abs(field.read().converter["b1"].good("power_w") - 6e5) < 1e4

        readings = await until(field, follows)
        assert readings.converter["b1"].setpoint_w == 6e5
        assert host.twin.truth().battery["b1"].power_w == pytest.approx(6e5, rel=1e-3)


@pytest.mark.parametrize(
    ("kind", "target", "params"),
    [("silent", "line", {}), ("exceptions", "line", {}), ("slow", "line", {"delay_s": 30.0}), ("nan", "line", {})],
)
async def test_a_fault_of_a_device_is_on_the_wire_and_ends(config, kind, target, params):
    def quality(name="power_w"):
        return field.read().load["line1"].stamp(name).quality

    async with looked_at(config) as (host, field):
        await until(field, lambda: quality() is Quality.GOOD)
        fault = host.twin.faults.put(kind, target, params)
        readings = await until(field, lambda: quality() is not Quality.GOOD)
        assert readings.grid.stamp("power_w").quality is Quality.GOOD
        assert (field.links()["line"].state == "online") == (kind == "nan")
        host.twin.faults.take(fault.id)
        await until(field, lambda: quality() is Quality.GOOD, 30.0)


async def test_a_frozen_value_stands_still_on_the_wire(config):
    async with looked_at(config) as (host, field):
        host.twin.faults.put("frozen", "gate.power_w", {})
        seen, others = set(), set()
        frozen_w = host.twin.read().grid.power_w
        await until(field, lambda: abs(field.read().grid.good("power_w") - frozen_w) <= 100.0)  # a register's step
        for _ in range(8):
            await asyncio.sleep(0.25)
            await field.poll(0.1)
            readings = field.read()
            seen.add(readings.grid.power_w)
            others.add(readings.load["line1"].power_w)
        assert len(seen) == 1 < len(others)
