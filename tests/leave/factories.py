"""What the leave tests do over HTTP and ask the database about."""

from collections.abc import Awaitable, Callable
from typing import Any

from sunshine.core.principals import System
from sunshine.database.database import Transaction
from tests.api import Answer, Api

APPLY = "/api/leave/apply"
HOLIDAYS = "/api/leave/holidays"


async def ask(
    api: Api, first: str, last: str | None = None, *, as_: str = "employee", **more: Any
) -> Answer:
    """Apply for leave, one day by default."""
    body = {"leaveType": "annual", "startDate": first, "endDate": last or first, "reason": "Rest"}
    return await api.post(APPLY, body | more, as_=as_)


async def asked(
    api: Api, first: str, last: str | None = None, *, as_: str = "employee", **more: Any
) -> Any:
    """The request, as it was answered."""
    answer = await ask(api, first, last, as_=as_, **more)
    assert answer.status == 201, answer.body
    return answer.data


async def decide(api: Api, leave: Any, action: str = "approve", *, as_: str = "hr") -> Answer:
    """Approve, or reject with notes."""
    notes = {"notes": "Not now"} if action == "reject" else {}
    return await api.post(
        f"/api/leave/approval/{leave['id']}", {"action": action, **notes}, as_=as_
    )


async def approved(
    api: Api, first: str, last: str | None = None, *, as_: str = "employee", **more: Any
) -> Any:
    """A request that HR approved; HR's own the admin."""
    leave = await asked(api, first, last, as_=as_, **more)
    return (await decide(api, leave, as_="admin" if as_ == "hr" else "hr")).data


async def cancel(api: Api, leave: Any, *, as_: str = "employee") -> Answer:
    """Cancel a request."""
    return await api.post(f"/api/leave/{leave['id']}/cancel", as_=as_)


async def balance(
    api: Api, who: str | int = "employee", year: int | None = None, kind: str = "annual"
) -> Any:
    """An employee's balance, as HR sees it."""
    id_ = api.cast[who].employee_id if isinstance(who, str) else who
    query = f"?year={year}" if year else ""
    return (await api.get(f"/api/leave/balance/{id_}{query}", as_="hr")).data[f"{kind}Leave"]


async def found(api: Api, leave: Any) -> Any:
    """A request as it is now."""
    return (await api.get(f"/api/leave/{leave['id']}", as_="admin")).data


async def holiday(
    api: Api, day: str, kind: str = "public", name: str = "Day Off", **more: Any
) -> Any:
    """A new holiday."""
    body = {"date": day, "name": name, "kind": kind, **more}
    answer = await api.post(HOLIDAYS, body, as_="hr")
    assert answer.status == 201, answer.body
    return answer.data


async def run(api: Api, verb: Callable[[Transaction], Awaitable[Any]]) -> Any:
    """What a job's verb answers, run in the name of the system."""
    async with api.app.databases.sunshine.transaction(System()) as tx:
        return await verb(tx)


async def ledger(api: Api, who: str = "employee", **where: Any) -> list[tuple[str, float]]:
    """Kind and days of an employee's entries, in order."""
    conditions = "".join(f" AND {name} = %({name})s" for name in where)
    rows = await api.sql(
        "SELECT kind, days FROM leave_entry WHERE employee_id = %(who)s AND leave_type = 'annual'"
        f"{conditions} ORDER BY id",
        who=api.cast[who].employee_id,
        **where,
    )
    return [(row["kind"], float(row["days"])) for row in rows]


async def at_work(api: Api, day: str, who: str = "employee") -> None:
    """Somebody was there."""
    await api.sql(
        "INSERT INTO attendance (employee_id, work_date, status, check_in_at, check_out_at)"
        " VALUES (%(who)s, %(day)s::date, 'present', %(day)s::date + time '08:00',"
        " %(day)s::date + time '12:00')",
        who=api.cast[who].employee_id,
        day=day,
    )
