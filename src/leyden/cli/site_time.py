"""Times as people write them, by the wall clock of the site that is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leyden.cli.client import ask, fail

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


@dataclass(frozen=True, slots=True)
class SiteTime:
    """A site's zone, and the time that it is there."""

    zone: ZoneInfo
    now: datetime

    @classmethod
    def of(cls, url: str, token: str | None) -> "SiteTime":
        """As the running site says."""
        site = ask("GET", url, "/api/site", token=token)
        health = ask("GET", url, "/api/health", token=token)
        return cls(ZoneInfo(site["timezone"]), datetime.fromisoformat(health["time"]))

    @classmethod
    def told(cls, site: Mapping[str, Any], now: str) -> "SiteTime":
        """From what the API said already."""
        return cls(ZoneInfo(site["timezone"]), datetime.fromisoformat(now))

    def moment(self, text: str) -> datetime:
        """ISO 8601, by the site's wall clock unless a zone stands with it; or HH:MM, the last time it showed that.

        Ends the command with the mend where it is neither.
        """
        clock = _CLOCK.fullmatch(text.strip())
        try:
            if clock is None:
                moment = datetime.fromisoformat(text)
                return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
            hour, minute, second = (int(part or 0) for part in clock.groups())
            local = self.now.astimezone(self.zone).replace(hour=hour, minute=minute, second=second, microsecond=0)
        except (ValueError, OverflowError):
            fail(f"'{text}' is no time: write it like 14:30, or 2026-07-15T03:00", 2)
        if local > self.now:
            # The day before by the wall clock, whatever became of the clocks in between.
            local = (local.replace(tzinfo=None) - timedelta(days=1)).replace(tzinfo=self.zone)
        return local.astimezone(UTC)

    def local(self, time: str) -> str:
        """A time of the API, by the site's wall clock."""
        return f"{datetime.fromisoformat(time).astimezone(self.zone):%Y-%m-%d %H:%M:%S}"
