"""The DuckDB file: opened for one writer and any number of readers, closed and opened again when it has to be."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import Condition
from typing import IO

import duckdb

from leyden.history.errors import HistoryError, RecordUnavailableError
from leyden.history.record.migrate import pack_open_days
from leyden.history.record.shelves import MINUTES, QUARTERS, READINGS, READINGS_OPEN, TODAY
from leyden.history.record.sql import Connection, scalar, text

SCHEMA = 2
"""Counts up with every change of the tables; a file of a higher number is refused."""

ROW_GROUP = 16_384
"""Rows that are compressed together. DuckDB writes the last group again at every checkpoint: the usual 122,880 rows of
decisions cost six times the disk writes, and stall the writer for up to 2 s."""
_DAMAGED = (
    "not a valid DuckDB database",
    "checksum",
    "not read enough bytes",
    "Failed to load metadata",
    "deserialize",
)
"""How DuckDB says that a file is broken for good, rather than held or out of reach."""
_LEAVE_S = 10.0
"""How long closing waits for readers; a query takes well below a second."""


class HeldError(HistoryError):
    """Another program holds the record."""


class Store:
    """One file. Readers get a snapshot each, and never block the writer."""

    def __init__(self, path: Path, memory_mb: int) -> None:
        self.path = path
        self._memory_mb = memory_mb
        self._root: Connection | None = None  # makes cursors and does nothing else: DuckDB refuses a busy connection
        self._writer: Connection | None = None
        self._held: IO[str] | None = None
        self._gate = Condition()
        self.set_aside: Path | None = None
        """Where a damaged file was put, if one was found."""
        self._readers = 0

    def open(self) -> None:
        """Take hold of the file, and make it if it is not there. Raises HeldError, HistoryError, or duckdb.Error."""
        held = _hold(self.path.with_suffix(".lock"))
        try:
            root = self._connect()
        except BaseException:
            held.close()
            raise
        with self._gate:
            self._root, self._writer, self._held = root, root.cursor(), held
            self._writer.execute("USE rec")

    def _connect(self) -> Connection:
        root = duckdb.connect(":memory:")
        try:
            root.execute(f"SET memory_limit = '{self._memory_mb}MB'")
            root.execute("SET threads = 2")
            root.execute("SET GLOBAL TimeZone = 'UTC'")  # else files would carry the zone of this machine
            root.execute(f"SET temp_directory = {text(self.path.with_suffix('.spill'))}")
            root.execute("SET autoinstall_known_extensions = false")  # never ask the network
            root.execute(f"ATTACH {text(self.path)} AS rec (ROW_GROUP_SIZE {ROW_GROUP})")
            root.execute("USE rec")
            self._prepare(root)
        except BaseException:
            root.close()
            raise
        return root

    def begin_anew(self) -> None:
        """Put a damaged file beside, out of the way, and open a new one in its place."""
        self.close()
        self.set_aside = next(path for path in _names_beside(self.path) if not path.exists())
        self.path.rename(self.set_aside)
        log = self.path.with_name(self.path.name + ".wal")
        if log.exists():
            log.rename(self.set_aside.with_name(self.set_aside.name + ".wal"))
        self.open()

    @property
    def is_open(self) -> bool:
        """Whether it can be read and written."""
        return self._root is not None

    @property
    def writer(self) -> Connection:
        """For the one thread that writes."""
        if self._writer is None:
            raise RecordUnavailableError(f"{self.path} is not open")
        return self._writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A snapshot of this moment. Raises RecordUnavailableError while the file cannot be read."""
        with self._gate:
            if self._root is None:
                raise RecordUnavailableError(f"{self.path} cannot be read now; its state says why")
            cursor = self._root.cursor()
            self._readers += 1
        try:
            cursor.execute("USE rec")
            cursor.begin()
            yield cursor
        except (duckdb.FatalException, duckdb.ConnectionException, duckdb.IOException) as error:
            raise RecordUnavailableError(f"{self.path} cannot be read now: {error}") from error
        finally:
            with suppress(duckdb.Error):
                cursor.rollback()
            cursor.close()
            with self._gate:
                self._readers -= 1
                self._gate.notify_all()

    def close(self) -> None:
        """Let go of the file, after readers have left; calling it again does nothing."""
        with self._gate:
            root, self._root = self._root, None
            writer, self._writer = self._writer, None
            held, self._held = self._held, None
            self._gate.wait_for(lambda: not self._readers, timeout=_LEAVE_S)
        for connection in filter(None, (writer, root)):
            with suppress(duckdb.Error):
                connection.close()
        if held is not None:
            held.close()

    def _prepare(self, root: Connection) -> None:
        root.begin()
        root.execute("CREATE TABLE IF NOT EXISTS meta (key VARCHAR, value BIGINT)")
        root.execute("CREATE TABLE IF NOT EXISTS points (id INTEGER, name VARCHAR)")
        root.execute("CREATE TABLE IF NOT EXISTS layouts (id INTEGER, points VARCHAR)")
        root.execute(f"CREATE TABLE IF NOT EXISTS {READINGS_OPEN} ({READINGS.open_columns})")
        for shelf in (MINUTES, QUARTERS):
            root.execute(f"CREATE TABLE IF NOT EXISTS {shelf.table(TODAY)} ({shelf.columns})")
        found = scalar(root, "SELECT value FROM meta WHERE key = 'schema'")
        if found is None:
            root.execute("INSERT INTO meta VALUES ('schema', ?)", [SCHEMA])
        elif found > SCHEMA:
            raise HistoryError(
                f"{self.path} was written by a newer Leyden (schema {found}, this one knows {SCHEMA}): "
                "update Leyden, or name another folder under [history] in site.toml"
            )
        elif found < SCHEMA:
            pack_open_days(root)
            root.execute("UPDATE meta SET value = ? WHERE key = 'schema'", [SCHEMA])
        root.commit()


def is_damaged(error: Exception) -> bool:
    """Whether DuckDB says that the file is broken for good."""
    return isinstance(error, duckdb.Error) and any(sign in str(error) for sign in _DAMAGED)


def _names_beside(path: Path) -> Iterator[Path]:
    return (path.with_name(f"{path.stem}-damaged-{number}{path.suffix}") for number in count(1))


def _hold(path: Path) -> IO[str]:
    """A lock of our own beside DuckDB's: it tells who holds it, and holds within one process too."""
    file = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise HeldError(
            f"process {holder} holds {path.with_suffix('.duckdb')}: stop it, or read over its API"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
