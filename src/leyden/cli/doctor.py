"""`leyden doctor`: a health check, or a quarter of an hour of a site in one file."""

import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from leyden.cli.client import EXIT_REFUSED, AsJson, Token, ask, fail, language, print_json
from leyden.cli.consoles import err, out
from leyden.cli.site_file import load_or_fail
from leyden.cli.transfer import fetched
from leyden.runtime.alone import runs
from leyden.runtime.bundle import opened
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.describe import words_json
from leyden.runtime.doctor import moment_in, write_bundle
from leyden.runtime.evidence import left, left_evidence
from leyden.runtime.health import Finding, examine
from leyden.runtime.http import request_json

EXIT_WRONG_USE = 2
_COLOURS = {"ok": "green", "warning": "yellow", "bad": "red"}


def doctor(
    site: Annotated[Path | None, typer.Argument(help="The site file; or say --url.")] = None,
    around: Annotated[
        str | None,
        typer.Option("--around", help="A time (the site's own unless a zone stands with it), or `now`: make a bundle."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the bundle goes.")] = None,
    url: Annotated[str | None, typer.Option("--url", envvar="LEYDEN_URL", help="Address of the running site.")] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Is this machine fit for this site? With --around: a quarter of an hour of it in one file, to be decided again.

    Example: leyden doctor sites/park.toml --around "2026-07-15 03:20" -o night.zip
    """
    if around is None and output is not None:
        around = "now"
    config = None if site is None else load_or_fail(site)
    if around is not None:
        _bundle(config, around, output, url, token, as_json)
    elif config is None:
        fail("name the site file: leyden doctor sites/park.toml", EXIT_WRONG_USE)
    else:
        _examine(config, url or config.web.address, token, as_json)


def _examine(config: SiteConfig, url: str, token: str | None, as_json: bool) -> None:
    findings = list(examine(config, lambda path: request_json("GET", url.rstrip("/") + path, token=token)))
    if as_json:
        print_json([_document(finding) for finding in findings])
    else:
        _print(findings)
    if any(finding.verdict == "bad" for finding in findings):
        raise typer.Exit(EXIT_REFUSED)


def _document(finding: Finding) -> dict[str, Any]:
    mend = None if finding.mend is None else words_json(finding.mend)
    return {
        "what": words_json(finding.what),
        "verdict": finding.verdict,
        "text": words_json(finding.text),
        "mend": mend,
    }


def _print(findings: list[Finding]) -> None:
    chosen = language()
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        told = Text(finding.text[chosen])
        if finding.mend is not None:
            told.append(f"\n{finding.mend[chosen]}", style=_COLOURS[finding.verdict])
        table.add_row(Text(finding.verdict, style=_COLOURS[finding.verdict]), Text(finding.what[chosen]), told)
    out.print(table)


def _bundle(
    config: SiteConfig | None, around: str, output: Path | None, url: str | None, token: str | None, as_json: bool
) -> None:
    """From the running site, or from what one that does not run has left."""
    folder = None if config is None else data_folder(config, config.twin is not None)
    if config is not None and folder is not None and url is None and not runs(folder):
        if not left(config):
            fail(f"{folder} is not there: this site has never run here", EXIT_REFUSED)
        moment = _moment(config, around)
        target = output or Path(f"{config.site.id}-{moment:%Y%m%dT%H%M%SZ}.zip")
        with left_evidence(config, moment) as evidence:
            write_bundle(evidence, moment, target)
    else:
        address = url or (None if config is None else config.web.address)
        if address is None:
            fail("name the site file, or the running site's --url", EXIT_WRONG_USE)
        target = _from_running(config, address, around, output, token)
    _tell(target, as_json)


def _from_running(config: SiteConfig | None, url: str, around: str, output: Path | None, token: str | None) -> Path:
    address = f"{url.rstrip('/')}/api/doctor"
    if around == "now":
        fetch_from, name = address, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    else:
        moment = _moment(config, around) if config is not None else _moment_there(url, around, token)
        fetch_from = f"{address}?{urllib.parse.urlencode({'around': moment.isoformat()})}"
        name = f"{moment:%Y%m%dT%H%M%SZ}"
    target = output or Path(f"leyden-{name}.zip")
    fetched(fetch_from, target, token)
    return target


def _moment(config: SiteConfig, around: str) -> datetime:
    try:
        return datetime.now(UTC) if around == "now" else moment_in(config, around)
    except ValueError:
        fail(f"'{around}' is no time: write it like 2026-07-15T03:20", EXIT_WRONG_USE)


def _moment_there(url: str, around: str, token: str | None) -> datetime:
    """By the wall clock of a site that is somewhere else."""
    zone = ZoneInfo(ask("GET", url, "/api/site", token=token)["timezone"])
    try:
        moment = datetime.fromisoformat(around)
    except ValueError:
        fail(f"'{around}' is no time: write it like 2026-07-15T03:20", EXIT_WRONG_USE)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _tell(target: Path, as_json: bool) -> None:
    with opened(target, "doctor") as bundle:
        page = {key: value for key, value in bundle.page.items() if key != "members"}
        page["file"], page["members"] = str(target), list(bundle.names)
    if as_json:
        print_json(page)
        return
    out.print(f"{target}: {page['start']} to {page['end']}", highlight=False, soft_wrap=True)
    for missing in page["missing"]:
        err.print(f"not in it: {missing}", style="yellow", highlight=False)
