"""What the tests of people share: hiring somebody, making a record, acting as one of the cast."""

from typing import Any

from sunshine.core.principals import Principal, permissions_of
from tests.api import Answer, Api


async def hire(api: Api, **fields: Any) -> dict[str, Any]:
    """A new employee, as the API answers it."""
    made: dict[str, Any] = await make(api, "/api/employees", name="Somebody New", **fields)
    return made


async def make(api: Api, path: str, **fields: Any) -> Any:
    """A new record at a path, as the API answers it."""
    return (await api.post(path, fields, as_="admin")).data


async def found(api: Api, path: str, as_: str = "admin") -> list[Any]:
    """The rows of a list."""
    rows: list[Any] = (await api.get(path, as_=as_)).data
    return rows


async def steps(api: Api, type_: str, field: str) -> list[Any]:
    """What a field was before and after each event of a kind: each begins where one ended."""
    rows = await api.sql(
        "SELECT before -> %(field)s::text AS before, after -> %(field)s::text AS after FROM event"
        " WHERE type = %(type)s ORDER BY id",
        field=field,
        type=type_,
    )
    values = [row["before"] for row in rows[:1]] + [row["after"] for row in rows]
    assert [row["before"] for row in rows] == values[:-1]
    return values


async def refused(api: Api, answer: Answer, status: int, code: str) -> None:
    """The answer is this refusal, and nothing was recorded since the cast came on."""
    assert (answer.status, answer.code) == (status, code), answer.body
    assert await api.events() == []


def principal(api: Api, name: str) -> Principal:
    """One of the cast, as rules know them."""
    person = api.cast[name]
    role = name if name in ("admin", "hr", "manager") else "employee"
    return Principal(
        kind="user",
        id=person.user_id,
        username=name,
        name=name,
        email=None,
        role=role,
        employee_id=person.employee_id,
        permissions=permissions_of(role),
    )
