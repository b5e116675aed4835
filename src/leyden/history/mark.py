"""The mark of a folder: real or simulated, once and for ever, so that the two are never mixed."""

import json
from pathlib import Path

from leyden.history.durable import write_durably
from leyden.history.errors import HistoryError

_NAME = "leyden.json"


def mark_folder(folder: Path, simulated: bool) -> None:
    """Make the folder and mark it, or hold it against the mark it has; raises HistoryError where they differ."""
    try:
        _mark(folder, kind_of(simulated))
    except OSError as error:
        raise HistoryError(f"{folder} cannot be used for history: {error}; check its path and rights") from error


def _mark(folder: Path, wanted: str) -> None:
    path = folder / _NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["holds"]
    except FileNotFoundError:
        _refuse_unmarked(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(path, json.dumps({"holds": wanted}).encode())
        return
    except (ValueError, KeyError, TypeError):
        raise HistoryError(f"{path} is damaged: write {json.dumps({'holds': wanted})} into it") from None
    if found != wanted:
        raise HistoryError(
            f"{folder} holds {found} history, but this site is {wanted}: name another folder "
            f"under [history] in site.toml, or move {folder} away"
        )


def kind_of(simulated: bool) -> str:
    """The word that stands in the mark, and in every Parquet file."""
    return "simulated" if simulated else "real"


def _refuse_unmarked(folder: Path) -> None:
    if (folder / "record.duckdb").exists():
        raise HistoryError(f"{folder} holds a record, but {_NAME} is missing: restore it, or move {folder} away")
