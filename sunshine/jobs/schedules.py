"""When a job is due: points in time, calculated from the clock and stored nowhere.

Instants are in UTC; `zone` is the timezone of the business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Schedule(Protocol):
    """The points in time at which a job is due; `str` describes them."""

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the last point that is not after `now`."""

    def following(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the first point after `now`."""


@dataclass(frozen=True)
class Every:
    """Every so many minutes, counted from midnight UTC where they divide the day."""

    minutes: int

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Implement Schedule."""
        return now - (now - _EPOCH) % timedelta(minutes=self.minutes)

    def following(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Implement Schedule."""
        return self.latest(now, zone) + timedelta(minutes=self.minutes)

    def __str__(self) -> str:
        named = {1: "every minute", 60: "every hour"}
        return named.get(self.minutes, f"every {self.minutes} minutes")


@dataclass(frozen=True)
class Daily:
    """At a time of day where the business is, once each calendar day.

    A time that the clocks skip comes as much later as they skipped (02:30 is then 03:30); of a time
    that they show twice, the first counts (as in RFC 5545).
    """

    at: time

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Implement Schedule."""
        return max(point for point in self._near(now, zone) if point <= now)

    def following(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Implement Schedule."""
        return min(point for point in self._near(now, zone) if point > now)

    def _near(self, now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Return the points around an instant, of more days than yesterday and today: clocks may be
        set back past midnight, and islands have changed sides of the date line."""
        today = now.astimezone(zone).date()
        for days in range(-2, 3):
            day = today + timedelta(days)
            yield datetime.combine(day, self.at, zone).astimezone(UTC)

    def __str__(self) -> str:
        return f"daily at {self.at:%H:%M}"
