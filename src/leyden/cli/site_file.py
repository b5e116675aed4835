"""Reading the site file that a command was given."""

from pathlib import Path

import typer

from leyden.cli.consoles import err
from leyden.model.problem import SiteFileError
from leyden.runtime.config import SiteConfig, load_config

EXIT_BAD_SITE = 2


def load_or_fail(path: Path) -> SiteConfig:
    """The site, or all that is wrong with it on stderr and exit code 2."""
    try:
        return load_config(path)
    except SiteFileError as error:
        for problem in error.problems:
            err.print(str(problem), style="red", highlight=False)
        raise typer.Exit(EXIT_BAD_SITE) from None
