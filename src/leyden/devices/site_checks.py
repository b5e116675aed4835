"""Whether every command that a site gives ends when nobody stands behind it any more."""

from collections.abc import Mapping

from leyden.devices.map import DeviceMap
from leyden.devices.things import things_of
from leyden.devices.writer import takes_commands
from leyden.model.read_table import TableReader
from leyden.model.site import Device, Site
from leyden.model.words import Words


def check_watchdogs(reader: TableReader, site: Site, maps: Mapping[str, DeviceMap]) -> None:
    """Tell devices that would go on with their last command; `maps` by device name."""
    for device in site.devices:
        unguarded = unguarded_roles(site, device, maps[device.name])
        if unguarded and not device.accept_no_watchdog:
            roles = ", ".join(unguarded)
            found = Words(
                f"点表 {device.map} 的 {roles} 没有看门狗", f"the map {device.map} has no watchdog for its {roles}"
            )
            mend = Words(
                "本机停止后指令会一直有效:换用带看门狗的点表;若可接受,写 accept_no_watchdog = true",
                "a command would stay in force when Leyden dies: take a map with a watchdog, or accept that with "
                "accept_no_watchdog = true",
            )
            reader.tell(("device", device.name, "map"), mend, found)
        elif device.accept_no_watchdog and not unguarded:
            mend = Words(
                "此设备的指令都会自行结束:请删除此键", "every command to this device ends by itself: remove this key"
            )
            reader.tell(("device", device.name, "accept_no_watchdog"), mend, warning=True)


def unguarded_roles(site: Site, device: Device, device_map: DeviceMap) -> tuple[str, ...]:
    """The roles of a device that are commanded, and whose commands nothing ends."""
    things = [thing for thing in things_of(site, device.name) if thing.role in device_map.roles]
    roles = {thing.role: device_map.roles[thing.role] for thing in things if takes_commands(device_map, thing)}
    return tuple(role for role, said in roles.items() if not said.guarded(said.write))
