"""`leyden set` and `leyden release`: a person's set-point, which is a lease."""

import getpass
from typing import Annotated

import typer

from leyden.cli.client import DEFAULT_URL, AsJson, Token, Url, ask, fail, print_json, said
from leyden.cli.consoles import out
from leyden.model.quantity import parse_quantity


def set_power(
    target: Annotated[str, typer.Argument(help="A battery, or `batteries`.")],
    power: Annotated[str, typer.Argument(help='"500 kW" discharges, "-500 kW" charges.')],
    duration: Annotated[str, typer.Option("--for", help="How long it holds; then it ends by itself.")] = "15 min",
    by: Annotated[str | None, typer.Option("--by", help="Who asks; default: the login name.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the log.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Command a power for a while; limits and protection stay above it.

    Example: leyden set b1 "500 kW" --for "15 min" (to charge: leyden set b1 -- "-500 kW")
    """
    try:
        power_w, duration_s = parse_quantity(power, "W"), parse_quantity(duration, "s")
    except ValueError as error:
        fail(str(error), 2)
    asked = {"target": target, "power_w": power_w, "duration_s": duration_s}
    body = {**asked, "by": by or getpass.getuser(), "reason": reason}
    if dry_run:
        preview = ask("POST", url, "/api/manual/preview", body, token)
        print_json(preview) if as_json else out.print(said(preview["text"]), highlight=False)
        return
    granted = ask("POST", url, "/api/manual", body, token)
    if as_json:
        print_json(granted)
        return
    command = granted["command"]
    out.print(f"#{command['id']} {said(granted['preview']['text'])}; ends {command['expires']}", highlight=False)


def release(
    command_id: Annotated[int, typer.Argument(help="The number that `leyden set` printed.")],
    by: Annotated[str | None, typer.Option("--by", help="Who asks; default: the login name.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """End a command before its time.

    Example: leyden release 7
    """
    ask("DELETE", url, f"/api/manual/{command_id}?by={by or getpass.getuser()}", token=token)
    out.print(f"#{command_id} released", highlight=False)
