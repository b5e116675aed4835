"""Links, identity, and every point: nothing is written."""

from collections.abc import Mapping, Sequence

from leyden.commission.bench import Bench
from leyden.commission.judge.links import DeviceSeen, judge_links, reading_of
from leyden.commission.pace import LOOK_S
from leyden.commission.steps.result import Result
from leyden.devices import DeviceMap
from leyden.model.points import scalar_points
from leyden.model.quality import Quality
from leyden.model.readings import ROLES
from leyden.model.site import Site

SWEEPS = 2.5
"""For so many of its slowest periods every point is waited for."""
LEAST_S = 3.0
UNARMED = ("watchdog_remaining_s",)
"""What a device says only while it is commanded."""


async def links(bench: Bench, maps: Mapping[str, DeviceMap], result: Result) -> list[DeviceSeen]:
    """Look until everything has come that can, and for long enough that it would have grown stale."""
    site = bench.site
    points = offered(site, maps)
    longest_s = max((SWEEPS * max(device.slow_s, device.poll_s) for device in site.devices), default=0.0)
    least_s = bench.now_s + LEAST_S
    await bench.watch(lambda: bench.now_s >= least_s and _all_there(bench, points), longest_s + bench.stumble_s, LOOK_S)
    devices = seen(bench, maps)
    result.findings.extend(judge_links(site, devices, bench.readings, points))
    return devices


def offered(site: Site, maps: Mapping[str, DeviceMap]) -> Mapping[tuple[str, str], Sequence[str]]:
    """The single values that each role of a device has in its map."""
    found: dict[tuple[str, str], Sequence[str]] = {}
    for device, role, thing in site.roles():
        has = maps[device].roles[role].read
        found[role, thing] = [p.name for p in scalar_points(ROLES[role]) if p.name in has and p.name not in UNARMED]
    return found


def seen(bench: Bench, maps: Mapping[str, DeviceMap]) -> list[DeviceSeen]:
    """All devices as they are now."""
    links = bench.links()
    found = []
    for device in bench.site.devices:
        link, of = links[device.name], maps[device.name]
        identity = (link.maker, link.model, link.version, link.serial)
        found.append(
            DeviceSeen(device.name, of.name, of.digest, device.at, link.state, link.age_s, link.error, *identity)
        )
    return found


def _all_there(bench: Bench, points: Mapping[tuple[str, str], Sequence[str]]) -> bool:
    for (role, thing), names in points.items():
        reading = reading_of(bench.readings, role, thing)
        if reading is None or any(reading.stamp(name).quality is not Quality.GOOD for name in names):
            return False
    return True
