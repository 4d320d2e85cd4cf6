"""The time rules by themselves (sunshine/modules/attendance/time_rules.py): a table of cases.

Local times are written as they stand on the wall, instants with Z.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sunshine.modules.attendance.time_rules import (
    Assessment,
    Day,
    Shift,
    assess,
    choose_day,
    instant,
)

JAKARTA, BERLIN, NEW_YORK = "Asia/Jakarta", "Europe/Berlin", "America/New_York"
OFFICE = Shift(time(9), time(17))
NIGHT = Shift(time(22), time(6))
WEEK = (1, 2, 3, 4, 5)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


def at(text: str) -> datetime:
    """`2024-01-15 08:00Z`, an instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


def days(
    around: datetime, zone: str, shift: Shift | None, work_days: tuple[int, ...] = WEEK
) -> list[Day]:
    """The days around an instant, as they are read for a check-in."""
    first = around.date() - timedelta(days=2)
    dates = [first + timedelta(days=number) for number in range(5)]
    return [
        Day(each, ZoneInfo(zone), shift, works=each.isoweekday() in work_days) for each in dates
    ]


def day(text: str, zone: str, shift: Shift | None = OFFICE, **more: Any) -> Day:
    return Day(date.fromisoformat(text), ZoneInfo(zone), shift, **more)


def local(text: str, zone: str) -> datetime:
    """`2024-01-15 08:00` on the wall of a zone; `+1` behind it is the second of two."""
    text, _, fold = text.partition("+")
    there = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=int(fold or 0))
    return there.astimezone(UTC)


@pytest.mark.parametrize(
    ("said", "zone", "expected"),
    [
        ("2024-01-15 09:00", JAKARTA, "2024-01-15 02:00Z"),
        ("2024-07-15 09:00", BERLIN, "2024-07-15 07:00Z"),
        ("2024-01-15 09:00", BERLIN, "2024-01-15 08:00Z"),
        # Skipped: the first instant after the gap.
        ("2024-03-31 02:00", BERLIN, "2024-03-31 01:00Z"),
        ("2024-03-31 02:30", BERLIN, "2024-03-31 01:00Z"),
        ("2024-03-31 02:59", BERLIN, "2024-03-31 01:00Z"),
        ("2024-03-31 03:00", BERLIN, "2024-03-31 01:00Z"),
        ("2024-03-10 02:30", NEW_YORK, "2024-03-10 07:00Z"),
        ("2011-12-30 09:00", "Pacific/Apia", "2011-12-30 10:00Z"),  # a whole day
        # Shown twice: the first.
        ("2024-10-27 02:30", BERLIN, "2024-10-27 00:30Z"),
        ("2024-10-27 03:00", BERLIN, "2024-10-27 02:00Z"),
        ("2024-11-03 01:30", NEW_YORK, "2024-11-03 05:30Z"),
        ("2024-02-29 00:00", "Pacific/Kiritimati", "2024-02-28 10:00Z"),
        ("2024-12-31 23:59", "Etc/GMT+12", "2025-01-01 11:59Z"),
    ],
)
def test_a_time_on_the_wall_is_one_instant(said: str, zone: str, expected: str) -> None:
    assert instant(datetime.fromisoformat(said), ZoneInfo(zone)) == at(expected)


