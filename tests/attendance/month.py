"""What the tests of days, jobs and the report share: attendance, leave and permits as stored rows,
and work in the name of the system."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from sunshine.core.principals import System
from sunshine.database.database import Transaction
from tests.api import Api

T = TypeVar("T")


def change(api: Api, now: datetime) -> AbstractAsyncContextManager[Transaction]:
    """A transaction as a job has it."""
    return api.app.databases.sunshine.transaction(System(), now=now)


async def perform(api: Api, verb: Callable[[Transaction], Awaitable[T]], now: datetime) -> T:
    """What a job's verb comes to, as of an instant."""
    async with change(api, now) as tx:
        return await verb(tx)


def business_in(monkeypatch: pytest.MonkeyPatch, api: Api, zone: str) -> None:
    """Have the business in another timezone than UTC."""
    database = api.app.databases.sunshine
    monkeypatch.setattr(database, "policy", replace(database.policy, timezone=ZoneInfo(zone)))


async def alone(api: Api, **fields: Any) -> int:
    """The id of the one employee there is; `fields` are columns, joined in 2020 unless they say."""
    await api.sql("UPDATE users SET employee_id = NULL")
    await api.sql("DELETE FROM employee")
    return await person(api, **fields)


async def person(api: Api, **fields: Any) -> int:
    """The id of a new employee."""
    values = {"name": "Ada", "join_date": date(2020, 1, 1), **fields}
    return await insert(api, "employee", **values)


async def insert(api: Api, table: str, **values: Any) -> int:
    """A row as it is stored, without an event; its id."""
    columns, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
    query = f'INSERT INTO "{table}" ({columns}) VALUES ({places}) RETURNING id'
    return int((await api.sql(query, **values))[0]["id"])


async def close(api: Api, first: date, last: date) -> None:
    """Mark days as closed, without what closing them writes."""
    await api.sql(
        "INSERT INTO attendance_closed SELECT d, now() FROM generate_series("
        "%(first)s::timestamp, %(last)s::timestamp, interval '1 day') d",
        first=first,
        last=last,
    )


async def shift(api: Api, employee: int, start: str, end: str, **fields: Any) -> int:
    """A shift that an employee works from 2020 on."""
    values = {"name": f"{start} {end}", "start_time": start, "end_time": end, **fields}
    made = await insert(api, "shift", **values)
    values = {"employee_id": employee, "shift_id": made, "valid_from": date(2020, 1, 1)}
    await insert(api, "employee_shift", **values)
    return made


async def came(api: Api, employee: int, came: datetime, went: datetime | None, **f: Any) -> int:
    """A stay, on the day it began in UTC."""
    values = {"employee_id": employee, "work_date": came.date(), "status": "present",
              "check_in_at": came, "check_out_at": went, **f}  # fmt: skip
    return await insert(api, "attendance", **values)


async def leave(
    api: Api, employee: int, *days: date, status: str = "approved", portion: float = 1
) -> int:
    """Leave that takes these days."""
    made = await insert(
        api, "leave", employee_id=employee, leave_type="annual", start_date=days[0],
        end_date=days[-1], half_day="am" if portion < 1 else None, status=status, deadline=days[0],
    )  # fmt: skip
    for day in days:
        await api.sql(
            "INSERT INTO leave_day VALUES (%(made)s, %(day)s, %(portion)s)",
            made=made, day=day, portion=portion,
        )  # fmt: skip
    return made


async def permit(
    api: Api, employee: int, day: date, start: str, end: str, type_: str = "personal",
    status: str = "approved",
) -> int:  # fmt: skip
    """A permit."""
    values = {"employee_id": employee, "date": day, "start_time": start, "end_time": end,
              "type": type_, "status": status}  # fmt: skip
    return await insert(api, "permit", **values)


async def holiday(api: Api, day: date) -> int:
    """A public holiday."""
    values = {"date": day, "name": "Holiday", "kind": "public", "deducts_annual": False}
    return await insert(api, "holiday", **values)


async def days_of(api: Api, employee: int) -> dict[str, str]:
    """The days that have a row, and what each says; several by +."""
    rows = await api.sql(
        "SELECT work_date::text AS day, string_agg(status, '+' ORDER BY status) AS said"
        " FROM attendance WHERE employee_id = %(id)s GROUP BY work_date ORDER BY work_date",
        id=employee,
    )
    return {row["day"]: row["said"] for row in rows}


def each(first: date, last: date, said: str, *, but: tuple[date, ...] = ()) -> dict[str, str]:
    """As `days_of`: every day from Monday to Friday."""
    days = (first + timedelta(n) for n in range((last - first).days + 1))
    return {str(day): said for day in days if day.isoweekday() < 6 and day not in but}
