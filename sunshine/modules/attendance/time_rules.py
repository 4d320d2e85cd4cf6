"""The time rules of attendance: which day an instant belongs to, what the stays of a day amount to.

Pure: no database, no clock. Instants are aware and in UTC; local times are naive, in the zone of a
`Day`. From and to rows: assessment.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
# When a stay began and ended; None while it lasts.
Stay = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Shift:
    """When work begins and ends in local time; all else in minutes.

    An end at or before the start is on the next day.
    """

    start: time
    end: time
    grace: int = 0
    unpaid_break: int = 0
    check_in_before: int = 60


@dataclass(frozen=True)
class Day:
    """One calendar day of one employee: when they work on it, and what excuses them.

    `works` is whether its weekday is worked; `leave` holds "full", "am" or "pm" of approved leave;
    `permits` the local start and end of approved permits.
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
        """The instants at which the shift begins and ends; None without a shift."""
        if self.shift is None:
            return None
        overnight = timedelta(days=self.shift.end <= self.shift.start)
        start = datetime.combine(self.date, self.shift.start)
        end = datetime.combine(self.date + overnight, self.shift.end)
        return instant(start, self.zone), instant(end, self.zone)

    @cached_property
    def expected(self) -> tuple[datetime, datetime] | None:
        """The instants by which they must come and from which they may go; None when they need not.

        Leave and permits at either end are left out.
        """
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
        """Return the excused times; half a day of leave is half of the shift, whatever the hour."""
        middle = start + (end - start) / 2
        halves = {"am": (start, middle), "pm": (middle, end)}
        permits = [(instant(a, self.zone), instant(b, self.zone)) for a, b in self.permits]
        return [*(halves[half] for half in self.leave), *permits]


@dataclass(frozen=True)
class Assessment:
    """What one stay amounts to; minutes are None while it lasts."""

    late: bool
    early_leave: bool
    worked_minutes: int | None
    overtime_minutes: int | None


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the clocks of a zone show a local time.

    A time that they show twice is the first of the two, one that they skip the first after it.
    """
    while True:
        at = local.replace(tzinfo=zone).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == local:
            return at
        local = local.replace(second=0, microsecond=0) + MINUTE


def choose_day(at: datetime, days: Sequence[Day]) -> Day:
    """Return the day that a check-in belongs to, of the days around it in order.

    It is the day of a shift while its window is open, from `check_in_before` its start to its end:
    a night shift belongs to the day on which it begins. Where windows overlap, it is that of the
    shift with the nearer start. Outside every window it is the calendar day.
    """
    open_ = [(abs(start - at), day) for day in days if (start := _opened(day, at))]
    if open_:
        return min(open_, key=lambda pair: pair[0])[1]
    local = (day for day in days if day.date == at.astimezone(day.zone).date())
    return next(local, days[len(days) // 2])  # none where the zone changes from day to day


def shift_end(day: Day, came: datetime) -> datetime | None:
    """Return when the shift that somebody came for ends.

    None when they came for none: on a day off, on a holiday, or after its end.
    """
    if day.hours is None or not day.works or day.is_holiday or came >= day.hours[1]:
        return None
    return day.hours[1]


def assess(day: Day, stays: Sequence[Stay]) -> list[Assessment]:
    """Return what each stay of a day amounts to, in their order.

    The first stay that reaches into the expected hours is late where it begins after their start
    and the grace; the last one is an early leave where it ends before their end. Clocking out for
    lunch is neither. Overtime is what all stays together exceed the scheduled minutes by.
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
    """Return the start of the day's shift while its window is open, else None."""
    if day.shift is None or day.hours is None or not day.works:
        return None
    start, end = day.hours
    return start if start - day.shift.check_in_before * MINUTE <= at < end else None


def _late(day: Day, stays: Sequence[Stay]) -> int | None:
    """Return the index of the stay that is late, if any."""
    if day.shift is None or day.expected is None:
        return None
    come = day.expected[0]
    for number, (came, went) in enumerate(stays):
        if went is None or went > come:
            return number if came > come + day.shift.grace * MINUTE else None
    return None


def _early(day: Day, stays: Sequence[Stay]) -> int | None:
    """Return the index of the stay that ends early, if any."""
    if day.expected is None:
        return None
    go = day.expected[1]
    for number, (came, went) in reversed(list(enumerate(stays))):
        if came < go:
            return number if went is not None and went < go else None
    return None


def _worked(day: Day, stay: timedelta) -> int:
    """Return whole minutes, without the break where the stay is longer than half the shift."""
    minutes = stay // MINUTE
    if day.shift is None or day.hours is None:
        return minutes
    start, end = day.hours
    return max(0, minutes - day.shift.unpaid_break) if stay > (end - start) / 2 else minutes


def _overtime(day: Day, worked: int) -> int:
    """Return the minutes that exceed the schedule: on holidays and days off all of them."""
    if day.shift is None or day.hours is None:
        return 0
    if day.is_holiday or not day.works:
        return worked
    start, end = day.hours
    return max(0, worked - ((end - start) // MINUTE - day.shift.unpaid_break))
