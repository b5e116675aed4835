"""Leases: commands from outside, which expire even if the site is down when they do."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.times import read_time, written
from leyden.model.command import Command


class Leases:
    """Site time, always: the remaining time at the moment of saving, and that moment.

    Elapsed time does not outlive a process. After a restart what remains is what remained then, less the site time
    between; a clock that was set back in the meantime never lengthens a lease.
    """

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def grant(self, target: str, power_w: float, by: str, duration_s: float, time: datetime) -> Command:
        """A new lease, kept before it is acted on; its number is never given again."""
        if not duration_s > 0 or power_w != power_w:
            raise ValueError(f"a lease needs a power and a time (got {power_w} W for {duration_s} s)")
        with self._file.write() as connection:
            cursor = connection.execute(
                "INSERT INTO leases (target, power_w, by, saved, remaining_s) VALUES (?, ?, ?, ?, ?)",
                (target, power_w, by, written(time), duration_s),
            )
            return Command(int(cursor.lastrowid or 0), target, power_w, by, duration_s)

    def touch(self, remaining_s: Mapping[int, float], time: datetime) -> None:
        """Note what remains of these by the monotonic clock: before a stop, or after the wall clock jumped."""
        with self._file.write() as connection:
            connection.executemany(
                "UPDATE leases SET saved = ?, remaining_s = ? WHERE id = ? AND ended IS NULL",
                [(written(time), left_s, number) for number, left_s in remaining_s.items()],
            )

    def end(self, id: int, time: datetime, why: str) -> None:  # noqa: A002 the lease's own word
        """Expired, withdrawn or replaced; ending it twice changes nothing."""
        with self._file.write() as connection:
            connection.execute(
                "UPDATE leases SET ended = ?, why = ? WHERE id = ? AND ended IS NULL", (written(time), why, id)
            )

    def in_force(self, time: datetime) -> Sequence[Command]:
        """What is left at this moment, in the order they were granted."""
        rows = self._file.read("SELECT * FROM leases WHERE ended IS NULL ORDER BY id")
        commands = [Command(row["id"], row["target"], row["power_w"], row["by"], _left_s(row, time)) for row in rows]
        return [command for command in commands if command.remaining_s > 0]


def _left_s(row: sqlite3.Row, time: datetime) -> float:
    left_s: float = row["remaining_s"]
    return left_s - max(time - read_time(row["saved"]), timedelta(0)).total_seconds()
