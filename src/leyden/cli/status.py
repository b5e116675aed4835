"""`leyden status` and `leyden why`: what the site does, and for what reasons."""

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from leyden.cli.client import DEFAULT_URL, AsJson, Token, Url, ask, language, print_json, said
from leyden.cli.consoles import out
from leyden.cli.site_time import SiteTime
from leyden.model.words import Words, printed_value

_SHADOW = Words(
    "影子模式:不下发指令;今日若按此运行约可节省 {money} {currency}(估算)",
    "shadow: nothing is sent; today this would have saved about {money} {currency} (estimate)",
)
_SHADOW_UNKNOWN = Words("影子模式:不下发指令", "shadow: nothing is sent")
_SINCE = Words("{mark} 自 {since}({by})", "{mark} since {since} ({by})")
_LOCKED = Words("已挂牌 {target}:{by},{reason}", "locked: {target} by {by}: {reason}")
_DEMAND = Words("本月最大需量 {demand_w}", "this month's highest demand {demand_w}")
_WRITES = Words(
    "{device}:写入 {total} 次,今日写入存储器 {persistent_today}/{budget}",
    "{device}: {total} writes, {persistent_today} of {budget} into its memory today",
)


def status(url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """Who commands now, what every thing does, and what is wrong.

    Example: leyden status
    """
    site, live = ask("GET", url, "/api/site", token=token), ask("GET", url, "/api/snapshot", token=token)
    if as_json:
        print_json({"site": site, "snapshot": live})
        return
    time = SiteTime.told(site, live["time"])
    speed = f" x{site['speed']:g}" if site["speed"] != 1 else ""
    now = f"{time.local(live['time'])} {site['timezone']}"
    out.print(f"[bold]{said(site['name'])}[/bold]  {live['mode']['mark']}{speed}  {now}")
    out.print(said(live["decision"]["sentence"]), highlight=False)
    for line in _standing(site, live, time):
        out.print(line, highlight=False, markup=False)
    out.print(_things(site, live))
    for alarm in live["alarms"]:
        text = f"P{alarm['priority']} {said(alarm['title'])} ({alarm['source']}): {said(alarm['text'])}"
        out.print(text, style="red" if alarm["priority"] < 3 else "yellow", highlight=False)


def _standing(site: dict[str, Any], live: dict[str, Any], time: SiteTime) -> Iterator[str]:
    """Mode, locks, the month's demand, and what devices' memories were written."""
    mode, chosen = live["mode"], language()
    if mode["mark"] != "SIMULATED":
        yield _SINCE.fill({**mode, "since": time.local(mode["since"])})[chosen]
    if mode["mark"] == "SHADOW":
        money = live["today"]["shadow_money"]
        values = {"money": "" if money is None else f"{money:.2f}", "currency": site["currency"]}
        yield (_SHADOW_UNKNOWN if money is None else _SHADOW.fill(values))[chosen]
    for lock in live["locks"]:
        yield _LOCKED.fill(lock)[chosen]
    if live["today"]["demand_month_w"] is not None:
        yield _DEMAND.fill({"demand_w": live["today"]["demand_month_w"]})[chosen]
    for name, device in live["devices"].items():
        if device["writes"] is not None and device["writes"]["budget"] is not None:
            yield _WRITES.fill({"device": name, **device["writes"]})[chosen]


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
    time: Annotated[
        str | None, typer.Argument(help="HH:MM or ISO 8601, by the site's wall clock; without it, now.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Why it did what it did, now or at a time: who commanded, what bound, and every step as a sentence.

    Example: leyden why 14:30
    """
    site = SiteTime.of(url, token)
    path = "/api/why" if time is None else f"/api/why?time={quote(site.moment(time).isoformat())}"
    decision = ask("GET", url, path, token=token)
    if as_json:
        print_json(decision)
        return
    out.print(f"[bold]{said(decision['headline'])}[/bold]", highlight=False, soft_wrap=True)
    out.print(f"#{decision['number']}  {site.local(decision['time'])}", highlight=False)
    for line in decision["lines"]:
        out.print(f"  {said(line)}", highlight=False, markup=False, soft_wrap=True)
