"""The current time, injected so that rules never read the clock and tests can set it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the current instant in UTC."""
    return datetime.now(UTC)


def today(at: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant in the business timezone."""
    return at.astimezone(zone).date()
