"""Small help around DuckDB's connection."""

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

Connection = duckdb.DuckDBPyConnection


def one(connection: Connection, query: str, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
    """The first row, None if there is none. Fetches all: a result half read holds up the next statement."""
    rows = connection.execute(query, list(values)).fetchall()
    return rows[0] if rows else None


def scalar(connection: Connection, query: str) -> Any:
    """The first value of the first row, None if there is none."""
    row = one(connection, query)
    return None if row is None else row[0]


def arrow(connection: Connection, query: str) -> pa.Table:
    """All rows as Arrow."""
    return connection.sql(query).to_arrow_table()


def text(value: object) -> str:
    """A text constant."""
    return "'" + str(value).replace("'", "''") + "'"
