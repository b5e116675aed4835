"""A copy of a record that is whole, while it is being written: the tables of one moment, and the files beside them."""

from itertools import count
from pathlib import Path

from leyden.history.record.shelves import SHELVES, closed_periods, open_periods
from leyden.history.record.sql import Connection, text

_NUMBER = count(1)


def copy_open(connection: Connection, folder: Path, target: Path, row_group: int) -> list[Path]:
    """Write the tables of this moment into a new file, and tell which files of closed periods belong to it.

    Inside a transaction, so that a day that closes meanwhile is in the tables, and its file not among those told. The
    files never change; the oldest may go.
    """
    still_open = open_periods(connection)
    closed = [
        shelf.file(folder, period)
        for shelf in SHELVES
        for period in closed_periods(folder, shelf)
        if period not in still_open.get(shelf.name, [])
    ]
    name = f"copy_{next(_NUMBER)}"
    connection.execute(f"ATTACH {text(target)} AS {name} (ROW_GROUP_SIZE {row_group})")
    try:
        connection.execute(f"COPY FROM DATABASE rec TO {name}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.execute(f"DETACH {name}")
    return closed
