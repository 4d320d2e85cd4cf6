"""Who asks for approval and who votes, as tests of branding approval need them.

By default `employee` asks, `manager` and `stranger` are the approvers.
"""

from typing import Any

from sqlalchemy import select

from models import kernel
from sunshine.database.event_log import Event, columns, event_of
from sunshine.database.statements import Statement
from tests.api import Answer, Api, Person

PATH = "/api/branding-approval"
LOGO = {"title": "New Logo", "category": "logo", "files": ["https://example.com/logo.svg"]}
APPROVERS = ("manager", "stranger")

_EVENTS = Statement(select(*columns("sunshine")).order_by(kernel.event["sunshine"].c.id))


def ids(api: Api, *names: str) -> list[int | None]:
    """The employee ids of some of the cast."""
    return [api.cast[name].employee_id for name in names]


async def join(api: Api, name: str, *grants: str, role: str = "employee") -> Person:
    """One more in the cast: an employee with an account, and what an admin granted them."""
    [hired] = await api.sql("INSERT INTO employee (name) VALUES (%(n)s) RETURNING id", n=name)
    [user] = await api.sql(
        "INSERT INTO users (username, name, role, employee_id, password_hash)"
        " VALUES (%(name)s, 'The User', %(role)s, %(employee)s, 'x') RETURNING id",
        name=name,
        role=role,
        employee=hired["id"],
    )
    for grant in grants:
        await api.sql(
            "INSERT INTO user_permissions VALUES (%(user)s, %(grant)s)",
            user=user["id"],
            grant=grant,
        )
    application = api.app.application
    token = application.tokens.sign(
        "user", id_=user["id"], username=name, role=role, version=0, now=application.clock()
    )
    api.cast[name] = Person(name, user["id"], hired["id"], token)
    return api.cast[name]


async def submit(api: Api, *approvers: str, as_: str = "employee", **fields: Any) -> dict[str, Any]:
    """A new request, as the API answers it."""
    body = {**LOGO, "approvers": ids(api, *(approvers or APPROVERS)), **fields}
    made: dict[str, Any] = (await api.post(PATH, body, as_=as_)).data
    return made


async def review(
    api: Api, request: dict[str, Any], as_: str, action: str = "approve", **fields: Any
) -> Answer:
    """A vote."""
    if action == "request_revision":
        fields = {"revisionNotes": "More sun", **fields}
    return await api.post(f"{PATH}/{request['id']}/review", {"action": action, **fields}, as_=as_)


async def revise(api: Api, request: dict[str, Any], as_: str = "employee", **fields: Any) -> Answer:
    """The next revision."""
    return await api.put(f"{PATH}/{request['id']}", fields, as_=as_)


async def find(api: Api, request: dict[str, Any], as_: str = "admin") -> Any:
    """The request as it is now."""
    return (await api.get(f"{PATH}/{request['id']}", as_=as_)).data


async def sent_back(api: Api, *approvers: str, **fields: Any) -> dict[str, Any]:
    """A request of which the first approver requested a revision."""
    approvers = approvers or APPROVERS
    request = await submit(api, *approvers, **fields)
    answered: dict[str, Any] = (await review(api, request, approvers[0], "request_revision")).data
    assert answered["status"] == "revision"
    return answered


async def told(api: Api) -> list[Event]:
    """Every event so far, as those who follow the log get it."""
    return [event_of(row) for row in await api.app.databases.sunshine.all(_EVENTS)]
