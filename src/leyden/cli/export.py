"""`leyden export`: history of a running site to a file."""

import urllib.parse
from pathlib import Path
from typing import Annotated

import typer

from leyden.cli.client import DEFAULT_URL, EXIT_REFUSED, EXIT_UNREACHABLE, Token, Url, ask, fail
from leyden.cli.consoles import err
from leyden.runtime.http import AnswerError, fetch


def export(
    points: Annotated[list[str], typer.Argument(help="Point names such as grid.power_w b1.soc; `all` for every one.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv or .parquet file.")],
    start: Annotated[str | None, typer.Option("--from", help="ISO 8601; default: 24 h before the end.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="ISO 8601; default: now.")] = None,
    step: Annotated[str, typer.Option("--step", help="raw, 1min or 15min.")] = "1min",
    bom: Annotated[bool, typer.Option("--bom", help="A byte order mark, for Excel.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = None,
) -> None:
    """Write the history of points to a CSV or Parquet file.

    Example: leyden export grid.power_w b1.soc --step 15min -o park.csv
    """
    kind = output.suffix.lstrip(".")
    if kind not in ("csv", "parquet"):
        fail(f"'{output.name}' must end in .csv or .parquet", 2)
    if points == ["all"]:
        points = [point["name"] for point in ask("GET", url, "/api/site", token=token)["points"]]
    query = {"points": ",".join(points), "format": kind, "step": step, "bom": str(bom).lower()}
    query |= {key: value for key, value in (("start", start), ("end", end)) if value is not None}
    address = f"{url.rstrip('/')}/api/export?{urllib.parse.urlencode(query)}"
    try:
        body = fetch("GET", address, token=token, timeout_s=120.0)
    except AnswerError as error:
        fail(error.words.en, EXIT_UNREACHABLE if error.status == 0 else EXIT_REFUSED)
    output.write_bytes(body)
    err.print(f"{output}: {len(body)} bytes", highlight=False)
