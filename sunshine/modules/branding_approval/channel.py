"""What the socket of branding approval tells, and whom. Rules: requests.py.

Who sees a request is asked of the same RELATED as its GET.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, any_, bindparam, func, select

from sunshine.core.principals import Principal
from sunshine.database.database import Reader
from sunshine.database.event_log import Event
from sunshine.database.statements import Statement
from sunshine.live.hub import Audience, Channel
from sunshine.modules.branding_approval.queries import RELATED
from sunshine.modules.branding_approval.requests import sees_all

_AUDIENCES = Statement(
    select(
        RELATED.c.request_id.label("id"), func.array_agg(RELATED.c.employee_id).label("employees")
    )
    .where(RELATED.c.request_id == any_(bindparam("ids", type_=ARRAY(Integer))))
    .group_by(RELATED.c.request_id)
)


def frame(event: Event) -> dict[str, Any]:
    """An `approval_update` with the documented members.

    `status` is the request's after what happened, `approver` the name of who voted, or of who
    submitted when nobody did: it is always a name.
    """
    data = {
        "requestId": event.entity_id,
        "status": event.after["status"],
        "approver": event.after.get("approver", event.actor_name),
        "timestamp": event.at,
    }
    return {"type": "approval_update", "data": data}


async def audiences(reader: Reader, ids: Sequence[int]) -> Mapping[int, Audience]:
    """Of each request: its requester, its approvers, and whoever voted on a revision of it."""
    rows = await reader.all(_AUDIENCES, ids=list(ids))
    return {row["id"]: Audience(own=frozenset(row["employees"])) for row in rows}


def sees(principal: Principal, event: Event, audience: Audience) -> bool:
    """As `find`: who manages branding everything, everybody else what is their own."""
    return sees_all(principal) or principal.employee_id in audience.own


channel = Channel(
    name="branding-approval",
    permission="ws:branding",
    events=dict.fromkeys(("branding_submitted", "branding_reviewed", "branding_revised"), frame),
    audiences=audiences,
    sees=sees,
)
