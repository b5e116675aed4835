"""Deciding a doctor's bundle again, with the site and the maps that lie in it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from leyden import __version__
from leyden.model.problem import SiteFileError
from leyden.runtime.blackbox import Chunk, decode, pieces
from leyden.runtime.bundle import Bundle, BundleError, opened
from leyden.runtime.config import SiteConfig, load_config
from leyden.runtime.doctor import BOX, SITE
from leyden.runtime.replay import Replayed, replay


@dataclass(frozen=True, slots=True)
class Case:
    """An open bundle, ready to be decided again."""

    config: SiteConfig
    page: Mapping[str, Any]
    chunks: tuple[Chunk, ...]
    recorded: Mapping[int, Mapping[str, Any]]
    """What the record says was decided, by number."""

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The quarter of an hour."""
        return datetime.fromisoformat(self.page["start"]), datetime.fromisoformat(self.page["end"])

    @property
    def other_versions(self) -> set[str]:
        """Versions that decided then and are not this one: differences may be on purpose."""
        return {chunk.version for chunk in self.chunks} - {__version__}

    @property
    def unkept(self) -> set[str]:
        """Controllers whose state is not in the bundle."""
        return {name for chunk in self.chunks for name in chunk.unkept}

    def decisions(self) -> Iterator[Replayed]:
        """All of them, again. Raises TaggedError where this version does not know what is in the bundle."""
        return replay(self.config.site, self.config.controllers, self.chunks, *self.span)


@contextmanager
def case(path: Path) -> Iterator[Case]:
    """Open a bundle. Raises BundleError, OSError, TaggedError, or SiteFileError for a site that is wrong here."""
    with opened(path, "doctor") as bundle, TemporaryDirectory(prefix="leyden-replay-") as folder:
        config = _config(bundle, Path(folder))
        if BOX not in bundle.names:
            raise BundleError(
                f"{path} 中没有黑匣子数据:{_missing(bundle)}", f"{path} holds no black box: {_missing(bundle)}"
            )
        chunks = tuple(decode(piece.content) for piece in pieces(bundle.read(BOX)))
        recorded = {}
        if "decisions.jsonl" in bundle.names:
            lines = bundle.read("decisions.jsonl").splitlines()
            recorded = {row["number"]: row for row in map(orjson.loads, filter(None, lines))}
        yield Case(config, bundle.page, chunks, recorded)


def _missing(bundle: Bundle) -> str:
    return "; ".join(bundle.page.get("missing", ())) or "-"


def _config(bundle: Bundle, folder: Path) -> SiteConfig:
    for name in bundle.names:
        if name.startswith(f"{SITE}/"):
            bundle.extract(name, folder / name)
    path = folder / SITE / "site.toml"
    if not path.exists():
        raise BundleError(f"{bundle.path} 中没有站点文件", f"{bundle.path} holds no site file")
    start = datetime.fromisoformat(bundle.page["start"])
    try:
        return load_config(path, start.date())
    except SiteFileError as error:
        first = next(problem for problem in error.problems if not problem.warning)
        raise BundleError(
            f"此版本的 Leyden 不认识其中的站点:{first.text('zh')}",
            f"this version of Leyden does not take the site in it: {first.text('en')}",
        ) from None
