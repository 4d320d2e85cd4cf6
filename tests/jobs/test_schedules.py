"""When a job is due: sunshine/jobs/schedules.py. Instants as text, in UTC."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sunshine.jobs.schedules import Daily, Every, Schedule

# When daily jobs of four times of day are due, around the days that are not like others.
DAYS = [
    # timezone, time of day, asked at, due last, due next
    ("UTC", "00:05", "2026-03-01T00:05", "2026-03-01T00:05", "2026-03-02T00:05"),
    ("UTC", "00:05", "2026-03-01T00:04", "2026-02-28T00:05", "2026-03-01T00:05"),
    ("UTC", "00:05", "2024-02-29T12:00", "2024-02-29T00:05", "2024-03-01T00:05"),
    ("UTC", "00:05", "2027-01-01T00:00", "2026-12-31T00:05", "2027-01-01T00:05"),
    # Seven hours ahead: the day begins at 17:00 the day before.
    ("Asia/Jakarta", "00:05", "2026-01-31T17:04", "2026-01-30T17:05", "2026-01-31T17:05"),
    ("Asia/Jakarta", "00:05", "2026-01-31T17:05", "2026-01-31T17:05", "2026-02-01T17:05"),
    ("Asia/Jakarta", "23:30", "2026-01-31T16:30", "2026-01-31T16:30", "2026-02-01T16:30"),
    # Berlin, 29 March: 02:00 becomes 03:00. 02:30 does not exist and comes at 03:30.
    ("Europe/Berlin", "02:30", "2026-03-29T01:29", "2026-03-28T01:30", "2026-03-29T01:30"),
    ("Europe/Berlin", "02:30", "2026-03-29T01:30", "2026-03-29T01:30", "2026-03-30T00:30"),
    ("Europe/Berlin", "00:05", "2026-03-29T12:00", "2026-03-28T23:05", "2026-03-29T22:05"),
    # Berlin, 25 October: 03:00 becomes 02:00. 02:30 is shown twice; the second is no other point.
    ("Europe/Berlin", "02:30", "2026-10-25T00:30", "2026-10-25T00:30", "2026-10-26T01:30"),
    ("Europe/Berlin", "02:30", "2026-10-25T01:30", "2026-10-25T00:30", "2026-10-26T01:30"),
    ("Europe/Berlin", "00:05", "2026-10-25T12:00", "2026-10-24T22:05", "2026-10-25T23:05"),
    # New York, 8 March and 1 November.
    ("America/New_York", "02:30", "2026-03-08T07:29", "2026-03-07T07:30", "2026-03-08T07:30"),
    ("America/New_York", "02:30", "2026-03-08T07:30", "2026-03-08T07:30", "2026-03-09T06:30"),
    ("America/New_York", "01:30", "2026-11-01T05:30", "2026-11-01T05:30", "2026-11-02T06:30"),
    ("America/New_York", "01:30", "2026-11-01T06:30", "2026-11-01T05:30", "2026-11-02T06:30"),
    # Cairo, 24 April: midnight becomes 01:00.
    ("Africa/Cairo", "00:05", "2026-04-23T22:04", "2026-04-22T22:05", "2026-04-23T22:05"),
    # St. John's, 2006: a minute past midnight it is 23:01 of the day before again.
    ("America/St_Johns", "00:00", "2006-10-29T03:00", "2006-10-29T02:30", "2006-10-30T03:30"),
    # Samoa had no 30 December 2011.
    ("Pacific/Apia", "00:05", "2011-12-30T10:01", "2011-12-29T10:05", "2011-12-30T10:05"),
    ("Pacific/Apia", "00:05", "2011-12-30T10:06", "2011-12-30T10:05", "2011-12-31T10:05"),
]
ZONES = ("UTC", "Asia/Jakarta", "Europe/Berlin", "America/New_York", "Africa/Cairo")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "of_day", "now", "latest", "following"), DAYS)
def test_a_daily_job_is_due_by_the_clock_of_the_business(
    zone: str, of_day: str, now: str, latest: str, following: str
) -> None:
    schedule = Daily(time.fromisoformat(of_day))
    assert schedule.latest(at(now), ZoneInfo(zone)) == at(latest)
    assert schedule.following(at(now), ZoneInfo(zone)) == at(following)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("of_day", ["00:00", "00:05", "01:30", "02:30", "23:59"])
def test_a_daily_job_is_due_once_on_each_day_of_a_year(zone: str, of_day: str) -> None:
    schedule, there = Daily(time.fromisoformat(of_day)), ZoneInfo(zone)
    point = schedule.latest(datetime(2026, 1, 1, 23, 59, tzinfo=there), there)
    days = []
    while point.astimezone(there).year == 2026:
        days.append(point.astimezone(there).timetuple().tm_yday)
        assert schedule.latest(point, there) == point
        point = schedule.following(point, there)
    assert days == list(range(1, 366))


@pytest.mark.parametrize(
    ("minutes", "now", "latest", "following"),
    [
        (5, "2026-03-01T10:04:59", "2026-03-01T10:00", "2026-03-01T10:05"),
        (5, "2026-03-01T10:05", "2026-03-01T10:05", "2026-03-01T10:10"),
        (60, "2026-03-01T10:59", "2026-03-01T10:00", "2026-03-01T11:00"),
        (60, "2026-02-28T23:00", "2026-02-28T23:00", "2026-03-01T00:00"),
        (1, "2026-03-01T10:00:30", "2026-03-01T10:00", "2026-03-01T10:01"),
    ],
)
def test_a_job_is_due_every_so_many_minutes(
    minutes: int, now: str, latest: str, following: str
) -> None:
    schedule, utc = Every(minutes), ZoneInfo("UTC")
    assert schedule.latest(at(now), utc) == at(latest)
    assert schedule.following(at(now), utc) == at(following)


def test_the_hour_that_the_clocks_repeat_has_its_own_points() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 0, tzinfo=berlin).astimezone(UTC)
    assert Every(60).following(first, berlin) == first + timedelta(hours=1)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Every(5), "every 5 minutes"),
        (Every(1), "every minute"),
        (Every(60), "every hour"),
        (Daily(time(0, 5)), "daily at 00:05"),
    ],
)
def test_a_schedule_says_when_in_words(schedule: Schedule, words: str) -> None:
    assert str(schedule) == words
