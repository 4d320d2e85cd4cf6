"""Time that counts only while the business is open. Pure functions; used by due_dates.py.

The hours are those of a wall clock: on days when clocks change, an open day may be an hour longer
or shorter, and the time that really passes counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class BusinessHours:
    """When the business is open: from `opens` to `closes` after midnight, on `weekdays` (1..7 from
    Monday) that are no `holidays`."""

    zone: ZoneInfo
    opens: timedelta
    closes: timedelta
    weekdays: frozenset[int]
    holidays: frozenset[date] = frozenset()

    def after(self, start: datetime, open_time: timedelta) -> datetime:
        """Return the instant, in UTC, at which `open_time` has passed since `start`.

        Time that ends with the day is due at its close, not at the next opening.
        """
        start, left = start.astimezone(UTC), open_time
        for opening, closing in self._spans(start):
            begin = max(start, opening)
            if begin + left <= closing:
                return begin + left
            left -= closing - begin
        raise AssertionError("there is always another open day")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time from `start` to `end`; zero when the end is not later."""
        start, end, passed = start.astimezone(UTC), end.astimezone(UTC), timedelta()
        for opening, closing in self._spans(start):
            if opening >= end:
                return passed
            passed += max(min(end, closing) - max(start, opening), timedelta())
        raise AssertionError("there is always another open day")

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open spans in UTC, in order: all that end after `start`."""
        first = start.astimezone(self.zone).date()
        for days in count():
            day = first + timedelta(days)
            if day.isoweekday() in self.weekdays and day not in self.holidays:
                midnight = datetime.combine(day, time(), self.zone)
                opening, closing = (
                    (midnight + after).astimezone(UTC) for after in (self.opens, self.closes)
                )
                # A day that opens in the hour that clocks skip may close before it opens.
                if closing > max(start, opening):
                    yield opening, closing
