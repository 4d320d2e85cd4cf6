"""The time, injected so that a rule never reads it and a test may set it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def today(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant where the business is."""
    return at.astimezone(zone).date()
