"""Reads protection tables: one TOML file a table, those of the site's own folder before the shipped ones."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from leyden.bms.fault_bits import FaultBits
from leyden.bms.levels import Level
from leyden.bms.protection import NO_BIT, Action, Clears, Family, ProtectionTable, Quantity, Rule, Stops, When
from leyden.model.errors import LeydenError
from leyden.model.words import Words

SHIPPED = Path(__file__).parent / "tables"
LFP = "protection-lfp"

_LEVELS = {
    "info": (Level.INFO, Action.TELL, Clears.ITSELF),
    "warn": (Level.WARN, Action.TELL, Clears.ITSELF),
    "alarm": (Level.ALARM, Action.STOP, Clears.ITSELF),
    "trip": (Level.TRIP, Action.OPEN, Clears.ITSELF),
    "hard": (Level.TRIP, Action.OPEN_NOW, Clears.PERSON),
}
_FAMILY_KEYS = {"label", "advice", "watches", "worse", "moves_with", "when", "stops", "bit", *_LEVELS}
_RULE_KEYS = {"set", "clear", "delay_s", "action", "clears", "bit"}
_WORSE = ("above", "below")
E_ = TypeVar("E_", bound=IntEnum)


class ProtectionFileError(LeydenError):
    """A table that is not there, or one that cannot be used; names the file, the key and the mend."""


def load_protection(
    name: str, voltage_min_v: float, voltage_max_v: float, folders: Sequence[Path] = ()
) -> ProtectionTable:
    """The table called `name` for a cell of these limits, from the first folder that has it, else the shipped one.

    Raises ProtectionFileError: an unknown name with the names there are, or what is wrong in the file.
    """
    searched = (*folders, SHIPPED)
    path = next((path for folder in searched if (path := folder / f"{name}.toml").is_file()), None)
    if path is None:
        there = ", ".join(sorted({found.stem for folder in searched for found in folder.glob("protection-*.toml")}))
        raise ProtectionFileError(f"there is no protection table {name!r}; there are: {there}")
    return _loaded(path, path.stat().st_mtime_ns, voltage_min_v, voltage_max_v)


@lru_cache(maxsize=64)
def _loaded(path: Path, changed_ns: int, voltage_min_v: float, voltage_max_v: float) -> ProtectionTable:
    """A table never changes, so batteries of one kind share it; a file that was `changed_ns` later is read anew."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ProtectionFileError(f"{path}: not valid TOML: {error}") from error
    _known(data, {"cell", "family"}, f"{path}")
    cell = _Table(_table(data, "cell", str(path)), f"{path}: [cell]")
    _known(cell.data, {"voltage_min_v", "voltage_max_v"}, cell.where)
    moved = {
        "voltage_min_v": voltage_min_v - cell.number("voltage_min_v"),
        "voltage_max_v": voltage_max_v - cell.number("voltage_max_v"),
    }
    families = _table(data, "family", str(path))
    return ProtectionTable(
        tuple(_family(key, _Table(_table(families, key, str(path)), f"{path}: [family.{key}]"), moved)
              for key in families)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of the file while it is being read."""

    data: Mapping[str, Any]
    where: str

    def number(self, key: str) -> float:
        value = self.data.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
            raise ProtectionFileError(f"{self.where}: {key} must be a number (got {value!r})")
        return float(value)

    def name(self, key: str, kind: type[E_], default: E_ | None = None) -> E_:
        """A member of an enumeration, written in small letters."""
        said = self.data.get(key, default.name.lower() if default is not None else None)
        found = [member for member in kind if member.name.lower() == said]
        if not found:
            there = ", ".join(member.name.lower() for member in kind)
            raise ProtectionFileError(f"{self.where}: {key} must be one of {there} (got {said!r})")
        return found[0]

    def bit(self, default: FaultBits = NO_BIT) -> FaultBits:
        said = self.data.get("bit")
        if said is None:
            return default
        if said not in FaultBits.__members__:
            there = ", ".join(FaultBits.__members__)
            raise ProtectionFileError(f"{self.where}: bit must be one of {there} (got {said!r})")
        return FaultBits[said]

    def words(self, key: str) -> Words:
        said = self.data.get(key)
        if not isinstance(said, dict) or set(said) != {"zh", "en"}:
            raise ProtectionFileError(f"{self.where}: {key} must be written {{ zh = ..., en = ... }}")
        return Words(str(said["zh"]), str(said["en"]))


def _family(name: str, table: _Table, moved: Mapping[str, float]) -> Family:
    _known(table.data, _FAMILY_KEYS, table.where)
    if table.data.get("worse") not in _WORSE:
        raise ProtectionFileError(f"{table.where}: worse must be one of {', '.join(_WORSE)}")
    follows = table.data.get("moves_with")
    if follows is not None and follows not in moved:
        raise ProtectionFileError(f"{table.where}: moves_with must be one of {', '.join(moved)}")
    above = table.data["worse"] == "above"
    by = moved[follows] if follows is not None else 0.0
    rules = tuple(_rule(key, table, above, by) for key in _LEVELS if key in table.data)
    if not rules:
        raise ProtectionFileError(f"{table.where}: there must be a level: {', '.join(_LEVELS)}")
    return Family(
        name=name,
        label=table.words("label"),
        advice=table.words("advice"),
        watches=table.name("watches", Quantity),
        above=above,
        when=table.name("when", When, When.ALWAYS),
        stops=table.name("stops", Stops),
        rules=rules,
    )


def _rule(key: str, family: _Table, above: bool, moved: float) -> Rule:
    level, action, clears = _LEVELS[key]
    table = _Table(_table(family.data, key, family.where), f"{family.where} {key}")
    _known(table.data, _RULE_KEYS, table.where)
    rule = Rule(
        level=level,
        set=table.number("set") + moved,
        clear=table.number("clear") + moved,
        delay_s=table.number("delay_s"),
        action=table.name("action", Action, action),
        clears=table.name("clears", Clears, clears),
        bit=table.bit(family.bit()),
    )
    if rule.delay_s < 0.0:
        raise ProtectionFileError(f"{table.where}: delay_s must not be negative")
    if (rule.clear > rule.set) if above else (rule.clear < rule.set):
        raise ProtectionFileError(f"{table.where}: clear must be on the healthy side of set")
    if rule.action >= Action.OPEN and not rule.bit:
        raise ProtectionFileError(f"{table.where}: what opens a rack needs a bit, by which it is told")
    return rule


def _table(data: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict) or not value:
        raise ProtectionFileError(f"{where}: there must be a table [{key}]")
    return value


def _known(data: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(data.keys() - known):
        raise ProtectionFileError(f"{where}: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
