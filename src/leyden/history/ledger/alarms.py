"""Where alarms outlive a restart; fits the store that the alarm book asks for, without knowing what an alarm is."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from leyden.history.ledger.file import LedgerFile
from leyden.history.ledger.times import written
from leyden.history.ledger.typed_json import dump, load

AlarmRow = Mapping[str, object]
"""Plain values; `id`, `key`, `state`, `raised` and `set_time` must be among them."""


class AlarmRows:
    """The latest state of every alarm that ever was."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def open_alarms(self) -> Sequence[AlarmRow]:
        """Every alarm whose latest state is not `normal`."""
        return self._rows("WHERE state <> 'normal' ORDER BY id")

    def last_alarm_id(self) -> int:
        """The highest number ever given, 0 at first."""
        return int(self._file.read("SELECT coalesce(max(id), 0) FROM alarms")[0][0])

    def save_alarms(self, rows: Sequence[AlarmRow]) -> None:
        """Keep these, each under its id, all or none; what was there under it is replaced."""
        values = [
            (
                row["id"], row["key"], row["state"], _sortable(row["raised"]), _sortable(row["set_time"]),
                dump(dict(row)),
            )
            for row in rows
        ]  # fmt: skip
        with self._file.write() as connection:
            connection.executemany(
                "INSERT INTO alarms (id, key, state, raised, set_time, body) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET state = excluded.state, set_time = excluded.set_time,"
                " body = excluded.body",
                values,
            )

    def between(self, start: datetime, end: datetime, limit: int = 1000) -> Sequence[AlarmRow]:
        """Alarms that last began to stand in [start, end), gone ones too, newest first."""
        return self._rows(
            "WHERE set_time >= ? AND set_time < ? ORDER BY set_time DESC, id DESC LIMIT ?",
            (written(start), written(end), limit),
        )

    def _rows(self, where: str, values: Sequence[object] = ()) -> Sequence[AlarmRow]:
        found = self._file.read(f"SELECT body FROM alarms {where}", values)
        return [load(row["body"], dict[str, object]) for row in found]


def _sortable(time: object) -> str:
    return written(datetime.fromisoformat(str(time)))
