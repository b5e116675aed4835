"""People and tokens straight in the site's ledger file: whoever may write that file on this computer is its owner.

So nobody is ever locked out for good: no network, no password and no running site is needed. A site that runs sees
the change at the next request, because every check reads the file.
"""

import getpass
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from leyden.cli.client import EXIT_REFUSED, fail, language
from leyden.cli.site_file import load_or_fail
from leyden.history import HistoryError, Ledger
from leyden.history.ledger import UserError
from leyden.model.words import Words
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.http import AnswerError
from leyden.runtime.wiring import twin_clock

SiteOption = Annotated[
    Path, typer.Option("--site", envvar="LEYDEN_SITE", help="The site file whose people these are, on this computer.")
]
DEFAULT_SITE = Path("site.toml")


@dataclass(frozen=True, slots=True)
class Desk:
    """A ledger, and who sits before it."""

    ledger: Ledger
    now: datetime
    """By this computer's clock: people's time."""
    site_time: datetime
    """By the site's, which a twin may have elsewhere: for the log of what people did."""

    def note(self, what: str, target: str, before: object = None, after: object = None) -> None:
        """Into that log; the brackets say that it was done here, and by which login."""
        self.ledger.actions.add(self.site_time, f"{getpass.getuser()} [leyden]", what, target, before, after)


@contextmanager
def desk(site: Path) -> Iterator[Desk]:
    """The ledger of this site, made if it is not there; ends the command in words where something is refused."""
    config = load_or_fail(site)
    folder = data_folder(config, simulated=config.twin is not None)
    try:
        with closing(Ledger(folder)) as ledger:
            now = datetime.now(UTC)
            yield Desk(ledger, now, _site_time(config) or now)
    except UserError as error:
        refuse(error.words)
    except HistoryError as error:
        fail(str(error), EXIT_REFUSED)


def _site_time(config: SiteConfig) -> datetime | None:
    """A twin's, where one answers."""
    if config.twin is not None:
        with suppress(AnswerError):
            return twin_clock(config.twin.port, config.site.id).now()
    return None


def say(words: Words) -> str:
    """A text in the user's language."""
    return words[language()]


def refuse(words: Words) -> NoReturn:
    """Say why not, and stop."""
    fail(say(words), EXIT_REFUSED)