@pytest.mark.parametrize(
    ("came", "zone", "shift", "expected"),
    [
        # Without a shift: the calendar day, where they are.
        ("2024-01-15 23:30Z", JAKARTA, None, "2024-01-16"),
        ("2024-01-15 16:59Z", JAKARTA, None, "2024-01-15"),
        ("2024-01-15 17:00Z", JAKARTA, None, "2024-01-16"),
        ("2024-01-15 03:00Z", NEW_YORK, None, "2024-01-14"),
        ("2024-02-28 23:30Z", JAKARTA, None, "2024-02-29"),
        ("2024-02-29 17:00Z", JAKARTA, None, "2024-03-01"),
        ("2023-02-28 17:00Z", JAKARTA, None, "2023-03-01"),
        ("2024-12-31 17:00Z", JAKARTA, None, "2025-01-01"),
        ("2025-01-01 04:59Z", NEW_YORK, None, "2024-12-31"),
        ("2024-01-15 10:00Z", "Pacific/Kiritimati", None, "2024-01-16"),
        ("2024-01-15 11:59Z", "Etc/GMT+12", None, "2024-01-14"),
        # A day shift: its day, an hour before it too.
        ("2024-01-15 02:00Z", JAKARTA, OFFICE, "2024-01-15"),
        ("2024-01-15 23:30Z", JAKARTA, OFFICE, "2024-01-16"),
        ("2024-01-13 23:30Z", JAKARTA, OFFICE, "2024-01-14"),  # a Sunday: the calendar day
        # A night shift: the day it begins, from an hour before it to its end.
        ("2024-01-15 20:59Z", BERLIN, NIGHT, "2024-01-15"),
        ("2024-01-15 23:00Z", BERLIN, NIGHT, "2024-01-15"),
        ("2024-01-16 04:59Z", BERLIN, NIGHT, "2024-01-15"),
        ("2024-01-16 05:00Z", BERLIN, NIGHT, "2024-01-16"),
        ("2024-01-16 19:59Z", BERLIN, NIGHT, "2024-01-16"),
        ("2024-01-20 03:00Z", BERLIN, NIGHT, "2024-01-19"),  # Friday's, on Saturday
        ("2024-01-15 03:00Z", BERLIN, NIGHT, "2024-01-15"),  # Sunday's is not worked
        ("2024-02-29 23:30Z", BERLIN, NIGHT, "2024-02-29"),
        ("2024-12-31 23:30Z", BERLIN, NIGHT, "2024-12-31"),
        ("2024-12-31 18:30Z", JAKARTA, NIGHT, "2024-12-31"),
        # An hour before midnight for a shift that begins at it.
        ("2024-01-15 16:30Z", JAKARTA, Shift(time(0), time(8)), "2024-01-16"),
        ("2024-01-15 15:59Z", JAKARTA, Shift(time(0), time(8)), "2024-01-15"),
        # Round the clock: for the shift that begins, not the one that ends.
        ("2024-01-16 07:30Z", "UTC", Shift(time(8), time(8)), "2024-01-16"),
        ("2024-01-16 06:59Z", "UTC", Shift(time(8), time(8)), "2024-01-15"),
        ("2024-01-16 07:59Z", "UTC", Shift(time(8), time(8), check_in_before=0), "2024-01-15"),
        # A whole day before: the nearer start.
        ("2024-01-16 16:00Z", "UTC", Shift(time(9), time(17), check_in_before=1440), "2024-01-16"),
        ("2024-01-16 17:00Z", "UTC", Shift(time(9), time(17), check_in_before=1440), "2024-01-17"),
        # Far zones, where the UTC date is another one for the whole shift.
        ("2024-01-15 18:00Z", "Pacific/Kiritimati", OFFICE, "2024-01-16"),
        ("2024-01-16 11:30Z", "Etc/GMT+12", Shift(time(20), time(19, 30)), "2024-01-15"),
        # The hour of the gap: the window opens an hour before the first instant after it.
        ("2024-03-31 00:00Z", BERLIN, Shift(time(2, 30), time(10)), "2024-03-31"),
        ("2024-03-30 23:59Z", BERLIN, Shift(time(2, 30), time(10)), "2024-03-31"),
        # A night that is an hour shorter, and one that is longer.
        ("2024-03-31 03:59Z", BERLIN, NIGHT, "2024-03-30"),
        ("2024-03-31 04:00Z", BERLIN, NIGHT, "2024-03-31"),
        ("2024-10-27 04:59Z", BERLIN, NIGHT, "2024-10-26"),
        ("2024-10-27 05:00Z", BERLIN, NIGHT, "2024-10-27"),
        ("2024-03-10 09:59Z", NEW_YORK, NIGHT, "2024-03-09"),
        ("2024-03-10 10:00Z", NEW_YORK, NIGHT, "2024-03-10"),
        ("2024-11-03 10:59Z", NEW_YORK, NIGHT, "2024-11-02"),
        ("2024-11-03 11:00Z", NEW_YORK, NIGHT, "2024-11-03"),
    ],
)
def test_a_check_in_is_filed_on_its_day(
    came: str, zone: str, shift: Shift | None, expected: str
) -> None:
    # Of the changes of clocks all are on a weekend.
    weekends = at(came).month in (3, 10, 11)
    around = days(at(came), zone, shift, EVERY_DAY if weekends else WEEK)
    assert choose_day(at(came), around).date == date.fromisoformat(expected)


