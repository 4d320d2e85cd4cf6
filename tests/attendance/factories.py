"""What the tests of attendance share: coming, leaving, and what a day may hold besides."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api import Answer, Api
from tests.factories import make

IN, OUT, LIST = "/api/attendance/check-in", "/api/attendance/check-out", "/api/attendance"
MONUMENT = {"latitude": -6.1754, "longitude": 106.8272}
OFFICE = {"latitude": -6.2088, "longitude": 106.8456}


async def come(api: Api, as_: str = "employee", **body: Any) -> Answer:
    return await api.post(IN, body, as_=as_)


async def leave(api: Api, as_: str = "employee", **body: Any) -> Answer:
    return await api.post(OUT, body, as_=as_)


async def stay(api: Api, came: str, went: str | None = None, name: str = "employee") -> Any:
    """A record that HR makes."""
    who = api.cast[name].employee_id
    record = (await come(api, "hr", employeeId=who, timestamp=came)).data
    if went:
        record = (await leave(api, "hr", employeeId=who, timestamp=went)).data
    return record


async def records(api: Api, where: str = "true") -> list[Any]:
    return await api.sql(f"SELECT * FROM attendance WHERE {where} ORDER BY id")


async def give_shift(
    api: Api, name: str = "employee", *, since: str = "2000-01-01", **fields: Any
) -> int:
    """A shift from nine to five on weekdays, unless told otherwise, and its employee's from then
    on."""
    hours = {"name": f"Shift of {name}", "startTime": "09:00", "endTime": "17:00"}
    made = await make(api, "/api/shifts", **{**hours, **fields})
    who = api.cast[name].employee_id
    body = {"shiftId": made["id"], "from": since}
    await make(api, f"/api/employees/{who}/shifts", **body)
    return int(made["id"])


async def make_place(api: Api, name: str = "Office", **fields: Any) -> int:
    """A location of 100 m around the office."""
    place = {"name": name, **OFFICE, "radiusMeters": 100, **fields}
    return int((await make(api, "/api/attendance/locations", **place))["id"])


async def place(
    api: Api, location: int, since: str = "2000-01-01", until: str | None = None
) -> None:
    """Where the employee works."""
    who = api.employee.employee_id
    body = {"locationId": location, "from": since, "to": until}
    await make(api, f"/api/employees/{who}/placements", **body)


async def approve_leave(
    api: Api, first: str, last: str, half: str | None = None, status: str = "approved"
) -> int:
    """Leave of the employee, however it was applied for."""
    [row] = await api.sql(
        "INSERT INTO leave (employee_id, leave_type, start_date, end_date, half_day, status,"
        " deadline) VALUES (%(who)s, 'annual', %(first)s, %(last)s, %(half)s, %(status)s,"
        " %(first)s) RETURNING id",
        who=api.employee.employee_id, first=first, last=last, half=half, status=status,
    )  # fmt: skip
    return int(row["id"])


async def approve_permit(
    api: Api, date: str, start: str, end: str, status: str = "approved"
) -> None:
    """A permit of the employee, however it was applied for."""
    await api.sql(
        "INSERT INTO permit (employee_id, date, start_time, end_time, type, status)"
        " VALUES (%(who)s, %(date)s, %(start)s, %(end)s, 'personal', %(status)s)",
        who=api.employee.employee_id, date=date, start=start, end=end, status=status,
    )  # fmt: skip


async def make_holiday(api: Api, date: str) -> None:
    await api.sql(
        "INSERT INTO holiday (date, name, kind, deducts_annual)"
        " VALUES (%(date)s, 'Holiday', 'public', false)",
        date=date,
    )


async def mark(api: Api, date: str, status: str) -> int:
    """A row that nobody made by checking in."""
    [row] = await api.sql(
        "INSERT INTO attendance (employee_id, work_date, status)"
        " VALUES (%(who)s, %(date)s, %(status)s) RETURNING id",
        who=api.employee.employee_id, date=date, status=status,
    )  # fmt: skip
    return int(row["id"])


def decide(api: Api, patch: pytest.MonkeyPatch, **policy: Any) -> None:
    """What the company decided otherwise, until the test ends."""
    database = api.app.databases.sunshine
    patch.setattr(database, "policy", replace(database.policy, **policy))
