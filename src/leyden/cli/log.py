"""`leyden log`: what people did, as sentences; `leyden demand`: what a person knows of the month's demand."""

import getpass
from typing import Annotated
from urllib.parse import urlencode

import typer

from leyden.cli.client import DEFAULT_URL, AsJson, Token, Url, ask, fail, language, print_json, said
from leyden.cli.consoles import out
from leyden.cli.site_time import SiteTime
from leyden.model.quantity import parse_quantity
from leyden.model.words import Words

_DEMAND = Words("本月最大需量 {power_w}", "this month's highest demand: {power_w}")


def log(
    start: Annotated[str | None, typer.Option("--from", help="ISO 8601 or HH:MM; default: 30 days ago.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="ISO 8601 or HH:MM; default: now.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the newest.")] = 50,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """What people did to the site, newest last: who, what and why.

    Example: leyden log --limit 20
    """
    site = SiteTime.of(url, token)
    times = {name: site.moment(text).isoformat() for name, text in (("start", start), ("end", end)) if text is not None}
    answer = ask("GET", url, f"/api/actions?{urlencode({**times, 'limit': limit})}", token=token)
    if as_json:
        print_json(answer)
        return
    for action in reversed(answer["actions"]):
        out.print(
            f"{site.local(action['time'])}  {said(action['text'])}", highlight=False, markup=False, soft_wrap=True
        )


def demand(
    power: Annotated[str, typer.Argument(help='Highest mean of a quarter-hour this month, such as "1.2 MW".')],
    reason: Annotated[str, typer.Option("--reason", help="Where it was read; goes into the log.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Who says so; default: the login name.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Enter the month's highest demand so far, where the site began to run in the middle of it.

    Example: leyden demand "1.2 MW" --reason "read from the gate meter"
    """
    try:
        power_w = parse_quantity(power, "W")
    except ValueError as error:
        fail(str(error), 2)
    body = {"power_w": power_w, "by": by or getpass.getuser(), "reason": reason}
    answer = ask("POST", url, "/api/demand", body, token)
    if as_json:
        print_json(answer)
    else:
        out.print(_DEMAND.fill({"power_w": answer["demand_month_w"]})[language()], highlight=False)
