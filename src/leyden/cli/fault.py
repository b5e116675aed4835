"""`leyden fault`: put faults into the twin of a running demo, and take them out."""

from typing import Annotated, Any

import typer
from rich.table import Table

from leyden.cli.client import DEFAULT_URL, AsJson, Token, Url, ask, fail, print_json, said
from leyden.cli.consoles import out

app = typer.Typer(help="Faults of the twin (simulated sites only).", no_args_is_help=True)


@app.command("list")
def list_faults(url: Url = DEFAULT_URL, token: Token = None, as_json: AsJson = False) -> None:
    """The kinds of faults there are, and those that are in.

    Example: leyden fault list
    """
    faults = ask("GET", url, "/api/twin/faults", token=token)
    if as_json:
        print_json(faults)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("kind", "what", "targets", "parameters"):
        table.add_column(head)
    for kind in faults["kinds"]:
        params = ", ".join(f"{p['name']}={p['default']}" for p in kind["params"])
        table.add_row(kind["kind"], said(kind["label"]), ", ".join(kind["targets"]), params)
    out.print(table)
    for fault in faults["active"]:
        out.print(f"#{fault['id']} {fault['kind']} on {fault['target']} since {fault['since']}", highlight=False)


@app.command("put")
def put_fault(
    kind: Annotated[str, typer.Argument(help="As in `leyden fault list`.")],
    target: Annotated[str, typer.Argument(help="A device or a thing.")],
    params: Annotated[list[str] | None, typer.Argument(help="name=value ...")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Put a fault in.

    Example: leyden fault put silent gate
    """
    body = {"kind": kind, "target": target, "params": _params(params or [])}
    fault = ask("POST", url, "/api/twin/faults", body, token)
    out.print(f"#{fault['id']} {kind} on {target}", highlight=False)


def _params(written: list[str]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for item in written:
        name, separator, value = item.partition("=")
        if not separator:
            fail(f"'{item}' is no parameter: write name=value", 2)
        try:
            params[name] = float(value)
        except ValueError:
            params[name] = value
    return params


@app.command("take")
def take_fault(
    fault_id: Annotated[int, typer.Argument(help="The number that `leyden fault put` printed.")],
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Take a fault out.

    Example: leyden fault take 1
    """
    ask("DELETE", url, f"/api/twin/faults/{fault_id}", token=token)
    out.print(f"#{fault_id} taken out", highlight=False)


@app.command("reset")
def reset_battery(
    battery: Annotated[str, typer.Argument(help="The battery whose management latched.")],
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Reset the latches of a battery management, as a person does at its own panel.

    Example: leyden fault reset b1
    """
    ask("POST", url, "/api/twin/reset", {"battery": battery}, token)
    out.print(f"{battery} reset", highlight=False)