def test_a_day_without_the_shift_is_not_its() -> None:
    """Assigned from the 16th only: the night of the 15th is nobody's."""
    around = days(at("2024-01-16 03:00Z"), "UTC", NIGHT)
    since = [Day(each.date, each.zone, NIGHT if each.date.day >= 16 else None) for each in around]
    assert choose_day(at("2024-01-16 03:00Z"), since).date == date(2024, 1, 16)


def test_it_is_filed_even_while_the_zone_changes_from_day_to_day() -> None:
    for first, then in ((NEW_YORK, "Pacific/Auckland"), ("Pacific/Auckland", NEW_YORK)):
        for hour in range(24):
            came = at(f"2024-01-16 {hour:02}:30Z")
            around = [
                Day(each.date, ZoneInfo(first if each.date.day <= 15 else then))
                for each in days(came, "UTC", None)
            ]
            assert abs(choose_day(came, around).date - date(2024, 1, 16)) <= timedelta(days=1)


@pytest.mark.parametrize(
    ("came", "zone", "grace", "late"),
    [
        ("2024-01-15 09:00", JAKARTA, 0, False),
        ("2024-01-15 09:00:01", JAKARTA, 0, True),
        ("2024-01-15 09:15", JAKARTA, 15, False),
        ("2024-01-15 09:15:01", JAKARTA, 15, True),
        ("2024-01-15 08:00", JAKARTA, 0, False),
        ("2024-04-01 09:00", BERLIN, 0, False),
        ("2024-04-01 09:01", BERLIN, 0, True),
        ("2024-03-11 09:00", NEW_YORK, 0, False),
        ("2024-03-11 09:01", NEW_YORK, 0, True),
        ("2024-11-04 09:00", NEW_YORK, 0, False),
        ("2024-11-04 09:01", NEW_YORK, 0, True),
    ],
)
def test_late_is_after_the_start_and_its_grace(
    came: str, zone: str, grace: int, late: bool
) -> None:
    shift = Shift(time(9), time(17), grace=grace)
    [found] = assess(day(came[:10], zone, shift), [(local(came, zone), None)])
    assert found == Assessment(late, False, None, None)


@pytest.mark.parametrize(
    ("night", "zone", "came", "went", "expected"),
    [
        # Over midnight: eight hours.
        ("2024-01-15", BERLIN, "2024-01-15 22:00", "2024-01-16 06:00", (False, False, 480, 0)),
        ("2024-01-15", BERLIN, "2024-01-16 00:10", "2024-01-16 05:00", (True, True, 290, 0)),
        ("2024-12-31", BERLIN, "2024-12-31 22:00", "2025-01-01 07:00", (False, False, 540, 60)),
        ("2024-02-28", BERLIN, "2024-02-28 22:00", "2024-02-29 06:00", (False, False, 480, 0)),
        ("2023-02-28", BERLIN, "2023-02-28 22:00", "2023-03-01 06:00", (False, False, 480, 0)),
        # The night of spring has seven hours, that of autumn nine: nobody stays longer for it.
        ("2024-03-30", BERLIN, "2024-03-30 22:00", "2024-03-31 06:00", (False, False, 420, 0)),
        ("2024-10-26", BERLIN, "2024-10-26 22:00", "2024-10-27 06:00", (False, False, 540, 0)),
        ("2024-03-09", NEW_YORK, "2024-03-09 22:00", "2024-03-10 06:30", (False, False, 450, 30)),
        ("2024-11-02", NEW_YORK, "2024-11-02 22:00", "2024-11-03 05:59", (False, True, 539, 0)),
        # In the hour that comes twice: its second round is later, and the stay that much longer.
        ("2024-10-26", BERLIN, "2024-10-27 02:30", "2024-10-27 02:30+1", (True, True, 60, 0)),
    ],
)
def test_a_night_is_as_long_as_it_lasts(
    night: str, zone: str, came: str, went: str, expected: tuple[Any, ...]
) -> None:
    [found] = assess(day(night, zone, NIGHT), [(local(came, zone), local(went, zone))])
    assert found == Assessment(*expected)


