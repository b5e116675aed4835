"""`leyden service`: the unit with which systemd keeps a site running. It is written or printed; root does the rest."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from leyden.cli.client import EXIT_REFUSED, fail
from leyden.cli.consoles import err, out
from leyden.cli.site_file import load_or_fail
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.unit_file import unit_name, unit_text

app = typer.Typer(help="A systemd service that keeps a site running.", no_args_is_help=True)
SYSTEM = Path("/etc/systemd/system")
Site = Annotated[Path, typer.Argument(help="The site file.")]
User = Annotated[str | None, typer.Option("--user", help="Whom the site runs as; default: you.")]


@app.command("print")
def print_unit(site: Site, user: User = None) -> None:
    """Print the unit of a site; what to do with it stands on stderr.

    Example: leyden service print /etc/leyden/park.toml --user leyden > leyden-park.service
    """
    config = load_or_fail(site.absolute())
    typer.echo(_unit(config, user), nl=False)
    name = unit_name(config.site.id)
    _say(f"sudo install -m 644 {name} {SYSTEM}/{name}", config, user)


@app.command("install")
def install(
    site: Site,
    user: User = None,
    into: Annotated[Path, typer.Option("--into", help="Where units are.")] = SYSTEM,
) -> None:
    """Write the unit of a site to where systemd looks for it, if you may; start and enable nothing.

    Example: sudo leyden service install /etc/leyden/park.toml --user leyden
    """
    config = load_or_fail(site.absolute())
    target = into / unit_name(config.site.id)
    text = _unit(config, user)
    if target.exists() and target.read_text("utf-8") != text:
        err.print(f"{target} was another one and is replaced; the old one is {target}.old", style="yellow")
        target.replace(target.with_name(target.name + ".old"))
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        fail(
            f"{target} cannot be written ({error.strerror}): do it as root, or use `leyden service print`", EXIT_REFUSED
        )
    out.print(f"{target}", highlight=False)
    _say(None, config, user)


def _unit(config: SiteConfig, user: str | None) -> str:
    # The interpreter's own path, not what it links to: that is how it finds its environment.
    return unit_text(config, [sys.executable, "-m", "leyden"], user or getpass.getuser())


def _say(first: str | None, config: SiteConfig, user: str | None) -> None:
    name, data = unit_name(config.site.id), data_folder(config, config.twin is not None).absolute()
    commands = [
        *([] if first is None else [first]),
        f"sudo install -d -o {user or getpass.getuser()} -m 750 {data}",
        "sudo systemctl daemon-reload",
        f"sudo systemctl enable --now {name}",
        f"systemctl status {name}; journalctl -u {name} -f",
        f"sudo systemctl reload {name}    # takes over a changed site file, if it is right",
    ]
    err.print("then:", style="dim")
    for command in commands:
        err.print(f"  {command}", highlight=False, soft_wrap=True)
