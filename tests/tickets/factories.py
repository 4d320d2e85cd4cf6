"""What the tests of tickets share: a help desk's people, and tickets in any state.

`staff(api)` adds to the cast: agent (role employee with the grant tickets:agent) and solver (role
employee), both employees with no manager here.
"""

from typing import Any

from sunshine.core.principals import ROLE_PERMISSIONS, Principal, permissions_of
from tests.api import Api, Person
from tests.conftest import PASSWORD_HASH

# The steps of an agent that lead to a status.
WAY = {
    "open": (),
    "in_progress": ("in_progress",),
    "resolved": ("in_progress", "resolved"),
    "closed": ("closed",),
}
LATE_STATUSES = ("resolved", "closed")


async def enrol(
    api: Api, name: str, *grants: str, manager: str | None = None, role: str = "employee"
) -> Person:
    """Somebody new in the cast: an employee with an account."""
    [employee] = await api.sql(
        "INSERT INTO employee (name, manager_id) VALUES (%(name)s, %(manager)s) RETURNING id",
        name=f"{name.capitalize()} Person",
        manager=api.cast[manager].employee_id if manager else None,
    )
    [user] = await api.sql(
        "INSERT INTO users (username, name, role, employee_id, password_hash)"
        " VALUES (%(username)s, %(name)s, %(role)s, %(employee)s, %(hash)s) RETURNING id",
        username=name, name=f"{name.capitalize()} Person", role=role, employee=employee["id"],
        hash=PASSWORD_HASH,
    )  # fmt: skip
    for grant in grants:
        await api.sql(
            "INSERT INTO user_permissions (user_id, permission) VALUES (%(id)s, %(grant)s)",
            id=user["id"], grant=grant,
        )  # fmt: skip
    application = api.app.application
    token = application.tokens.sign(
        "user", id_=user["id"], username=name, role=role, version=0, now=application.clock()
    )
    api.cast[name] = Person(name, user["id"], employee["id"], token)
    return api.cast[name]


async def staff(api: Api) -> None:
    """The help desk's people join the cast."""
    await enrol(api, "agent", "tickets:agent")
    await enrol(api, "solver")


def principal(api: Api, name: str) -> Principal:
    """One of the cast, as rules know them."""
    person = api.cast[name]
    role = {"boss": "manager"}.get(name, name)
    role = role if role in ROLE_PERMISSIONS else "employee"
    grants = ("tickets:agent",) if name == "agent" else ()
    return Principal(
        kind="user", id=person.user_id, username=name, name=name, email=None, role=role,
        employee_id=person.employee_id, permissions=permissions_of(role, grants),
    )  # fmt: skip


async def report(api: Api, as_: str = "employee", **fields: Any) -> dict[str, Any]:
    """A new ticket, as its reporter gets it."""
    body = {"title": "The printer is on fire", **fields}
    made: dict[str, Any] = (await api.post("/api/tickets", body, as_=as_)).data
    return made


async def put(api: Api, ticket: dict[str, Any], as_: str = "admin", **fields: Any) -> Any:
    """The ticket after a change that must succeed."""
    return (await api.put(f"/api/tickets/{ticket['id']}", fields, as_=as_)).data


async def ticket_in(
    api: Api, status: str, *, reporter: str = "employee", assignee: str | None = None
) -> dict[str, Any]:
    """A ticket that an admin brought into a status."""
    ticket = await report(api, as_=reporter)
    if assignee:
        ticket = await put(api, ticket, assignedTo=api.cast[assignee].employee_id)
    for step in WAY[status]:
        ticket = await put(api, ticket, status=step)
    return ticket


async def get(api: Api, ticket: dict[str, Any], as_: str = "admin") -> Any:
    """The ticket as somebody sees it."""
    return (await api.get(f"/api/tickets/{ticket['id']}", as_=as_)).data


async def say(api: Api, ticket: dict[str, Any], as_: str, comment: str, **more: Any) -> Any:
    """A new comment, which must succeed."""
    path = f"/api/tickets/{ticket['id']}/comments"
    return (await api.post(path, {"comment": comment, **more}, as_=as_)).data


async def listed(api: Api, as_: str, query: str = "", path: str = "/api/tickets") -> list[Any]:
    """The rows of a list, all on one page."""
    rows: list[Any] = (await api.get(f"{path}?limit=100{query}", as_=as_)).data
    return rows
