"""The twin's state in one file, so that a simulated plant that was stopped goes on as if nothing had happened."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from leyden.bms.derate import Allowance
from leyden.bms.management import Bms
from leyden.bms.protect import Guard
from leyden.model.errors import LeydenError
from leyden.model.states import BatteryState, ConverterState
from leyden.pcs.converter import Order, Pcs
from leyden.pcs.generator import Generator
from leyden.twin.battery import BatteryTwin
from leyden.twin.cooling import ThermalOrder
from leyden.twin.energies import Energies
from leyden.twin.faults import Fault
from leyden.twin.gate import GateSample
from leyden.twin.things import SourceTwin

if TYPE_CHECKING:
    from leyden.twin.twin import Twin

FORM = 2
CELLS = ("state", "as_made", "made", "current_a")
WARMTH = ("module_degc", "medium_degc")
Arrays = Mapping[str, NDArray[Any]]


class TwinStateError(LeydenError):
    """A state file that does not fit; the mend is to begin anew."""


def save_state(twin: "Twin", path: Path) -> None:
    """Write the state beside the file, then put it in its place, so that a stop at any moment leaves one whole file."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, battery in twin.batteries.items():
        arrays |= {f"{name}/{key}": value for key, value in _arrays(battery).items()}
    story = {
        "form": FORM,
        "site": twin.site.id,
        "time": twin.time.isoformat(),
        "told_s": twin.told_s,
        "elapsed_s": twin.elapsed_s,
        "gate": asdict(twin.gate.newest),
        "loads": {name: load.consumed_wh for name, load in twin.loads.items()},
        "sources": {
            name: {"generator": asdict(source.generator), "generated_wh": source.generated_wh}
            for name, source in twin.sources.items()
        },
        "batteries": {name: _numbers(battery) for name, battery in twin.batteries.items()},
        "faults": [{**asdict(fault), "since": fault.since.isoformat()} for fault in twin.faults.active()],
    }
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, story=np.array(json.dumps(story)), **arrays)  # type: ignore[arg-type]
    os.replace(partial, path)  # noqa: PTH105 - atomic, and the same on every system


def load_state(twin: "Twin", path: Path) -> None:
    """Put a saved state into a twin of the same site, whose elapsed time then begins at 0; raises TwinStateError."""
    try:
        with np.load(path) as file:
            arrays = {key: file[key] for key in file.files}
        story = json.loads(str(arrays.pop("story")))
        if story["form"] != FORM or story["site"] != twin.site.id:
            raise TwinStateError(f"{path} is of another site or an older Leyden: begin anew with --fresh")
        for name, battery in twin.batteries.items():
            _check(battery, arrays, name)
        for name, battery in twin.batteries.items():
            _put_back(battery, story["batteries"][name], arrays, name)
        for name, load in twin.loads.items():
            load.consumed_wh = story["loads"][name]
        for name, source in twin.sources.items():
            _put_source_back(source, story["sources"][name])
    except (OSError, EOFError, BadZipFile, KeyError, ValueError) as error:
        raise TwinStateError(f"{path} does not fit this site ({error}): begin anew with --fresh") from error
    twin.go_on(
        datetime.fromisoformat(story["time"]),
        story["told_s"],
        GateSample(**{**story["gate"], "end_s": 0.0}),
        [_fault(said, story["elapsed_s"]) for said in story["faults"]],
    )


def _arrays(battery: BatteryTwin) -> Arrays:
    guard = {item.name: getattr(battery.bms.guard, item.name) for item in fields(Guard)}
    return {
        **{key: getattr(battery, key) for key in CELLS},
        **{key: getattr(battery.warmth, key) for key in WARMTH},
        "rack_soc": battery.bms.rack_soc, **guard,
    }  # fmt: skip


def _numbers(battery: BatteryTwin) -> dict[str, Any]:
    bms = battery.bms
    return {
        "energies": asdict(battery.energies),
        "pcs": asdict(battery.pcs),
        "state": int(bms.state),
        "charge": asdict(bms.charge),
        "discharge": asdict(bms.discharge),
        "joining_s": bms.joining_s,
        "thermal": asdict(battery.warmth.order),
        "held": battery.sensors.held,
        "reacted": battery.runaways.reacted,
        "gas_l": battery.runaways.gas_l,
    }


def _check(battery: BatteryTwin, arrays: Arrays, name: str) -> None:
    """Before anything is changed, hold the shapes there against those here."""
    for key, here in _arrays(battery).items():
        there = arrays[f"{name}/{key}"]
        if there.shape != here.shape:
            raise ValueError(f"battery {name} has {there.shape} {key} there, {here.shape} here")


def _put_back(battery: BatteryTwin, said: Mapping[str, Any], arrays: Arrays, name: str) -> None:
    for key in CELLS:
        getattr(battery, key)[:] = arrays[f"{name}/{key}"]
    for key in WARMTH:
        getattr(battery.warmth, key)[:] = arrays[f"{name}/{key}"]
    battery.warmth.order = ThermalOrder(**said["thermal"])
    battery.elapsed_s = 0.0
    battery.sensors.held = {int(key): value for key, value in said["held"].items()}
    battery.runaways.reacted = {int(key): value for key, value in said["reacted"].items()}
    battery.runaways.gas_l = said["gas_l"]
    battery.energies = Energies(**said["energies"])
    battery.pcs = _pcs(said["pcs"])
    battery.bms = Bms(
        guard=Guard(**{item.name: arrays[f"{name}/{item.name}"] for item in fields(Guard)}),
        rack_soc=arrays[f"{name}/rack_soc"],
        state=BatteryState(said["state"]),
        charge=Allowance(**said["charge"]),
        discharge=Allowance(**said["discharge"]),
        joining_s=said["joining_s"],
    )
    battery.settle()


def _pcs(said: Mapping[str, Any]) -> Pcs:
    return replace(
        Pcs(**said),
        state=ConverterState(said["state"]),
        order=Order(**said["order"]),
        echo=Order(**said["echo"]),
        coming=tuple((due_s, Order(**order)) for due_s, order in said["coming"]),
    )


def _put_source_back(source: SourceTwin, said: Mapping[str, Any]) -> None:
    generator = said["generator"]
    source.generator = replace(Generator(**generator), state=ConverterState(generator["state"]))
    source.generated_wh = said["generated_wh"]


def _fault(said: Mapping[str, Any], elapsed_s: float) -> Fault:
    since = datetime.fromisoformat(said["since"])
    return replace(Fault(**said), since=since, since_s=said["since_s"] - elapsed_s)
