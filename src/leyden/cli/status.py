"""`leyden status` and `leyden why`: what the site does, and for what reasons."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from leyden.cli.client import DEFAULT_URL, AsJson, Token, Url, ask, fail, out, print_json, said
from leyden.model.words import printed_value


def status(url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Who commands now, what every thing does, and what is wrong.

    Example: leyden status
    """
    site, live = ask("GET", url, "/api/site", token=token), ask("GET", url, "/api/snapshot", token=token)
    if as_json:
        print_json({"site": site, "snapshot": live})
        return
    speed = f" x{site['speed']:g}" if site["speed"] != 1 else ""
    out.print(f"[bold]{said(site['name'])}[/bold]  {site['mark']}{speed}  {_local(live['time'], site)}")
    out.print(said(live["decision"]["sentence"]), highlight=False)
    out.print(_things(site, live))
    for alarm in live["alarms"]:
        text = f"P{alarm['priority']} {said(alarm['title'])} ({alarm['source']}): {said(alarm['text'])}"
        out.print(text, style="red" if alarm["priority"] < 3 else "yellow", highlight=False)


def _local(time: str, site: dict[str, Any]) -> str:
    moment = datetime.fromisoformat(time) + timedelta(seconds=site["utc_offset_s"])
    return f"{moment:%Y-%m-%d %H:%M:%S} {site['timezone']}"


def _things(site: dict[str, Any], live: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("", "power", "SOC", "quality"):
        table.add_column(head, justify="right" if head in ("power", "SOC") else "left")
    for thing in site["things"]:
        name = thing["name"]
        power_w, soc = live["points"].get(f"{name}.power_w"), live["points"].get(f"{name}.soc")
        table.add_row(
            f"{said(thing['label'])} ({name})",
            "—" if power_w is None else printed_value("power_w", power_w),
            "" if soc is None else printed_value("soc", soc),
            live["bad"].get(f"{name}.power_w", ""),
        )
    return table


def why(
    time: Annotated[str | None, typer.Argument(help="ISO 8601; without it, now. Without a zone it is UTC.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """The whole trail of a decision, step by step, as sentences.

    Example: leyden why 2026-07-15T03:00:00Z
    """
    decision = _decision(time, url, token)
    if as_json:
        print_json(decision)
        return
    out.print(f"#{decision['number']}  [bold]{said(decision['sentence'])}[/bold]", highlight=False)
    for step in decision["steps"]:
        out.print(f"  {said(step['label'])}: {said(step['text'])}{_effect(step)}", highlight=False)


def _decision(time: str | None, url: str, token: str | None) -> dict[str, Any]:
    if time is None:
        now: dict[str, Any] = ask("GET", url, "/api/snapshot", token=token)["decision"]
        return now
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        fail(f"'{time}' is no time: write it like 2026-07-15T03:00:00Z", 2)
    start, end = moment - timedelta(minutes=2), moment + timedelta(seconds=1)
    path = f"/api/decisions?start={_query(start)}&end={_query(end)}&limit=1"
    found = ask("GET", url, path, token=token)["decisions"]
    if not found:
        fail(f"no decision is recorded in the two minutes before {time}", 1)
    first: dict[str, Any] = found[0]
    return first


def _query(moment: datetime) -> str:
    return moment.isoformat().replace("+", "%2B")


def _effect(step: dict[str, Any]) -> str:
    """What the step did to what was left, in a few figures."""
    text = f"  [{_power(step['min_w'], '−∞')} … {_power(step['max_w'], '∞')}]"
    if step["taken_w"] is not None:
        text += f" -> {_power(step['taken_w'])}"
    if step["missed_w"] > 1.0:
        text += f"  missed by {_power(step['missed_w'])}"
    return text


def _power(power_w: float | None, unbounded: str = "—") -> str:
    return unbounded if power_w is None else printed_value("power_w", power_w)