@pytest.mark.parametrize(
    ("came", "went", "worked", "overtime"),
    [
        ("09:00", "17:00", 420, 0),
        ("08:30", "18:30", 540, 120),
        ("09:00", "13:00", 240, 0),  # no longer than half: no break
        ("09:00", "13:01", 181, 0),
        ("09:00", "09:00", 0, 0),
        ("09:00:00", "09:00:59", 0, 0),
        ("16:00", "20:00", 240, 0),
    ],
)
def test_the_break_is_taken_from_a_long_stay(
    came: str, went: str, worked: int, overtime: int
) -> None:
    office = day("2024-01-15", "UTC", Shift(time(9), time(17), unpaid_break=60))
    stay = (at(f"2024-01-15 {came}Z"), at(f"2024-01-15 {went}Z"))
    [found] = assess(office, [stay])
    assert (found.worked_minutes, found.overtime_minutes) == (worked, overtime)


def test_a_break_longer_than_the_stay_takes_no_more_than_that() -> None:
    short = day("2024-01-15", "UTC", Shift(time(9), time(10), unpaid_break=120))
    [found] = assess(short, [(at("2024-01-15 09:00Z"), at("2024-01-15 10:00Z"))])
    assert (found.worked_minutes, found.overtime_minutes) == (0, 0)


STAY = (at("2024-01-15 11:00Z"), at("2024-01-15 14:00Z"))
PUNCTUAL = (at("2024-01-15 09:00Z"), at("2024-01-15 18:00Z"))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (True, True, 180, 0)),
        ({"shift": None}, (False, False, 180, 0)),
        ({"works": False}, (False, False, 180, 180)),
        ({"is_holiday": True}, (False, False, 180, 180)),
        ({"is_holiday": True, "shift": None}, (False, False, 180, 0)),
        ({"leave": ["full"]}, (False, False, 180, 0)),
        ({"leave": ["am", "pm"]}, (False, False, 180, 0)),
        ({"leave": ["am"]}, (False, True, 180, 0)),
        ({"leave": ["pm"]}, (True, False, 180, 0)),
    ],
)
def test_a_day_may_ask_for_less(more: dict[str, Any], expected: tuple[Any, ...]) -> None:
    [found] = assess(day("2024-01-15", "UTC", **{"shift": OFFICE, **more}), [STAY])
    assert found == Assessment(*expected)


@pytest.mark.parametrize(
    ("leave", "came", "went", "expected"),
    [
        ("am", "13:00", "17:00", (False, False)),  # half of the shift, not of the day
        ("am", "13:01", "17:00", (True, False)),
        ("pm", "09:00", "13:00", (False, False)),
        ("pm", "09:00", "12:59", (False, True)),
        ("pm", "09:01", "13:00", (True, False)),
    ],
)
def test_half_a_day_of_leave_is_half_of_the_shift(
    leave: str, came: str, went: str, expected: tuple[bool, bool]
) -> None:
    stay = (at(f"2024-01-15 {came}Z"), at(f"2024-01-15 {went}Z"))
    [found] = assess(day("2024-01-15", "UTC", leave=[leave]), [stay])
    assert (found.late, found.early_leave) == expected


