"""One battery of this moment as a document: its limits and what sets them, its racks, its worst cells. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Any

import numpy as np

from leyden.bms.fault_words import faults_in
from leyden.bms.watch.worst import Worst, worst_now
from leyden.model.decision import Step
from leyden.model.readings import NO_RACKS, BatteryReading, Floats
from leyden.model.site import Layout
from leyden.model.states import BATTERY_STATES, BatteryState
from leyden.runtime.describe import finite, time_json, words_json

Json = dict[str, Any]


def said_json(reading: BatteryReading) -> Json:
    """What its own management says: state and faults."""
    state, bits = finite(reading.good("state")), finite(reading.good("fault_bits"))
    known = state is not None and state in set(BatteryState)
    return {
        "state": _state(BatteryState(int(state))) if known and state is not None else None,
        "fault_bits": None if bits is None else int(bits),
        "faults": [{"bit": bit, "label": words_json(words)} for bit, words in faults_in(int(bits or 0))],
    }


def _state(state: BatteryState) -> Json:
    return {"value": int(state), "label": words_json(BATTERY_STATES[state])}


def limits_json(battery: str, reading: BatteryReading, steps: Iterable[Step]) -> Json:
    """Both directions: what the device allows, what the decision leaves, and whose bound that is."""
    ways: dict[str, tuple[float, Step | None]] = {"charge": (inf, None), "discharge": (inf, None)}
    for step in steps:
        if step.want.target != battery:
            continue
        for way, left_w in (("charge", -step.allowed_w.low), ("discharge", step.allowed_w.high)):
            if left_w < ways[way][0]:
                ways[way] = (left_w, step)
    return {
        way: {
            "device_w": finite(reading.good(f"{way}_limit_w")),
            "power_w": finite(max(left_w, 0.0)),
            "binds": None if step is None else _binding(step),
        }
        for way, (left_w, step) in ways.items()
    }


def _binding(step: Step) -> Json:
    return {
        "controller": step.controller,
        "label": words_json(step.label),
        "text": words_json(step.want.reason.words),
    }


def racks_json(
    layout: Layout, reading: BatteryReading, our_soc: Floats = NO_RACKS, our_std: Floats = NO_RACKS
) -> list[Json]:
    """One for each rack that there should be, whether it says something or not; with our own estimate of each charge
    and its standard deviation, (rack,) or empty."""
    return [
        {
            "rack": rack + 1,
            "soc": _at(reading.rack_soc, rack),
            "our_soc": _at(our_soc, rack),
            "our_soc_std": _at(our_std, rack),
            "current_a": _at(reading.rack_current_a, rack),
            "voltage_v": _at(reading.rack_voltage_v, rack),
            **_voltages(reading.cell_voltage_v, rack),
            **_warmth(reading.cell_temperature_degc, rack),
        }
        for rack in range(layout.rack)
    ]


def _at(values: Floats, rack: int) -> float | None:
    return finite(float(values[rack])) if rack < len(values) else None


def _voltages(voltage_v: Floats, rack: int) -> Json:
    known = voltage_v[rack] if rack < len(voltage_v) else voltage_v
    known = known[np.isfinite(known)]
    if not known.size:
        return {"mean_v": None, "spread_v": None}
    return {"mean_v": float(known.mean()), "spread_v": round(float(np.ptp(known)), 6)}


def _warmth(temperature_degc: Floats, rack: int) -> Json:
    here = temperature_degc[rack] if rack < len(temperature_degc) else temperature_degc[:0]
    if not np.isfinite(here).any():
        return {"hottest": None, "coldest": None}

    def cell(place: int) -> Json:
        module, cell = divmod(place, here.shape[-1])
        return {"module": module + 1, "cell": cell + 1, "temperature_degc": float(here[module, cell])}

    return {"hottest": cell(int(np.nanargmax(here))), "coldest": cell(int(np.nanargmin(here)))}


def worst_json(worst: Worst, layout: Layout, reading: BatteryReading, now: datetime, elapsed_s: float) -> list[Json]:
    """The furthest off first; `now` and `elapsed_s` are one instant on both clocks."""
    found = []
    for one in worst_now(worst):
        module, cell = divmod(one.cell, layout.cell)
        found.append(
            {
                "rack": one.string + 1,
                "module": module + 1,
                "cell": cell + 1,
                "deviation_v": round(one.deviation_v, 6),
                "voltage_v": _cell(reading.cell_voltage_v, one.string, module, cell),
                "temperature_degc": _cell(reading.cell_temperature_degc, one.string, module, cell),
                "since": time_json(now - timedelta(seconds=elapsed_s - one.since_s)),
                "lasting_s": round(one.lasting_s, 1),
            }
        )
    return found


def _cell(values: Floats, rack: int, module: int, cell: int) -> float | None:
    there = rack < values.shape[0] and module < values.shape[1] and cell < values.shape[2]
    return finite(float(values[rack, module, cell])) if there else None
