"""sunshine/modules/tickets/business_hours.py: nights, weekends, holidays, clocks that change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sunshine.modules.tickets.business_hours import BusinessHours

MONDAY_TO_FRIDAY = frozenset({1, 2, 3, 4, 5})
EVERY_DAY = frozenset({1, 2, 3, 4, 5, 6, 7})


def hours(
    zone: str = "UTC",
    opens: float = 9,
    closes: float = 17,
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY,
    *holidays: str,
) -> BusinessHours:
    closed = frozenset(date.fromisoformat(day) for day in holidays)
    begin, end = timedelta(hours=opens), timedelta(hours=closes)
    return BusinessHours(ZoneInfo(zone), begin, end, weekdays, closed)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


OFFICE = hours()
HOLIDAYS = hours("UTC", 9, 17, MONDAY_TO_FRIDAY, "2024-01-16", "2024-01-17")
JAKARTA = hours("Asia/Jakarta")  # UTC+7 all year
BERLIN = hours("Europe/Berlin")
NIGHT = hours("Europe/Berlin", 0, 24, EVERY_DAY)  # around the clock
EARLY = hours("Europe/Berlin", 1.5, 4, EVERY_DAY)  # over the change of clocks
GAP = hours("Europe/Berlin", 2, 3, EVERY_DAY)  # the hour that is missing, or there twice
HALF = hours("Europe/Berlin", 2.5, 3, EVERY_DAY)  # opens in the middle of it
HAVANA = hours("America/Havana", 22, 24, EVERY_DAY)  # clocks change at midnight

# Calendar, from when, how many minutes of business time, when that is over.
CASES = [
    # Within a day, and to its end: due at its close, not at the next opening.
    (OFFICE, "2024-01-15 10:00", 60, "2024-01-15 11:00"),
    (OFFICE, "2024-01-15 09:00", 480, "2024-01-15 17:00"),
    (OFFICE, "2024-01-15 16:00", 60, "2024-01-15 17:00"),
    (OFFICE, "2024-01-15 10:00:30.5", 1, "2024-01-15 10:01:30.5"),
    # Over a night, from before opening, after closing, at closing.
    (OFFICE, "2024-01-15 16:00", 61, "2024-01-16 09:01"),
    (OFFICE, "2024-01-15 16:30", 60, "2024-01-16 09:30"),
    (OFFICE, "2024-01-15 03:00", 60, "2024-01-15 10:00"),
    (OFFICE, "2024-01-15 17:00", 60, "2024-01-16 10:00"),
    (OFFICE, "2024-01-15 23:59", 15, "2024-01-16 09:15"),
    (OFFICE, "2024-01-15 00:00", 480, "2024-01-15 17:00"),
    # Over weekends: from Friday, from Saturday, two of them.
    (OFFICE, "2024-01-19 16:00", 120, "2024-01-22 10:00"),
    (OFFICE, "2024-01-20 12:00", 15, "2024-01-22 09:15"),
    (OFFICE, "2024-01-21 23:00", 480, "2024-01-22 17:00"),
    (OFFICE, "2024-01-19 09:00", 5 * 480 + 1, "2024-01-26 09:01"),
    (OFFICE, "2024-01-15 09:00", 960, "2024-01-16 17:00"),
    # Over holidays: made before, on, between them; a holiday on a weekend changes nothing.
    (HOLIDAYS, "2024-01-15 16:00", 120, "2024-01-18 10:00"),
    (HOLIDAYS, "2024-01-16 12:00", 15, "2024-01-18 09:15"),
    (HOLIDAYS, "2024-01-17 16:59", 15, "2024-01-18 09:15"),
    (hours("UTC", 9, 17, MONDAY_TO_FRIDAY, "2024-01-20"), "2024-01-19 16:00", 120,
     "2024-01-22 10:00"),
    (hours("UTC", 9, 17, MONDAY_TO_FRIDAY, "2024-01-22"), "2024-01-19 16:00", 120,
     "2024-01-23 10:00"),
    # The days and hours are the business's own.
    (JAKARTA, "2024-01-15 01:00", 60, "2024-01-15 03:00"),
    (JAKARTA, "2024-01-14 23:00", 60, "2024-01-15 03:00"),
    (JAKARTA, "2024-01-19 09:30", 60, "2024-01-22 02:30"),
    (JAKARTA, "2024-01-21 20:00", 15, "2024-01-22 02:15"),
    # Where clocks change over the weekend (31 March and 27 October 2024).
    (BERLIN, "2024-03-29 15:30", 60, "2024-04-01 07:30"),
    (BERLIN, "2024-10-25 14:30", 60, "2024-10-28 08:30"),
    # A day of 23 hours, a day of 25: what counts is the time that passes.
    (NIGHT, "2024-03-30 23:00", 23 * 60, "2024-03-31 22:00"),
    (NIGHT, "2024-10-26 22:00", 25 * 60, "2024-10-27 23:00"),
    (NIGHT, "2024-03-31 00:30", 60, "2024-03-31 01:30"),
    (NIGHT, "2024-10-27 00:30", 120, "2024-10-27 02:30"),
    (EARLY, "2024-03-31 00:00", 90, "2024-03-31 02:00"),  # 01:30 to 04:00 is an hour and a half
    (EARLY, "2024-03-31 00:00", 91, "2024-03-31 23:31"),
    (EARLY, "2024-10-26 20:00", 210, "2024-10-27 03:00"),  # and here three and a half
    (GAP, "2024-03-30 12:00", 30, "2024-04-01 00:30"),  # no such hour on the 31st
    (GAP, "2024-10-26 12:00", 120, "2024-10-27 02:00"),  # there twice on the 27th
    (HALF, "2024-03-30 12:00", 10, "2024-04-01 00:40"),
    (HALF, "2024-10-26 12:00", 40, "2024-10-27 01:10"),
    (HAVANA, "2024-11-03 02:30", 120, "2024-11-04 03:30"),  # 3 November has it twice
    (HAVANA, "2024-03-10 01:00", 240, "2024-03-11 04:00"),  # 10 March has no midnight
]  # fmt: skip


@pytest.mark.parametrize(("calendar", "start", "minutes", "end"), CASES)
def test_it_adds_business_time(calendar: BusinessHours, start: str, minutes: int, end: str) -> None:
    assert calendar.after(at(start), timedelta(minutes=minutes)) == at(end)
    assert calendar.between(at(start), at(end)) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("calendar", "start", "end", "minutes"),
    [
        (OFFICE, "2024-01-15 17:00", "2024-01-16 09:00", 0),
        (OFFICE, "2024-01-19 17:00", "2024-01-22 09:00", 0),
        (OFFICE, "2024-01-20 10:00", "2024-01-21 10:00", 0),
        (OFFICE, "2024-01-15 08:00", "2024-01-15 18:00", 480),
        (OFFICE, "2024-01-15 12:00", "2024-01-22 12:00", 5 * 480),
        (HOLIDAYS, "2024-01-15 12:00", "2024-01-22 12:00", 3 * 480),
        (HOLIDAYS, "2024-01-16 00:00", "2024-01-18 00:00", 0),
        (OFFICE, "2024-01-15 12:00", "2024-01-15 12:00", 0),
        (OFFICE, "2024-01-15 12:00", "2024-01-15 11:00", 0),
        (OFFICE, "2024-01-15 12:00", "2024-01-01 12:00", 0),
        (JAKARTA, "2024-01-15 00:00", "2024-01-16 00:00", 480),
        (NIGHT, "2024-03-30 23:00", "2024-03-31 22:00", 23 * 60),
    ],
)
def test_it_measures_business_time(
    calendar: BusinessHours, start: str, end: str, minutes: int
) -> None:
    assert calendar.between(at(start), at(end)) == timedelta(minutes=minutes)


def test_it_starts_at_the_next_opening() -> None:
    nothing = timedelta()
    assert OFFICE.after(at("2024-01-20 12:00"), nothing) == at("2024-01-22 09:00")
    assert OFFICE.after(at("2024-01-15 12:00"), nothing) == at("2024-01-15 12:00")


def test_it_answers_in_utc_whatever_it_is_asked_in() -> None:
    asked = at("2024-01-15 10:00").astimezone(ZoneInfo("Asia/Tokyo"))
    due = BERLIN.after(asked, timedelta(minutes=30))
    assert (due, due.utcoffset()) == (at("2024-01-15 10:30"), timedelta())


CALENDARS = some.sampled_from(
    [
        OFFICE,
        HOLIDAYS,
        JAKARTA,
        BERLIN,
        NIGHT,
        EARLY,
        GAP,
        HALF,
        HAVANA,
        hours("Asia/Kathmandu", 9.5, 12),
    ]
)
INSTANTS = some.integers(0, 366 * 86_400).map(
    lambda s: at("2024-01-01 00:00") + timedelta(seconds=s)
)
TIMES = some.timedeltas(timedelta(seconds=1), timedelta(days=10))


@settings(deadline=None, derandomize=True)
@given(CALENDARS, INSTANTS, TIMES, TIMES)
def test_what_is_added_is_what_is_measured_and_adds_up(
    calendar: BusinessHours, start: datetime, first: timedelta, second: timedelta
) -> None:
    end = calendar.after(start, first)
    assert calendar.between(start, end) == first
    assert calendar.after(end, second) == calendar.after(start, first + second)
    # A pause moves what is due by itself.
    paused = calendar.between(*sorted((start + first / 2, start + second)))
    if paused:
        assert calendar.after(end, paused) == calendar.after(start, first + paused)
