"""When a job is due: points in time, worked out from the clock and remembered nowhere.

Instants go in and come out in UTC; `zone` is the timezone of the business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Schedule(Protocol):
    """The points at which a job is due; as text, in words."""

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The last point that is not after `now`."""

    def following(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The first point after `now`."""


@dataclass(frozen=True)
class Every:
    """So many minutes apart, counted from midnight UTC where they divide the day."""

    minutes: int

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """As of Schedule."""
        return now - (now - _EPOCH) % timedelta(minutes=self.minutes)

    def following(self, now: datetime, zone: ZoneInfo) -> datetime:
        """As of Schedule."""
        return self.latest(now, zone) + timedelta(minutes=self.minutes)

    def __str__(self) -> str:
        named = {1: "every minute", 60: "every hour"}
        return named.get(self.minutes, f"every {self.minutes} minutes")


@dataclass(frozen=True)
class Daily:
    """At a time of day where the business is, once each calendar day.

    A time that the clocks jump over comes as much later as they jumped (02:30 is then 03:30); one
    that they show twice is the first (RFC 5545 has it so, too).
    """

    at: time

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """As of Schedule."""
        return max(point for point in self._near(now, zone) if point <= now)

    def following(self, now: datetime, zone: ZoneInfo) -> datetime:
        """As of Schedule."""
        return min(point for point in self._near(now, zone) if point > now)

    def _near(self, now: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The points around an instant. Not only of yesterday and today: clocks are put back past
        midnight (tomorrow's point is gone then), and islands change sides of the date line."""
        today = now.astimezone(zone).date()
        for days in range(-2, 3):
            day = today + timedelta(days)
            yield datetime.combine(day, self.at, zone).astimezone(UTC)

    def __str__(self) -> str:
        return f"daily at {self.at:%H:%M}"
