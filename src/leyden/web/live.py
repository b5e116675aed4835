"""The documents of the room: the site as it is described, and the moment as it is."""

from dataclasses import asdict
from typing import Any

from leyden import __version__
from leyden.alarms import Alarm
from leyden.model.site import GRID, Battery, Site, Source
from leyden.plan import Tariff
from leyden.runtime.config import SiteConfig
from leyden.runtime.describe import (
    decision_json,
    finite,
    leases_json,
    locks_json,
    mode_json,
    next_json,
    points_json,
    time_json,
    words_json,
)
from leyden.runtime.links import Writes
from leyden.runtime.mode import SHADOW
from leyden.runtime.station import Station

Json = dict[str, Any]


def site_json(config: SiteConfig, station: Station) -> Json:
    """What does not change while the site runs."""
    site, environment = config.site, station.environment
    return {
        "id": site.id,
        "name": words_json(site.name),
        "timezone": site.timezone,
        "utc_offset_s": _offset_s(site, station),
        "currency": site.currency,
        "environment": environment.name,
        "mark": station.mode.mark,
        "mode": mode_json(station.mode),
        "speed": environment.speed,
        "version": __version__,
        "read_open": config.web.read == "open",
        "period_s": site.period_s,
        "grid": {"import_limit_w": site.grid.import_limit_w, "export_limit_w": site.grid.export_limit_w},
        "things": _things(site),
        "devices": [
            {
                "name": d.name,
                "map": d.map,
                "at": d.at,
                "roles": [role for name, role, _ in site.roles() if name == d.name],
            }
            for d in site.devices
        ],
        "controllers": [
            {
                "name": c.name,
                "label": words_json(c.label),
                "protective": c.protective,
                "summary": words_json(c.summary()),
            }
            for c in station.controllers
        ],
        "points": [
            {"name": p.name, "unit": p.point.unit, "label": words_json(p.point.label), "doc": p.point.doc}
            for p in station.flattener.points
        ],
        "tariff": _tariff(config.tariff),
    }


def _offset_s(site: Site, station: Station) -> float:
    offset = station.clock.now().astimezone(site.zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _things(site: Site) -> list[Json]:
    grid = {"name": GRID, "kind": "grid", "label": words_json(site.grid.label), "power_w": site.grid.import_limit_w}
    loads = [{"name": load.name, "kind": "load", "label": words_json(load.label)} for load in site.loads]
    return [
        grid,
        *(_battery(battery) for battery in site.batteries),
        *(_source("solar", source) for source in site.solar),
        *(_source("wind", source) for source in site.wind),
        *loads,
    ]


def _source(kind: str, source: Source) -> Json:
    return {"name": source.name, "kind": kind, "label": words_json(source.label), "power_w": source.power_w}


def _battery(battery: Battery) -> Json:
    rack, module, cell = battery.layout.shape
    return {
        "name": battery.name,
        "kind": "battery",
        "label": words_json(battery.label),
        "power_w": battery.converter.power_w,
        "energy_wh": battery.energy_wh,
        "layout": {"rack": rack, "module": module, "cell": cell},
        "soc_min": battery.soc_min,
        "soc_max": battery.soc_max,
        "cell": {
            "name": battery.cell.name,
            "voltage_min_v": battery.cell.voltage_min_v,
            "voltage_max_v": battery.cell.voltage_max_v,
        },
    }


def _tariff(tariff: Tariff | None) -> Json | None:
    if tariff is None:
        return None
    return {"id": tariff.id, "name": words_json(tariff.name), "document": tariff.document, "estimate": True}


def live_json(station: Station) -> Json | None:
    """Everything about this moment; None before the first cycle."""
    moment = station.moment
    if moment is None:
        return None
    snapshot, elapsed_s = moment.snapshot, moment.snapshot.context.elapsed_s
    points, bad = points_json(station.flattener.names, moment.frame)
    links, writes = station.links(), station.writes()
    plan = None if station.planner is None else station.planner.plan
    return {
        "seq": moment.decision.number,
        "time": time_json(snapshot.time),
        "t": round(snapshot.time.timestamp(), 3),
        "points": points,
        "bad": bad,
        "ages_s": {name: finite(round(link.age_s, 1)) for name, link in links.items()},
        "devices": {
            name: {
                "state": link.state,
                "age_s": finite(round(link.age_s, 1)),
                "error": None if link.error is None else words_json(link.error),
                "writes": _writes(writes.get(name)),
            }
            for name, link in links.items()
        },
        "mode": mode_json(station.mode),
        "locks": locks_json(station.locks.locks),
        "notices": [],
        "decision": decision_json(moment.decision),
        "commands": _commands(station, elapsed_s),
        "alarms": [alarm_json(alarm) for alarm in station.alarms.active()],
        "today": _today(station),
        "next": next_json(plan, snapshot.time),
    }


def _writes(writes: Writes | None) -> Json | None:
    if writes is None:
        return None
    return {"total": writes.total, "persistent_today": writes.persistent_today, "budget": writes.budget}


def _commands(station: Station, elapsed_s: float) -> list[Json]:
    """Commands in force, each with what its devices say and do."""
    commands = leases_json(station.leases.all(), elapsed_s)
    for command in commands:
        seen = station.readback(command["target"])
        command["readback"] = None if seen is None else asdict(seen)
    return commands


def _today(station: Station) -> Json:
    moment = station.moment
    assert moment is not None
    today, site, sums = moment.today, station.site, station.sums
    would_be = sums.would_be if station.mode.mark == SHADOW else None
    midnight = moment.snapshot.time.astimezone(site.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    past_s = (moment.snapshot.time - midnight).total_seconds()
    energy_wh = sum(battery.energy_wh for battery in site.batteries)
    return {
        **{name: value if value is None else round(value, 2) for name, value in today.as_json().items()},
        "money_estimate": True,
        "efficiency": today.efficiency(),
        "cycles": today.cycles(energy_wh),
        "coverage": min(1.0, today.covered_s / past_s) if past_s > 0 else 1.0,
        "plan_money": _rounded(station.plan_money()),
        "shadow_money": None if would_be is None else _rounded(would_be.money),
        "demand_month_w": sums.demand.at(moment.snapshot.time, site.zone),
    }


def _rounded(money: float | None) -> float | None:
    return None if money is None else round(money, 2)


def alarm_json(alarm: Alarm) -> Json:
    """One alarm."""
    cause = alarm.condition
    return {
        "id": alarm.id,
        "key": alarm.key,
        "priority": cause.priority,
        "state": str(alarm.state),
        "source": cause.source,
        "title": words_json(cause.title),
        "text": words_json(cause.text),
        "advice": words_json(cause.advice),
        "since": time_json(alarm.set_time),
        "cleared": None if alarm.clear_time is None else time_json(alarm.clear_time),
        "acknowledged": None if alarm.ack_time is None else time_json(alarm.ack_time),
        "acknowledged_by": alarm.ack_by,
        "occurrences": alarm.occurrences,
    }
