"""What the socket of branding approval sends, and to whom. Rules: requests.py.

Who sees a request is decided by RELATED, as for its GET.
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
from sunshine.modules.branding_approval.rows import AudienceRow

_AUDIENCES = Statement(
    select(
        RELATED.c.request_id.label("id"), func.array_agg(RELATED.c.employee_id).label("employees")
    )
    .where(RELATED.c.request_id == any_(bindparam("ids", type_=ARRAY(Integer))))
    .group_by(RELATED.c.request_id),
    AudienceRow,
)


def frame(event: Event) -> dict[str, Any]:
    """Return the `approval_update` frame of an event.

    `status` is that of the request after the event. `approver` is the name of the voter, or of the
    submitter for an event without a vote, so it is never null.
    """
    data = {
        "requestId": event.entity_id,
        "status": event.after["status"],
        "approver": event.after.get("approver", event.actor_name),
        "timestamp": event.at,
    }
    return {"type": "approval_update", "data": data}


async def audiences(reader: Reader, ids: Sequence[int]) -> Mapping[int, Audience]:
    """Return, by request id, its requester, approvers and everybody who voted on any revision."""
    rows = await reader.all(_AUDIENCES, ids=list(ids))
    return {row["id"]: Audience(own=frozenset(row["employees"])) for row in rows}


def sees(principal: Principal, event: Event, audience: Audience) -> bool:
    """Return whether the principal may see the request of an event, by the same rule as `find`."""
    return sees_all(principal) or principal.employee_id in audience.own


channel = Channel(
    name="branding-approval",
    permission="ws:branding",
    events=dict.fromkeys(("branding_submitted", "branding_reviewed", "branding_revised"), frame),
    audiences=audiences,
    sees=sees,
)