@pytest.mark.parametrize(
    ("permits", "came", "went", "expected"),
    [
        # Over the start: until its end and the grace, no longer.
        (["09:00-10:00"], "10:05", "17:00", (False, False)),
        (["09:00-10:00"], "10:06", "17:00", (True, False)),
        (["08:00-10:00"], "10:00", "17:00", (False, False)),
        (["08:00-09:00"], "09:06", "17:00", (True, False)),  # ends where work begins
        (["09:01-10:00"], "09:30", "17:00", (True, False)),  # begins after it
        (["10:00-11:00", "09:00-10:00"], "11:00", "17:00", (False, False)),  # one after the other
        # Over the end: from its start.
        (["16:00-17:00"], "09:00", "16:00", (False, False)),
        (["16:00-17:00"], "09:00", "15:59", (False, True)),
        (["16:00-18:00"], "09:00", "16:00", (False, False)),
        (["16:00-16:59"], "09:00", "16:00", (False, True)),
        (["17:00-18:00"], "09:00", "16:30", (False, True)),
        (["15:00-16:00", "16:00-17:00"], "09:00", "15:00", (False, False)),
        # In between neither; over all of it both.
        (["11:00-12:00"], "09:06", "16:59", (True, True)),
        (["09:00-17:00"], "12:00", "13:00", (False, False)),
    ],
)
def test_a_permit_excuses_what_it_reaches(
    permits: list[str], came: str, went: str, expected: tuple[bool, bool]
) -> None:
    spans = [
        tuple(datetime.fromisoformat(f"2024-01-15 {part}") for part in permit.split("-"))
        for permit in permits
    ]
    office = day("2024-01-15", BERLIN, Shift(time(9), time(17), grace=5), permits=spans)
    stay = tuple(local(f"2024-01-15 {text}", BERLIN) for text in (came, went))
    [found] = assess(office, [(stay[0], stay[1])])
    assert (found.late, found.early_leave) == expected


def test_a_permit_of_the_next_morning_excuses_the_end_of_a_night() -> None:
    span = [datetime.fromisoformat(f"2024-01-16 {hour}") for hour in ("05:00", "06:00")]
    night = day("2024-01-15", BERLIN, NIGHT, permits=[(span[0], span[1])])
    [found] = assess(
        night, [(local("2024-01-15 22:00", BERLIN), local("2024-01-16 05:00", BERLIN))]
    )
    assert not found.early_leave


def stays(*texts: str) -> list[tuple[datetime, datetime | None]]:
    """`09:00-12:00`; without an end it lasts."""
    pairs = [text.split("-") for text in texts]
    return [
        (at(f"2024-01-15 {came}Z"), at(f"2024-01-15 {went}Z") if went else None)
        for came, went in pairs
    ]


@pytest.mark.parametrize(
    ("there", "late", "early"),
    [
        # Out for lunch: neither late after it nor early before it.
        (["09:00-12:00", "13:00-17:00"], [False, False], [False, False]),
        (["09:30-12:00", "13:00-16:00"], [True, False], [False, True]),
        (["09:00-12:00", "13:00-"], [False, False], [False, False]),
        (["09:00-12:00"], [False], [True]),
        # Work before or after the shift is neither its beginning nor its end.
        (["06:00-07:00", "10:00-17:00"], [False, True], [False, False]),
        (["09:00-16:00", "20:00-21:00"], [False, False], [True, False]),
        (["06:00-07:00"], [False], [True]),
        (["18:00-19:00"], [True], [False]),
    ],
)
def test_a_day_of_several_stays_begins_and_ends_once(
    there: list[str], late: list[bool], early: list[bool]
) -> None:
    found = assess(day("2024-01-15", "UTC"), stays(*there))
    assert [each.late for each in found] == late
    assert [each.early_leave for each in found] == early


def test_overtime_is_what_the_stays_of_a_day_exceed_it_by_together() -> None:
    office = day("2024-01-15", "UTC", Shift(time(9), time(17), unpaid_break=60))
    found = assess(office, stays("08:00-12:00", "12:30-16:00", "17:00-18:00", "20:00-"))
    assert [each.worked_minutes for each in found] == [240, 210, 60, None]
    assert [each.overtime_minutes for each in found] == [0, 30, 60, None]
    free = day("2024-01-15", "UTC", Shift(time(9), time(17), unpaid_break=60), works=False)
    found = assess(free, stays("08:00-12:00", "12:30-16:00"))
    assert [each.overtime_minutes for each in found] == [240, 210]
