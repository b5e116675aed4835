"""A whole site in one file, while it runs; and back again, elsewhere, whole or not at all.

In the file: the site file with its maps, cells, tariffs and plan; the ledger; the record with today's rows. Users and
tokens are in the ledger as hashes only; sessions are left out. secrets.toml and the keys of the control room come along
only if they are asked for.
"""

import os
import shutil
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from leyden.history import Record
from leyden.history.ledger.copy import copy_ledger, what_is_wrong
from leyden.history.mark import kind_of
from leyden.runtime.bundle import Bundle, BundleError, Packing, opened, packing
from leyden.runtime.config import SiteConfig, data_folder
from leyden.runtime.points import named_points
from leyden.runtime.site_files import own_files, private_files

SITE, DATA, LEDGER, RECORD, MARK = "site", "data", "ledger.sqlite", "record.duckdb", "leyden.json"
_TWIN = ("twin.npz",)
"""So that a simulated plant goes on as well."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    site_file: Path
    data: Path
    """The folder of record and ledger."""
    files: int
    secrets: bool


def write_backup(config: SiteConfig, record: Record, target: Path, with_secrets: bool = False) -> None:
    """Write everything that a site is into one file. Raises HistoryError or OSError; then there is no file."""
    simulated = config.twin is not None
    folder = data_folder(config, simulated)
    about = {
        "site": config.site.id,
        "simulated": simulated,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "site_file": config.path.name,
        "private": [place for place, _ in private_files(config)] if with_secrets else [],
    }
    with TemporaryDirectory(prefix=".backup-", dir=folder) as name, packing(target, "backup", about) as bundle:
        _add_site(bundle, config, with_secrets)
        work = Path(name)
        copy_ledger(folder / LEDGER, work / LEDGER)
        _forget_sessions(work / LEDGER)
        bundle.add_file(f"{DATA}/{LEDGER}", work / LEDGER)
        closed = record.copy(work / RECORD)
        bundle.add_file(f"{DATA}/{RECORD}", work / RECORD)
        for path in (folder / MARK, *(folder / twin for twin in _TWIN), *closed):
            with suppress(FileNotFoundError):  # too old to be kept any longer, or no twin
                place = path.relative_to(folder).as_posix()
                bundle.add_file(f"{DATA}/{place}", path, packed=path.suffix in (".parquet", ".npz"))


@contextmanager
def left_record(config: SiteConfig) -> Iterator[Record]:
    """The record of a site that does not run. Raises HistoryError."""
    points = [point.name for point in named_points(config.site)]
    simulated = config.twin is not None
    with closing(Record(data_folder(config, simulated), points, config.history, simulated)) as record:
        yield record


def _add_site(bundle: Packing, config: SiteConfig, with_secrets: bool) -> None:
    bundle.add_file(f"{SITE}/{config.path.name}", config.path)
    for place, path in (*own_files(config), *(private_files(config) if with_secrets else ())):
        bundle.add_file(f"{SITE}/{place}", path)


def _forget_sessions(ledger: Path) -> None:
    """Who is logged in here is nobody there."""
    with closing(sqlite3.connect(ledger)) as connection, connection, suppress(sqlite3.OperationalError):
        connection.execute("DELETE FROM sessions")


def restore(path: Path, into: Path, progress: Progress = lambda name: None) -> Restored:
    """Put a site back: its files into a folder that is not there yet or empty, its data where its site file says.

    Everything is unpacked beside its place and checked first; then it gets its name. Raises BundleError, HistoryError
    or OSError; then nothing is left behind.
    """
    with opened(path, "backup") as bundle, ExitStack() as stack:
        data = _data_place(bundle, into)
        outside = not data.is_relative_to(into)
        for place in (into, data):
            _refuse_what_is_there(place)
        site_work = _beside(stack, into)
        data_work = _beside(stack, data) if outside else site_work / data.relative_to(into)
        _unpack(bundle, site_work, data_work, progress)
        _check(bundle, data_work)
        for work, place in ((data_work, data), (site_work, into)) if outside else ((site_work, into),):
            _give_name(work, place)
            if place == data:  # taken away again if the site's own folder cannot be given its name
                stack.callback(_undo, data, into)
    return Restored(into / str(bundle.page["site_file"]), data, len(bundle.names), bool(bundle.page.get("private")))


def _beside(stack: ExitStack, place: Path) -> Path:
    """A folder on the same disk, where what is unpacked can wait."""
    place.parent.mkdir(parents=True, exist_ok=True)
    return Path(stack.enter_context(TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent))) / "whole"


def _give_name(work: Path, place: Path) -> None:
    if place.exists():
        place.rmdir()  # it is empty
    work.rename(place)
    _sync(place.parent)


def _undo(data: Path, into: Path) -> None:
    if not into.exists():
        shutil.rmtree(data)


def _refuse_what_is_there(into: Path) -> None:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BundleError(
            f"{into} 已存在且非空:换一个文件夹,或先移走它",
            f"{into} is there and not empty: name another folder, or move it away first",
        )


def _unpack(bundle: Bundle, site: Path, data: Path, progress: Progress) -> None:
    """Everything in its place; raises BundleError for what has none."""
    private = set(bundle.page.get("private", ()))
    for name in bundle.names:
        kind, _, place = name.partition("/")
        if kind not in (SITE, DATA) or not place:
            raise BundleError(f"{bundle.path} 含有未知内容 {name}", f"{bundle.path} holds {name}, which has no place")
        progress(name)
        target = (site if kind == SITE else data) / place
        bundle.extract(name, target)
        if kind == SITE and place in private:
            target.chmod(0o600)
        _sync(target)


def _data_place(bundle: Bundle, into: Path) -> Path:
    """Where the site file will look for its data once it stands in this folder."""
    name = f"{SITE}/{bundle.page['site_file']}"
    try:
        told = tomllib.loads(bundle.read(name).decode())
        folder, site = str(told.get("history", {}).get("folder", "data")), str(told["site"]["id"])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, AttributeError, TypeError):
        raise BundleError(f"{bundle.path} 中的 {name} 无法读取", f"{name} in {bundle.path} cannot be read") from None
    return Path(os.path.normpath(into / folder / (f"{site}-simulated" if bundle.page["simulated"] else site)))


def _check(bundle: Bundle, data: Path) -> None:
    """What came out is not only what went in, but a site's."""
    for name in (LEDGER, RECORD, MARK):
        if not (data / name).exists():
            raise BundleError(f"{bundle.path} 缺少 {name}", f"{bundle.path} has no {name}")
    wrong = what_is_wrong(data / LEDGER)
    if wrong is not None:
        raise BundleError(f"台账损坏:{wrong}", f"the ledger in {bundle.path} is damaged: {wrong}")
    if kind_of(bool(bundle.page["simulated"])) not in (data / MARK).read_text("utf-8"):
        raise BundleError("真实与仿真数据混杂", f"{bundle.path} mixes real and simulated history")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
