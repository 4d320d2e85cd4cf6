"""The days of a recurring meeting. Each is booked as any other: schedule.py.

Days, not instants: a meeting at nine is at nine in summer and winter. As in RFC 5545, a month
without a 31st has no meeting of the 31st. A meeting ends on its day, so a series never overlaps
itself.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from sunshine.core.errors import Invalid
from sunshine.modules.meeting_rooms.schemas import MAX_OCCURRENCES


def days_of(first: date, recurrence: Mapping[str, Any] | None) -> list[date]:
    """Return the days of a meeting in order; without a recurrence the first alone.

    `recurrence` is `{freq, interval, until | count}`; Invalid when it has more than 366 days.
    """
    if recurrence is None:
        return [first]
    until, count = recurrence.get("until"), recurrence.get("count")
    if until is not None and until < first:
        raise Invalid.field("recurrence.until", "must not be before date")
    from dateutil import rrule  # imported late: it takes 40 ms

    rule = rrule.rrule(
        getattr(rrule, recurrence["freq"].upper()),
        dtstart=datetime.combine(first, time()),
        interval=recurrence.get("interval", 1),
        until=until and datetime.combine(until, time()),
        count=count,
    )
    days = [found.date() for found in islice(rule, MAX_OCCURRENCES + 1)]
    if len(days) > MAX_OCCURRENCES:
        raise Invalid.field("recurrence.until", f"gives more than {MAX_OCCURRENCES} meetings")
    return days
