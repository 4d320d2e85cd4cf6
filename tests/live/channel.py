"""A channel for the tests of the sockets: notes on employees, seen by whoever may read the row.

Nothing in the product records `employee_noted`; the tests do. `mounted` puts the channel at the
path of a real one, so that everything but the module behind it is as in the product.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, any_, bindparam, select

import handlers
from models.employees import employee
from sunshine.core.principals import Principal, System
from sunshine.database.database import Database, Reader
from sunshine.database.event_log import Event
from sunshine.database.statements import Statement
from sunshine.live.hub import Audience, Channel
from sunshine.web.routes import RouteTable
from sunshine.web.sockets import SocketRoute

PATHS = ("/ws/tickets", "/ws/ticketing")
_RELATED = Statement(
    select(employee.c.id, employee.c.manager_id).where(
        employee.c.id == any_(bindparam("ids", type_=ARRAY(Integer))),
        employee.c.deleted_at.is_(None),
    )
)


# What goes wrong at the next questions for an audience, and what they wait for, one each; for how
# many rows each question so far was.
troubles: list[Exception] = []
gates: list[asyncio.Event] = []
asked: list[int] = []
# The number of the note at which the policy fails, by username.
bad_for: dict[str, int] = {}


def frame(event: Event) -> dict[str, Any] | None:
    """What is told of a note; of one that says nothing, nothing."""
    if event.after is None:
        return None
    if "bad frame" in event.after:
        raise ValueError("on purpose")
    return {"type": "employee_noted", "data": {"employeeId": event.entity_id, **event.after}}


async def audiences(reader: Reader, ids: Sequence[int]) -> Mapping[int, Audience]:
    """The employee, and their manager."""
    asked.append(len(ids))
    if gates:
        await gates.pop(0).wait()
    if troubles:
        raise troubles.pop(0)
    return {
        row["id"]: Audience(
            own=frozenset({row["id"]}), team=frozenset({row["manager_id"]} - {None})
        )
        for row in await reader.all(_RELATED, ids=list(ids))
    }


def sees(principal: Principal, event: Event, audience: Audience) -> bool:
    """As GET /api/employees/:id/shifts."""
    if event.after["number"] == bad_for.get(principal.username):
        raise ValueError("on purpose")
    scope = principal.scope("employees:read")
    me = principal.employee_id
    return (
        scope == "all"
        or (scope in ("own", "team") and me in audience.own)
        or (scope == "team" and me in audience.team)
    )


channel = Channel(
    name="notes",
    permission="ws:tickets",
    events={"employee_noted": frame},
    audiences=audiences,
    sees=sees,
)


def mounted() -> RouteTable:
    """The product's routes, with this channel at PATHS."""
    others = [route for route in handlers.routes if route.path not in PATHS]
    return RouteTable([*others, *(SocketRoute(path, channel) for path in PATHS)])


async def note(database: Database, employee_id: int, number: int, **more: Any) -> None:
    """A change that is told."""
    async with database.transaction(System("test")) as tx:
        await tx.record("employee_noted", "employee", employee_id, after={"number": number, **more})
