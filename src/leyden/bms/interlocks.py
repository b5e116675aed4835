"""Interlocks with gas, smoke, doors and switches: which inputs do what, as a table, and what they have latched."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from leyden.bms.protection import Action, Clears
from leyden.model.errors import LeydenError
from leyden.model.words import Words

SHIPPED = Path(__file__).parent / "tables" / "interlocks.toml"


class Inputs(IntFlag):
    """Detectors and switches around a battery."""

    NONE = 0
    GAS_1 = 1
    GAS_2 = 2
    SMOKE = 4
    HEAT = 8
    FIRE_PANEL = 16
    EMERGENCY_STOP = 32
    DOOR = 64
    WATER_LEAK = 128
    SURGE_PROTECTION = 256


GAS = Inputs.GAS_1 | Inputs.GAS_2


class Wants(IntFlag):
    """What is asked of the container and its converter."""

    NOTHING = 0
    VENTILATE = 1
    HVAC_OFF = 2
    TRIP_CONVERTER = 4
    SUPPRESS = 8
    LOCK_DOOR = 16
    NOTIFY = 32


class InterlockFileError(LeydenError):
    """A table that cannot be used; names the file, the rule and the mend."""


@dataclass(frozen=True, slots=True)
class Interlock:
    """What stands when all of `inputs` stand."""

    name: str
    label: Words
    inputs: Inputs
    action: Action
    clears: Clears
    wants: Wants


@dataclass(frozen=True, slots=True)
class Effects:
    """What all rules in force come to."""

    action: Action = Action.TELL
    wants: Wants = Wants.NOTHING
    by_hand: bool = False
    """Whether a rack that they open stays open until a person comes."""


NO_EFFECTS = Effects()


@dataclass(frozen=True, eq=False)
class Interlocks:
    """The table; a set of rules in force is an int with a bit for each, in their order."""

    rules: tuple[Interlock, ...]

    def after(self, in_force: int, inputs: Inputs) -> int:
        """The rules in force now that `inputs` stand: those that a person ends stay."""
        if in_force == 0 and inputs == 0:
            return 0
        kept = in_force & self._latching
        for number, rule in enumerate(self.rules):
            if inputs & rule.inputs == rule.inputs:
                kept |= 1 << number
        return kept

    def reset(self, in_force: int, service: bool) -> int:
        """What a person leaves in force, who may be of the service."""
        return 0 if service else in_force & self._locking

    def effects(self, in_force: int) -> Effects:
        """What the rules in force do together."""
        if in_force == 0:
            return NO_EFFECTS
        found = self.standing(in_force)
        wants = Wants.NOTHING
        for rule in found:
            wants |= rule.wants
        hardest = max(rule.action for rule in found)
        opens = [rule for rule in found if rule.action >= Action.OPEN]
        return Effects(hardest, wants, any(rule.clears > Clears.ITSELF for rule in opens))

    def standing(self, in_force: int) -> tuple[Interlock, ...]:
        """The rules in force, for those who tell them."""
        return tuple(rule for number, rule in enumerate(self.rules) if in_force >> number & 1)

    @cached_property
    def _latching(self) -> int:
        return sum(1 << n for n, rule in enumerate(self.rules) if rule.clears > Clears.ITSELF)

    @cached_property
    def _locking(self) -> int:
        return sum(1 << n for n, rule in enumerate(self.rules) if rule.clears == Clears.SERVICE)


def inputs_of(said: Mapping[str, float]) -> Inputs:
    """Inputs by their names in small letters. Whatever is not exactly 0 stands: a contact of which nothing is known is
    taken for one that has acted."""
    found = Inputs.NONE
    for name, value in said.items():
        if value != 0.0:
            found |= Inputs[name.upper()]
    return found


def load_interlocks(folders: Sequence[Path] = ()) -> Interlocks:
    """The table `interlocks.toml` of the first folder that has one, else the shipped one; raises InterlockFileError."""
    path = next((path for folder in folders if (path := folder / SHIPPED.name).is_file()), SHIPPED)
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _loaded(path: Path, changed_ns: int) -> Interlocks:
    """A table never changes, so batteries share it; a file that was `changed_ns` later is read anew."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InterlockFileError(f"{path}: not valid TOML: {error}") from error
    if set(data) != {"rule"} or not isinstance(data["rule"], dict):
        raise InterlockFileError(f"{path}: there must be tables [rule.NAME], and nothing else")
    return Interlocks(tuple(_rule(name, rule, f"{path}: [rule.{name}]") for name, rule in data["rule"].items()))


_KEYS = {"label", "inputs", "action", "clears", "wants"}


def _rule(name: str, data: Mapping[str, Any], where: str) -> Interlock:
    if set(data) != _KEYS:
        raise InterlockFileError(f"{where}: expected exactly the keys {', '.join(sorted(_KEYS))}")
    if not data["inputs"]:
        raise InterlockFileError(f"{where}: inputs must name at least one input")
    label = data["label"]
    if not isinstance(label, dict) or set(label) != {"zh", "en"}:
        raise InterlockFileError(f"{where}: label must be written {{ zh = ..., en = ... }}")
    try:
        return Interlock(
            name, Words(label["zh"], label["en"]), _flags(Inputs, data["inputs"]), Action[data["action"].upper()],
            Clears[data["clears"].upper()], _flags(Wants, data["wants"]),
        )  # fmt: skip
    except (KeyError, AttributeError, TypeError) as error:
        raise InterlockFileError(f"{where}: {error} means nothing here; see the shipped table") from error


def _flags(kind: Any, names: Iterable[str]) -> Any:
    found = kind(0)
    for name in names:
        found |= kind[name.upper()]
    return found
