"""`leyden arm` and `leyden disarm`: whether a site may write to its devices."""

import getpass
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from leyden.cli.client import AsJson, Token, ask, fail, language, print_json, said
from leyden.cli.consoles import err, out
from leyden.cli.site_file import EXIT_BAD_SITE, load_or_fail
from leyden.model.words import Words
from leyden.runtime.config import SiteConfig

Site = Annotated[Path, typer.Argument(help="The site file of the running site.")]
By = Annotated[str | None, typer.Option("--by", help="Who does it; default: the login name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; goes into the log.")]
SiteUrl = Annotated[
    str | None, typer.Option("--url", envvar="LEYDEN_URL", help="Address of the running site; default: [web] says.")
]

PATIENCE_S = 60.0
"""Taking devices over and handing them back waits for each of them."""
_TYPE = Words("输入站点编号 {id} 以允许写入真实设备", "type {id} to let Leyden write to its devices")
_OTHER = Words("“{typed}”不是本站;未投入。请输入 {id}", "'{typed}' is not this site, and nothing was armed: type {id}")
_SIMULATED = Words(
    "{file} 有 [twin],没有可投入的真实设备", "{file} has a [twin]: there is nothing real to arm; take it out first"
)
_NOW = Words("{id} 现为 {mark}", "{id} is {mark}")


def arm(
    site: Site,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="The site's id or name; asked for otherwise.")
    ] = None,
    by: By = None,
    reason: Reason = "",
    url: SiteUrl = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Let a site write to its real devices, from now on and after every restart; asks for its id first.

    Example: leyden arm site.toml --reason "commissioned"
    """
    config = load_or_fail(site)
    values = {"id": config.site.id, "file": config.path.name}
    if config.twin is not None:
        fail(_SIMULATED.fill(values)[language()], EXIT_BAD_SITE)
    typed = confirm if confirm is not None else typer.prompt(_TYPE.fill(values)[language()], err=True)
    if typed.strip() not in (config.site.id, config.site.name.zh, config.site.name.en):
        fail(_OTHER.fill({**values, "typed": typed})[language()], EXIT_BAD_SITE)
    _turn(config, "LIVE", typed.strip(), by, reason, url, token, as_json)


def disarm(
    site: Site,
    by: By = None,
    reason: Reason = "",
    url: SiteUrl = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Take a site to shadow: every device is handed back, and nothing is written any more.

    Example: leyden disarm site.toml --reason "work on the gate meter"
    """
    config = load_or_fail(site)
    _turn(config, "SHADOW", config.site.id, by, reason, url, token, as_json)


def _turn(
    config: SiteConfig,
    mark: str,
    typed: str,
    by: str | None,
    reason: str,
    url: str | None,
    token: str | None,
    as_json: bool,
) -> None:
    body = {"mark": mark, "site": typed, "by": by or getpass.getuser(), "reason": reason}
    answer: dict[str, Any] = ask("POST", url or _url(config), "/api/mode", body, token, PATIENCE_S)
    if as_json:
        print_json(answer)
    else:
        values = {"id": config.site.id, "mark": answer["mode"]["mark"]}
        out.print(_NOW.fill(values)[language()], highlight=False)
    for held in answer["failed"]:
        err.print(f"{held['device']}: {said(held['text'])}", style="red", highlight=False, markup=False)
    if answer["failed"]:
        raise typer.Exit(1)


def _url(config: SiteConfig) -> str:
    """Where the site listens, seen from this computer."""
    anywhere = config.web.host in ("0.0.0.0", "::")
    return (replace(config.web, host="127.0.0.1") if anywhere else config.web).address
