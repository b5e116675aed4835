"""`leyden backup` and `leyden restore`: a whole site in one file, and back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from leyden.cli.client import EXIT_REFUSED, AsJson, Token, fail, language, print_json
from leyden.cli.consoles import err, out
from leyden.cli.site_file import load_or_fail
from leyden.cli.transfer import fetched
from leyden.history import HistoryError
from leyden.runtime.alone import AlreadyRunsError, alone, runs
from leyden.runtime.backup import left_record, restore, write_backup
from leyden.runtime.bundle import BundleError
from leyden.runtime.config import SiteConfig, data_folder

EXIT_WRONG_USE = 2


def backup(
    site: Annotated[Path, typer.Argument(help="The site file, such as sites/park.toml.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; else SITE-backup-TIME.zip here.")
    ] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="secrets.toml and the keys of the control room too.")
    ] = False,
    url: Annotated[str | None, typer.Option("--url", envvar="LEYDEN_URL", help="Where the site answers.")] = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Put a whole site into one file: site file, maps, ledger, record. The site goes on meanwhile.

    A running site makes the file itself and asks for an administrator's token.

    Example: leyden backup sites/park.toml -o park.zip
    """
    config = load_or_fail(site)
    folder = data_folder(config, config.twin is not None)
    target = output or Path(f"{config.site.id}-backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip")
    if runs(folder) or url is not None:
        secrets = "?secrets=true" if with_secrets else ""
        fetched(f"{(url or config.web.address).rstrip('/')}/api/backup{secrets}", target, token)
    elif not folder.exists():
        fail(f"{folder} is not there: this site has never run here", EXIT_REFUSED)
    else:
        _from_files(config, folder, target, with_secrets)
    size = target.stat().st_size
    if as_json:
        print_json({"file": str(target), "bytes": size})
        return
    out.print(f"{target}: {size / 1e6:.1f} MB; put it back with: leyden restore {target} --into FOLDER", soft_wrap=True)


def _from_files(config: SiteConfig, folder: Path, target: Path, with_secrets: bool) -> None:
    """Of a site that does not run; nobody may start it meanwhile."""
    try:
        with alone(folder), left_record(config) as record:
            write_backup(config, record, target, with_secrets)
    except AlreadyRunsError as error:
        fail(error.words[language()], EXIT_REFUSED)
    except (HistoryError, OSError) as error:
        fail(str(error), EXIT_REFUSED)


def restore_command(
    backup_file: Annotated[Path, typer.Argument(metavar="FILE", help="What `leyden backup` wrote.")],
    into: Annotated[Path, typer.Option("--into", help="The folder of the site; not there yet, or empty.")],
    as_json: AsJson = False,
) -> None:
    """Put a site back from a backup: into a folder that is not there yet, checked before it gets its name.

    Example: leyden restore park.zip --into /etc/leyden/park
    """
    try:
        found = restore(backup_file, into.absolute(), lambda name: err.print(name, style="dim", highlight=False))
    except BundleError as error:
        fail(error.words[language()], EXIT_WRONG_USE)
    except (HistoryError, OSError) as error:
        fail(str(error), EXIT_REFUSED)
    if as_json:
        told = {"site_file": str(found.site_file), "data": str(found.data), "files": found.files}
        print_json({**told, "secrets": found.secrets})
        return
    out.print(f"{found.site_file}: {found.files} files; data in {found.data}", highlight=False, soft_wrap=True)
    if not found.secrets:
        err.print("secrets were not in it: write secrets.toml (mode 0600) anew, if the site names any", style="yellow")
    out.print(
        f"look: leyden check {found.site_file}; then: leyden up {found.site_file}", highlight=False, soft_wrap=True
    )
