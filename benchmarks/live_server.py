"""Our server with a channel of the benchmark's own: every change of an employee, told to all.

What is measured is the sockets, not a module: the change comes over HTTP, is committed and
recorded, and each receiver's right to see it is looked at, as in the product.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402 - the checkout is found by the line above

from sqlalchemy import ARRAY, Integer, any_, bindparam, select

import handlers
from models.employees import employee
from sunshine.core.principals import Principal
from sunshine.database.database import Reader
from sunshine.database.event_log import Event
from sunshine.database.statements import Statement
from sunshine.live.hub import Audience, Channel
from sunshine.web.routes import RouteTable
from sunshine.web.sockets import SocketRoute

PATH = "/ws/benchmark"
_RELATED = Statement(
    select(employee.c.id, employee.c.manager_id).where(
        employee.c.id == any_(bindparam("ids", type_=ARRAY(Integer)))
    )
)


def frame(event: Event) -> dict[str, Any]:
    """As long as a ticket's update."""
    data = {"employeeId": event.entity_id, "actor": event.actor_name, "timestamp": event.at}
    return {"type": "employee_updated", "data": data | event.after}


async def audiences(reader: Reader, ids: Sequence[int]) -> Mapping[int, Audience]:
    """The employee and their manager."""
    return {
        row["id"]: Audience(
            own=frozenset({row["id"]}), team=frozenset({row["manager_id"]} - {None})
        )
        for row in await reader.all(_RELATED, ids=list(ids))
    }


def sees(principal: Principal, event: Event, audience: Audience) -> bool:
    """A question for each receiver, to which the answer is yes."""
    scope = principal.scope("employees:read")
    me = principal.employee_id
    return (
        scope == "all"
        or me in audience.own
        or (scope == "team" and me in audience.team)
        or principal.may("employees:directory")
    )


channel = Channel("benchmark", "ws:tickets", {"employee_updated": frame}, audiences, sees)


if __name__ == "__main__":
    handlers.routes = RouteTable([*handlers.routes, SocketRoute(PATH, channel)])

    from cli import main

    main()
