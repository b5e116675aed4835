"""Times as the ledger writes them: UTC with microseconds and offset, so that text sorts as time does."""

from datetime import UTC, datetime


def written(time: datetime) -> str:
    """ISO 8601 in UTC, of constant width; refuses a time without a zone."""
    if time.tzinfo is None:
        raise ValueError(f"a time needs its zone (got {time.isoformat()})")
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def read_time(text: str) -> datetime:
    """The aware UTC time that was written."""
    return datetime.fromisoformat(text)
