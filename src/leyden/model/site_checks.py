"""What the tables of a site must not say together: contradictions between keys that are right on their own."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leyden.model.read_table import LOOKUP_ERRORS, Read, TableReader
from leyden.model.site import BATTERIES, GRID
from leyden.model.site_tables import THINGS, DeviceTable, GridTable, SiteTable
from leyden.model.toml_lines import Path
from leyden.model.words import Words

MapRoles = Callable[[str], Collection[str]]
"""The roles of a device map by its name; raises LookupError, ValueError or LeydenError with the names there are."""

RESERVED = (GRID, BATTERIES, "site")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Tables:
    """Every table of a site as far as it could be read."""

    site: Read[SiteTable]
    grid: Read[GridTable]
    devices: Mapping[str, Read[DeviceTable]]
    things: Mapping[str, Mapping[str, Read[Any]]]
    """By kind, then by name."""

    def roles(self) -> Iterator[tuple[str, str, Path]]:
        """(device, role, where it is said) for every role that a device is given."""
        yield from _given(self.grid, "device", "grid", ("grid", "device"))
        for kind, tables in self.things.items():
            for name, read in tables.items():
                if kind != "battery":
                    yield from _given(read, "device", kind, (kind, name, "device"))
                    continue
                yield from _given(read, "bms", "battery", (kind, name, "bms"))
                converter = read.values.get("converter")
                if converter is not None:
                    yield converter.device, "converter", (kind, name, "converter", "device")


def _given(read: Read[Any], field: str, role: str, path: Path) -> Iterator[tuple[str, str, Path]]:
    device = read.values.get(field)
    if device is not None:
        yield device, role, path


def check_site(reader: TableReader, tables: Tables, map_roles: MapRoles | None) -> None:
    """Tell every contradiction; what could not be read is left out, its problems are told already."""
    _check_names(reader, tables)
    _check_addresses(reader, tables)
    _check_roles(reader, tables)
    if map_roles is not None:
        _check_maps(reader, tables, map_roles)
    _check_loads(reader, tables)
    _check_batteries(reader, tables)


def _check_names(reader: TableReader, tables: Tables) -> None:
    seen: dict[str, str] = {}
    for path in [("device", name) for name in tables.devices] + [
        (k, n) for k, named in tables.things.items() for n in named
    ]:
        kind, name = path
        if not _NAME.fullmatch(name):
            mend = Words(
                "名称应以字母开头,仅含字母、数字、- 与 _", "a name starts with a letter; then letters, digits, - and _"
            )
            reader.tell(path, mend, _named(name))
        elif name in RESERVED:
            reader.tell(
                path, Words("该名称已保留,请另取", "this name has a meaning of its own; take another"), _named(name)
            )
        elif kind != "device" and name in seen:
            other = THINGS[seen[name]][1]
            mend = Words(f"{other.zh} 已用此名,请另取", f"a {other.en} has this name; take another")
            reader.tell(path, mend, _named(name))
        if kind != "device":
            seen.setdefault(name, kind)


def _named(name: str) -> Words:
    return Words(f'"{name}"', f'"{name}"')


def _check_addresses(reader: TableReader, tables: Tables) -> None:
    """One address is one device: two maps for it contradict each other, and one map needs only one name."""
    first: dict[tuple[str, int, int], str] = {}
    for name, read in tables.devices.items():
        at = read.values.get("at")
        if at is None:
            continue
        other = first.setdefault(at.place, name)
        if other == name:
            continue
        if tables.devices[other].values.get("map") == read.values.get("map"):
            mend = Words(
                f"与 {other} 是同一设备,只写一个并重复引用", f"{other} is this device already; name {other} instead"
            )
        else:
            mend = Words(
                f"{other} 以另一点表占用该地址,请改地址或点表",
                f"{other} is at this address with another map; correct one of them",
            )
        reader.tell(("device", name, "at"), mend)


def _check_roles(reader: TableReader, tables: Tables) -> None:
    """A device plays a role for one thing only, and every device is there for something."""
    first: dict[tuple[str, str], Path] = {}
    for device, role, path in tables.roles():
        other = first.setdefault((device, role), path)
        if other != path:
            where = reader.file.lines.key(other)
            mend = Words(
                f"{where} 已将它用作 {role},请换一个设备",
                f"it is the {role} of {where} already; name another device",
            )
            reader.tell(path, mend)
    used = {device for device, _ in first}
    for name in tables.devices:
        if name not in used and not reader.problems:
            mend = Words("没有对象使用该设备,请引用或删除", "nothing on the site uses it; name it, or remove it")
            reader.tell(("device", name), mend, Words("未使用的设备", "a device of no use"), warning=True)


def _check_maps(reader: TableReader, tables: Tables, map_roles: MapRoles) -> None:
    """Every map is there, and has the roles it is used for."""
    known: dict[str, Collection[str]] = {}
    for name, read in tables.devices.items():
        if "map" in read.values:
            try:
                known[name] = map_roles(read.values["map"])
            except LOOKUP_ERRORS as error:
                reader.tell_error(("device", name, "map"), error)
    for device, role, path in tables.roles():
        if device in known and role not in known[device]:
            name, roles = tables.devices[device].values["map"], ", ".join(sorted(known[device]))
            mend = Words(
                f"其点表 {name} 无 {role} 角色,只有:{roles}",
                f"its map {name} has no role {role}, only: {roles}",
            )
            reader.tell(path, mend)


def _check_loads(reader: TableReader, tables: Tables) -> None:
    unmeasured = [name for name, read in tables.things["load"].items() if not reader.file.has(("load", name, "device"))]
    for name in unmeasured[1:]:
        mend = Words(
            f"{unmeasured[0]} 已作为剩余负荷,请为其指定 device",
            f"{unmeasured[0]} is what is left over already; give this one a device",
        )
        reader.tell(("load", name), mend, Words("又一个无设备的负荷", "a second load without a device"))


def _check_batteries(reader: TableReader, tables: Tables) -> None:
    for name, read in tables.things["battery"].items():
        low, high = read.values.get("soc_min"), read.values.get("soc_max")
        if low is not None and high is not None and low >= high:
            key = "soc_min" if reader.file.has(("battery", name, "soc_min")) else "soc_max"
            mend = Words(
                f"soc_min({low:g})应小于 soc_max({high:g})", f"soc_min ({low:g}) must be below soc_max ({high:g})"
            )
            reader.tell(("battery", name, key), mend)
        converter = read.values.get("converter")
        if converter is not None and converter.apparent_va is not None and converter.apparent_va < converter.power_w:
            mend = Words("视在功率应不小于有功功率", "expected at least the rated power")
            reader.tell(("battery", name, "converter", "apparent"), mend)
    if not reader.file.has(("battery",)):
        mend = Words("应添加 [battery.b1]", "add [battery.b1]; without one there is nothing to decide")
        reader.tell((), mend, Words("没有电池", "no battery"), warning=True)
