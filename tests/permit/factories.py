"""What the tests of permits share: asking for one, deciding, leave that stands in the way."""

from typing import Any

from tests.api import Answer, Api

DOCTOR = {
    "date": "2024-01-15",
    "startTime": "09:00",
    "endTime": "11:00",
    "reason": "Doctor appointment",
    "type": "sick",
}


async def ask(api: Api, as_: str = "employee", **fields: Any) -> Answer:
    """An application; fields replace those of the documented one."""
    return await api.post("/api/permit/apply", {**DOCTOR, **fields}, as_=as_)


async def asked(api: Api, as_: str = "employee", **fields: Any) -> Any:
    """A pending permit, as the API answers it."""
    return (await ask(api, as_, **fields)).data


async def decide(
    api: Api, id_: int, action: str = "approve", notes: str | None = None, as_: str = "hr"
) -> Answer:
    """A decision."""
    body = {"action": action} | ({"notes": notes} if notes is not None else {})
    return await api.post(f"/api/permit/approval/{id_}", body, as_=as_)


async def approved(api: Api, as_: str = "employee", **fields: Any) -> Any:
    """An approved permit."""
    approver = "hr" if as_ != "hr" else "admin"
    return (await decide(api, (await asked(api, as_, **fields))["id"], as_=approver)).data


async def cancel(api: Api, id_: int, as_: str | None = "employee") -> Answer:
    """A cancellation."""
    return await api.post(f"/api/permit/{id_}/cancel", as_=as_)


async def status_of(api: Api, id_: int) -> str:
    """What is stored."""
    [row] = await api.sql("SELECT status FROM permit WHERE id = %(id)s", id=id_)
    return str(row["status"])


async def leave(
    api: Api, first: str, last: str, half: str | None = None, status: str = "approved"
) -> int:
    """Leave of the employee, stored as it is."""
    [row] = await api.sql(
        "INSERT INTO leave (employee_id, leave_type, start_date, end_date, half_day, status,"
        " reason, deadline) VALUES (%(employee)s, 'annual', %(first)s, %(last)s, %(half)s,"
        " %(status)s, 'A secret', %(first)s) RETURNING id",
        employee=api.employee.employee_id, first=first, last=last, half=half, status=status,
    )  # fmt: skip
    return int(row["id"])
