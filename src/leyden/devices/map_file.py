"""Reads device maps: one TOML file a kind of device, those of the site's own folder before the shipped ones."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leyden.devices.codec import TYPES
from leyden.devices.map import WRITE_POINTS, Absent, DeviceMap, Model, ReadPoint, RegisterPoint, RoleMap, WritePoint
from leyden.devices.map_checks import check_role
from leyden.devices.map_points import PointReader
from leyden.devices.map_tables import MapTable, ModelTable, PointTable, RatedTable, RoleTable, WriteTable
from leyden.model.errors import LeydenError
from leyden.model.points import points_of
from leyden.model.problem import SiteFileError
from leyden.model.read_table import TableReader
from leyden.model.readings import ROLES
from leyden.model.toml_file import TomlFile
from leyden.model.words import Words

SHIPPED = Path(__file__).parent / "maps"


class UnknownMapError(LeydenError, LookupError):
    """There is no map of this name; tells the names there are."""


def map_names(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """The maps there are: those in `folders` and the shipped ones."""
    return tuple(sorted({found.stem for folder in (*folders, SHIPPED) for found in folder.glob("*.toml")}))


def load_map(name: str, folders: Sequence[Path] = ()) -> DeviceMap:
    """The map called `name`, from the first folder that has `name.toml`, else the shipped one.

    Raises UnknownMapError, or SiteFileError with everything that is wrong in the file: line, key, found and mend.
    """
    path = next((path for folder in (*folders, SHIPPED) if (path := folder / f"{name}.toml").is_file()), None)
    if path is None:
        raise UnknownMapError(f"there is no device map {name!r}; there are: {', '.join(map_names(folders))}")
    return parse_map(path.read_bytes(), path.stem, str(path) if path.parent != SHIPPED else path.name)


def parse_map(text: str | bytes, name: str, file: str | None = None) -> DeviceMap:
    """A map from the text of its file; `file` is how it is called in problems. Raises SiteFileError."""
    raw = text.encode() if isinstance(text, str) else text
    reader = TableReader(TomlFile.parse(raw, file or f"{name}.toml"))
    made = _MapReader(reader).read(name, hashlib.sha256(raw).hexdigest())
    if reader.problems or made is None:
        raise SiteFileError(reader.problems)
    return made


@dataclass
class _MapReader:
    reader: TableReader

    def read(self, name: str, digest: str) -> DeviceMap | None:
        top = self.reader.read(MapTable, (), besides=tuple(ROLES)).made
        if top is None:
            return None
        models = tuple(_model(model) for model in top.model)
        points = PointReader(self.reader, top, {number: m for m in models for number in (m.id, *m.alternatives)})
        roles: dict[str, RoleMap] = {}
        for role in sorted(filter(lambda role: self.reader.file.has((role,)), ROLES), key=self._is_copy):
            roles[role] = self._role(role, points, roles)
        if not roles:
            mend = Words(f"应至少有一个角色:{', '.join(ROLES)}", f"add at least one role: {', '.join(ROLES)}")
            self.reader.tell((), mend, Words("没有角色", "no role"))
        return DeviceMap(
            name=name,
            label=top.label,
            about=top.about,
            wire=top.wire,
            tested_with=top.tested_with,
            roles=roles,
            models=models,
            identity={key: points.text(key, ("identity", key), table) for key, table in top.identity.items()},
            gap=top.gap,
            digest=digest,
        )

    def _is_copy(self, role: str) -> bool:
        return self.reader.file.has((role, "like"))

    def _role(self, role: str, points: PointReader, others: Mapping[str, RoleMap]) -> RoleMap:
        table = self.reader.read(RoleTable, (role,), besides=("read", "write", "rated")).made or RoleTable()
        same = [other for other in others if ROLES[other] is ROLES[role]]
        if table.like is not None and table.like not in same:
            self.reader.unknown((role, "like"), same)
        read = {**self._copied(table, others, "read"), **self._read_points(role, points)}
        write = {**self._copied(table, others, "write"), **self._write_points(role, points, read)}
        copied = others.get(table.like or "")
        if copied is None:
            check_role(self.reader, role, table, write)
            return RoleMap(role, read, write, table.watchdog_s, table.idle, self._rated(role, points))
        watchdog_s = copied.watchdog_s if table.watchdog_s is None else table.watchdog_s
        return RoleMap(role, read, write, watchdog_s, table.idle or copied.idle, copied.rated)

    def _rated(self, role: str, points: PointReader) -> RegisterPoint | None:
        path = (role, "rated")
        if not self.reader.file.has(path):
            return None
        table = self.reader.read(RatedTable, path, besides=("scale",)).made
        return None if table is None else points.rated_point(path, table)

    def _copied(self, table: RoleTable, others: Mapping[str, RoleMap], what: str) -> Mapping[str, Any]:
        other = others.get(table.like or "")
        found: Mapping[str, Any] = {} if other is None else getattr(other, what)
        return found

    def _read_points(self, role: str, points: PointReader) -> Mapping[str, ReadPoint]:
        about = {point.name: point for point in points_of(ROLES[role])}
        found = {}
        for name in self.reader.file.table((role, "read")):
            path = (role, "read", name)
            if name not in about:
                self.reader.unknown(path, tuple(about))
                continue
            table = self.reader.read(PointTable, path, besides=("scale",)).made
            point = None if table is None else points.read_point(about[name], path, table)
            if point is not None:
                found[name] = point
        return found

    def _write_points(self, role: str, points: PointReader, read: Mapping[str, ReadPoint]) -> Mapping[str, WritePoint]:
        known = WRITE_POINTS.get(role, {})
        found = {}
        for name in self.reader.file.table((role, "write")):
            path = (role, "write", name)
            if name not in known:
                self.reader.unknown(path, tuple(known))
                continue
            table = self.reader.read(WriteTable, path, besides=("scale", "dead_band")).made
            echoes = ("registers", "none", *dict.fromkeys((*read, *self.reader.file.table((role, "read")))))
            if table is not None and table.read_back not in echoes:
                allowed = ", ".join(echoes)
                self.reader.tell((*path, "read_back"), Words(f"应为其中之一:{allowed}", f"expected one of {allowed}"))
            point = None if table is None else points.write_point(name, known[name], path, table)
            if point is not None:
                found[name] = point
        return found


def _model(table: ModelTable) -> Model:
    return Model(
        id=table.id,
        length=table.length,
        alternatives=table.alternatives,
        optional=table.optional,
        constants={constant.offset: constant.value for constant in table.constants},
        absent=tuple(Absent(absent.offset, TYPES[absent.type], absent.count) for absent in table.absent),
    )
