"""sunshine/modules/attendance/jobs.py: days are closed. Check-outs:
test_forgotten_check_outs.py."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from sunshine.modules.attendance.jobs import MAX_DAYS, close_days
from tests.api import Api
from tests.attendance.month import (
    alone,
    business_in,
    came,
    change,
    days_of,
    each,
    holiday,
    leave,
    perform,
    permit,
    person,
    shift,
)

MONDAY = date(2024, 7, 1)


def half_past_midnight(day: date) -> datetime:
    """When the job runs, where the business is in UTC."""
    return datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC)


async def run(api: Api, day: date) -> dict[str, int]:
    """What the daily run does at the beginning of a day; what it does not is left out."""
    found = await perform(api, close_days, half_past_midnight(day))
    return {kind: number for kind, number in found.items() if number}


def later(days: int, since: date = MONDAY) -> date:
    return since + timedelta(days)


async def closed(api: Api) -> list[date]:
    rows = await api.sql("SELECT day FROM attendance_closed ORDER BY day")
    return [row["day"] for row in rows]


async def test_a_day_is_closed_on_the_next(api: Api) -> None:
    ada = await alone(api)
    assert await run(api, MONDAY) == {"days": 1}  # Sunday
    assert await days_of(api, ada) == {}
    assert await run(api, later(1)) == {"days": 1, "absent": 1}
    assert await run(api, later(1)) == {}
    assert await days_of(api, ada) == {"2024-07-01": "absent"}
    assert await closed(api) == [date(2024, 6, 30), MONDAY]
    assert await api.events() == ["attendance_absent"]


async def test_each_gets_what_they_did(api: Api) -> None:
    ada = await alone(api)
    eve, finn, gus, hal = [await person(api, name=name) for name in ("Eve", "Finn", "Gus", "Hal")]
    await came(api, eve, datetime(2024, 7, 1, 9, tzinfo=UTC), None)
    await leave(api, finn, MONDAY)
    await permit(api, gus, MONDAY, "09:00", "10:00")
    await api.sql("UPDATE employee SET join_date = '2024-07-02' WHERE id = %(id)s", id=hal)
    assert await run(api, later(1)) == {"days": 1, "absent": 1, "on_leave": 1}
    said = [await days_of(api, who) for who in (ada, eve, finn, gus, hal)]
    on = "2024-07-01"
    assert said == [{on: "absent"}, {on: "present"}, {on: "on_leave"}, {}, {}]


async def test_after_a_downtime_every_missed_day_is_closed_once(api: Api) -> None:
    ada = await alone(api)
    await run(api, later(1))
    await holiday(api, later(10))
    missed = each(MONDAY, later(37), "absent") | {str(later(10)): "holiday"}
    assert await run(api, later(38)) == {"days": 37, "absent": len(missed) - 2, "holiday": 1}
    assert await days_of(api, ada) == missed
    assert await run(api, later(38)) == {}
    assert await run(api, later(39)) == {"days": 1, "absent": 1}


async def test_two_at_once_close_once(api: Api, second: Api) -> None:
    ada = await alone(api)
    await run(api, later(1))
    found = await asyncio.gather(run(api, later(15)), run(second, later(15)))
    assert {"days": 14, "absent": 10} in found
    assert {} in found
    assert await days_of(api, ada) == each(MONDAY, later(14), "absent")
    assert (await api.events()) == ["attendance_absent"] * 11


async def test_a_new_installation_knows_nothing_of_the_time_before_it(api: Api) -> None:
    """People joined long before they are recorded, on Wednesday: on Tuesday nobody was absent."""
    at = datetime(2024, 7, 3, 15, tzinfo=UTC)
    ada = await alone(api, created_at=at)
    assert (await perform(api, close_days, at + timedelta(minutes=1)))["days"] == 0
    assert await run(api, later(7)) == {"days": 5, "absent": 3}
    assert await days_of(api, ada) == each(date(2024, 7, 3), later(6), "absent")


async def test_without_people_no_day_is_remembered(api: Api) -> None:
    await alone(api)
    await api.sql("DELETE FROM employee")
    assert await run(api, MONDAY) == {}
    assert await closed(api) == []


async def test_as_of_a_day_before_anybody_was_known_it_closes_one_day(api: Api) -> None:
    """As by hand, with --as-of. What the clock says now is not held up by it, nor it by that."""
    ada = await alone(api)
    today = datetime.now(UTC).date()
    assert (await run(api, today + timedelta(2)))["days"] == 2
    assert await run(api, later(1)) == {"days": 1, "absent": 1}
    assert await run(api, later(2)) == {"days": 1, "absent": 1}
    assert list(await days_of(api, ada))[:2] == ["2024-07-01", "2024-07-02"]
    assert (await run(api, today + timedelta(3)))["days"] == 1


async def test_a_run_by_hand_long_ago_does_not_have_all_days_since_closed(api: Api) -> None:
    await alone(api)
    today = datetime.now(UTC).date()
    await run(api, later(1))
    assert (await run(api, today + timedelta(1)))["days"] == 1
    assert await closed(api) == [MONDAY, today]


async def test_one_run_goes_so_far_and_the_next_goes_on(api: Api) -> None:
    await alone(api, join_date=date(2100, 1, 1))
    await run(api, later(1))
    assert await run(api, later(MAX_DAYS + 11)) == {"days": MAX_DAYS}
    assert await run(api, later(MAX_DAYS + 12)) == {"days": 11}


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2024, 2, 26), date(2024, 3, 2)), (date(2023, 12, 28), date(2024, 1, 3))],
)
async def test_no_day_is_missing_at_the_end_of_february_and_of_the_year(
    api: Api, first: date, last: date
) -> None:
    ada = await alone(api)
    days = (last - first).days + 1
    for day in range(days):
        await run(api, later(day + 1, first))
    assert await days_of(api, ada) == each(first, last, "absent")
    assert len(await closed(api)) == days


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Asia/Jakarta", datetime(2024, 7, 1, 17, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 7, 2, 4, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2024, 7, 1, 10, tzinfo=UTC)),
    ],
)
async def test_a_day_ends_where_the_business_is(
    api: Api, monkeypatch: pytest.MonkeyPatch, zone: str, midnight: datetime
) -> None:
    ada = await alone(api)
    business_in(monkeypatch, api, zone)
    await perform(api, close_days, midnight - timedelta(seconds=1))
    assert await days_of(api, ada) == {}
    await perform(api, close_days, midnight)
    assert await days_of(api, ada) == {"2024-07-01": "absent"}


async def test_the_night_shift_is_absent_a_day_later(api: Api) -> None:
    ada = await alone(api)
    await shift(api, ada, "22:00", "06:00")
    await run(api, MONDAY)
    assert await run(api, later(1)) == {"days": 1}
    assert await run(api, later(2)) == {"days": 1, "absent": 1}
    assert await days_of(api, ada) == {"2024-07-01": "absent"}


async def test_the_furthest_west_and_latest_are_absent_in_the_end(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last work of a day there can be ends two days and a half after it did in Kiritimati."""
    ada = await alone(api)
    business_in(monkeypatch, api, "Pacific/Kiritimati")
    await shift(api, ada, "23:59", "23:59", timezone="Etc/GMT+12")
    for day in range(4):
        assert "2024-07-01" not in await days_of(api, ada)
        await perform(api, close_days, datetime(2024, 7, 1, 10, tzinfo=UTC) + timedelta(day))
    assert "2024-07-01" in await days_of(api, ada)


async def test_a_dry_run_leaves_nothing(api: Api) -> None:
    await alone(api)

    async def rehearse() -> None:
        async with change(api, half_past_midnight(later(1))) as tx:
            assert (await close_days(tx))["absent"] == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await rehearse()
    assert await closed(api) == []
    assert await api.sql("SELECT 1 FROM attendance") == []
    assert await api.events() == []
