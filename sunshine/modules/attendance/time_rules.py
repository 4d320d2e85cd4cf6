"""The time rules of attendance: which day an instant belongs to, what a day's stays amount to.

Pure: no database, no clock. Instants are aware and in UTC; what is local is naive, in a `Day`'s
zone. Rows to and from here: assessment.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
# From when to when somebody was there; None while they still are.
Stay = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Shift:
    """When work begins and ends by the clock on the wall; the rest in minutes.

    An end at or before the start is on the next day.
    """

    start: time
    end: time
    grace: int = 0
    unpaid_break: int = 0
    check_in_before: int = 60


@dataclass(frozen=True)
class Day:
    """One calendar day of one employee: what is worked on it, and what excuses them.

    `works` says whether its weekday is worked; `leave` holds "full", "am" or "pm" of approved
    leave; `permits` the local times from and to of approved permits.
    """

    date: date
    zone: ZoneInfo
    shift: Shift | None = None
    works: bool = True
    is_holiday: bool = False
    leave: Sequence[str] = ()
    permits: Sequence[tuple[datetime, datetime]] = ()

    @cached_property
    def hours(self) -> tuple[datetime, datetime] | None:
        """When its shift begins and ends."""
        if self.shift is None:
            return None
        overnight = timedelta(days=self.shift.end <= self.shift.start)
        start = datetime.combine(self.date, self.shift.start)
        end = datetime.combine(self.date + overnight, self.shift.end)
        return instant(start, self.zone), instant(end, self.zone)

    @cached_property
    def expected(self) -> tuple[datetime, datetime] | None:
        """When they must come and may go, without what excuses them; None when they need not."""
        if self.hours is None or not self.works or self.is_holiday or "full" in self.leave:
            return None
        come, go = self.hours
        excuses = self._excuses(come, go)
        for begin, end in sorted(excuses):
            if begin <= come < end:
                come = end
        for begin, end in sorted(excuses, key=lambda excuse: excuse[1], reverse=True):
            if begin < go <= end:
                go = begin
        return come, go

    def _excuses(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Half a day of leave is half of the shift, whatever the hour."""
        middle = start + (end - start) / 2
        halves = {"am": (start, middle), "pm": (middle, end)}
        permits = [tuple(instant(local, self.zone) for local in each) for each in self.permits]
        return [*(halves[half] for half in self.leave), *((a, b) for a, b in permits)]


@dataclass(frozen=True)
class Assessment:
    """What one stay amounts to; minutes are None while it lasts."""

    late: bool
    early_leave: bool
    worked_minutes: int | None
    overtime_minutes: int | None


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks of a zone show a time: of a time shown twice the first, of one that is
    skipped the first after it."""
    while True:
        at = local.replace(tzinfo=zone).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == local:
            return at
        local = local.replace(second=0, microsecond=0) + MINUTE


def filed(at: datetime, days: Sequence[Day]) -> Day:
    """The day that a check-in belongs to, of the days around it in order.

    A shift's day while its window is open: from `check_in_before` its start to its end, so that
    night shifts belong to the day they begin. Where windows overlap, the shift whose start is
    nearer. Outside every window, the calendar day.
    """
    open_ = [(abs(start - at), day) for day in days if (start := _opened(day, at))]
    if open_:
        return min(open_, key=lambda pair: pair[0])[1]
    local = (day for day in days if day.date == at.astimezone(day.zone).date())
    return next(local, days[len(days) // 2])  # none where the zone changes from day to day


def shift_end(day: Day, came: datetime) -> datetime | None:
    """When the shift ends that somebody came for; None when they came for none: on a day off or a
    holiday, or after its end."""
    if day.hours is None or not day.works or day.is_holiday or came >= day.hours[1]:
        return None
    return day.hours[1]


def assess(day: Day, stays: Sequence[Stay]) -> list[Assessment]:
    """What each stay of a day amounts to, given in their order.

    Late is who begins late the first stay that reaches into the expected hours, early who ends
    early the last one: who clocks out for lunch is neither. Overtime is what the stays exceed the
    scheduled minutes by, together.
    """
    late, early = _late(day, stays), _early(day, stays)
    results: list[Assessment] = []
    total = 0
    for number, (came, went) in enumerate(stays):
        worked = overtime = None
        if went is not None:
            worked = _worked(day, went - came)
            overtime = _overtime(day, total + worked) - _overtime(day, total)
            total += worked
        results.append(Assessment(number == late, number == early, worked, overtime))
    return results


def _opened(day: Day, at: datetime) -> datetime | None:
    """The start of the day's shift, while one may check in for it."""
    if day.shift is None or day.hours is None or not day.works:
        return None
    start, end = day.hours
    return start if start - day.shift.check_in_before * MINUTE <= at < end else None


def _late(day: Day, stays: Sequence[Stay]) -> int | None:
    """The number of the stay that is late."""
    if day.shift is None or day.expected is None:
        return None
    come = day.expected[0]
    for number, (came, went) in enumerate(stays):
        if went is None or went > come:
            return number if came > come + day.shift.grace * MINUTE else None
    return None


def _early(day: Day, stays: Sequence[Stay]) -> int | None:
    """The number of the stay that leaves early."""
    if day.expected is None:
        return None
    go = day.expected[1]
    for number, (came, went) in reversed(list(enumerate(stays))):
        if came < go:
            return number if went is not None and went < go else None
    return None


def _worked(day: Day, stay: timedelta) -> int:
    """Whole minutes, without the break where the stay is longer than half the shift."""
    minutes = stay // MINUTE
    if day.shift is None or day.hours is None:
        return minutes
    start, end = day.hours
    return max(0, minutes - day.shift.unpaid_break) if stay > (end - start) / 2 else minutes


def _overtime(day: Day, worked: int) -> int:
    """What a day's work exceeds the schedule by; nothing is scheduled on holidays and days off."""
    if day.shift is None or day.hours is None:
        return 0
    if day.is_holiday or not day.works:
        return worked
    start, end = day.hours
    return max(0, worked - ((end - start) // MINUTE - day.shift.unpaid_break))
