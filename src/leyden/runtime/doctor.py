"""A quarter of an hour of a site in one file, for somebody who was not there: enough to make its decisions again.

What is missing is no reason to fail: a site whose record cannot be read is just one that needs a doctor. Whatever could
not be had is named in the bundle's page.
"""

import json
import platform
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson

from leyden.history import Ledger, Record
from leyden.model.toml_file import TomlFile
from leyden.runtime.blackbox import AROUND_S
from leyden.runtime.bundle import Packing, packing
from leyden.runtime.config import SiteConfig
from leyden.runtime.describe import time_json
from leyden.runtime.site_files import own_files, plan_is_beside, public, shipped_files, toml_text
from leyden.runtime.site_log import lines_between

SITE = "site"
"""The folder of the site file in a bundle."""
BOX = "blackbox.box"
_PARTS = ("numpy", "numba", "duckdb", "pyarrow", "pymodbus", "fastapi", "msgspec", "aiomqtt")
_LONG_AGO = timedelta(days=400)
"""How far back an alarm may have begun that still stands."""


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One frame as it stood on a wire."""

    time: datetime
    device: str
    direction: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where everything is that a bundle is made of; what is not there is None."""

    config: SiteConfig
    folder: Path
    """Of the data."""
    record: Record | None
    ledger: Ledger | None
    pieces: Sequence[bytes]
    """Of the black box."""
    frames: Sequence[RawFrame] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    """The moment in which the bundle is made: mode, links, what waits."""
    hide: Callable[[str], str] = str
    """Takes secrets out of a text."""
    wall: Callable[[datetime], datetime] = lambda time: time
    """The wall clock at a moment of site time: the log goes by it."""


def around(moment: datetime) -> tuple[datetime, datetime]:
    """The quarter of an hour around a moment."""
    return moment - timedelta(seconds=AROUND_S), moment + timedelta(seconds=AROUND_S)


def write_bundle(evidence: Evidence, moment: datetime, target: Path) -> list[str]:
    """Write the bundle of the quarter of an hour around a moment; returns what could not be had."""
    start, end = around(moment)
    missing: list[str] = []
    about: dict[str, Any] = {
        "site": evidence.config.site.id,
        "simulated": evidence.config.twin is not None,
        "around": moment.isoformat(),
        "start": start.isoformat(),
        "end": end.isoformat(),
        "versions": versions(),
        "missing": missing,
        "read_me": "replay with: leyden replay THIS.zip; powers positive out of the thing into the bus; times UTC",
    }
    with packing(target, "doctor", about) as bundle:
        for name, part in _parts(evidence, start, end).items():
            try:
                part(bundle)
            except Exception as error:  # the rest is worth having
                missing.append(f"{name}: {evidence.hide(str(error))}")
    return missing


def _parts(evidence: Evidence, start: datetime, end: datetime) -> dict[str, Callable[[Packing], None]]:
    record, ledger = evidence.record, evidence.ledger

    def add_history(bundle: Packing) -> None:
        rows = _there(record, "the record cannot be read")
        path = evidence.folder / f".history-{id(bundle)}.parquet"
        try:
            rows.export(path, rows.points, start, end, step="raw", form="parquet", layout="long")
            bundle.add_file("history.parquet", path, packed=True)
        finally:
            path.unlink(missing_ok=True)

    def add_decisions(bundle: Packing) -> None:
        rows = reversed(_there(record, "the record cannot be read").decisions(start, end, 20_000))
        lines = (orjson.dumps({"number": d.number, "t": d.t, **orjson.loads(d.body)}) for d in rows)
        bundle.add("decisions.jsonl", b"\n".join(lines))

    def add_plan(bundle: Packing) -> None:
        slots = _there(record, "the record cannot be read").planned(start, end)
        bundle.add("plan.json", orjson.dumps(list(slots), option=orjson.OPT_INDENT_2))

    def add_ledger(bundle: Packing) -> None:
        for name, rows in _ledger(_there(ledger, "the ledger cannot be read"), start, end).items():
            bundle.add_json(f"{name}.json", rows)

    def add_log(bundle: Packing) -> None:
        lines = lines_between(evidence.folder, evidence.wall(start), evidence.wall(end))
        bundle.add("log.txt", evidence.hide("\n".join(lines)).encode())

    def add_frames(bundle: Packing) -> None:
        wanted = [frame for frame in evidence.frames if start <= frame.time <= end]
        lines = [f"{f.time.isoformat()},{f.device},{f.direction},{f.data.hex()}" for f in wanted]
        bundle.add("frames.csv", "\n".join(["time,device,direction,bytes", *lines]).encode())

    return {
        "site file": lambda bundle: _add_site(bundle, evidence.config),
        "black box": lambda bundle: bundle.add(BOX, b"".join(_pieces(evidence))),
        "history": add_history,
        "decisions": add_decisions,
        "plan": add_plan,
        "alarms, events, actions": add_ledger,
        "log": add_log,
        "raw frames": add_frames,
        "state": lambda bundle: bundle.add("state.json", evidence.hide(json.dumps(evidence.state)).encode()),
    }


def _there(found: Any, why: str) -> Any:
    if found is None:
        raise LookupError(why)
    return found


def _pieces(evidence: Evidence) -> Sequence[bytes]:
    if not evidence.pieces:
        raise LookupError("it holds nothing of this time")
    return evidence.pieces


def _add_site(bundle: Packing, config: SiteConfig) -> None:
    """The site file as data, so that neither secrets nor comments come along, and every file that it names."""
    data = public(TomlFile.parse(config.path.read_bytes(), config.path.name).data)
    if config.plan.source not in ("none", "time-of-use") and not plan_is_beside(config):
        data.pop("plan")
    bundle.add(f"{SITE}/site.toml", toml_text(data).encode())
    for place, path in (*own_files(config), *shipped_files(config)):
        bundle.add(f"{SITE}/{place}", path.read_bytes())


def _ledger(ledger: Ledger, start: datetime, end: datetime) -> dict[str, Any]:
    """Alarms that stood at some time of the span, events and what people did."""
    begun = ledger.alarms.between(start - _LONG_AGO, end, 10_000)
    alarms = [
        row for row in begun if row["clear_time"] is None or datetime.fromisoformat(str(row["clear_time"])) >= start
    ]
    return {
        "alarms": alarms,
        "events": [_row(event) for event in ledger.events.between(start, end)],
        "actions": [_row(action) for action in ledger.actions.between(start, end)],
    }


def _row(row: Any) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in row.__dataclass_fields__}
    found["time"] = time_json(found["time"])
    if "text" in found:
        found["text"] = {"zh": row.text.zh, "en": row.text.en}
    return found


def versions() -> dict[str, str]:
    """What decided, and on what."""
    found = {"leyden": _version("leyden"), "python": sys.version.split()[0], "system": platform.platform()}
    found |= {"machine": platform.machine(), "sqlite": sqlite3.sqlite_version}
    return found | {name: _version(name) for name in _PARTS}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def moment_in(config: SiteConfig, text: str) -> datetime:
    """A time that a person wrote, by the site's wall clock unless a zone stands with it. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=config.site.zone)).astimezone(UTC)
