"""Votes on a branding request, and its revisions. The request itself: requests.py.

Every vote and revision locks the request first, and reads everything else in later statements: the
one that waited for the lock would see other tables as they were before it waited.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    DateTime,
    Integer,
    Text,
    bindparam,
    case,
    exists,
    insert,
    select,
    update,
)

from models.branding_approval import branding_approver, branding_request, branding_vote
from models.employees import employee
from sunshine.core.errors import Conflict, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.records import record_change
from sunshine.database.statements import Statement
from sunshine.modules.branding_approval.queries import AWAITED, CONTENT, IS_IT
from sunshine.modules.branding_approval.requests import (
    check_approvers,
    get,
    get_summary,
    insert_revision,
)
from sunshine.modules.branding_approval.rows import (
    ApproverNameRow,
    AwaitedRow,
    LockedRequestRow,
    RequestWithHistoryRow,
)

violations(
    {
        "branding_vote_once_key": Conflict(
            "You have reviewed this revision already", code="already_reviewed"
        )
    }
)

_OUTCOME = {"approve": "approved", "reject": "rejected", "request_revision": "revision"}

_request = branding_request.c
_LOCK = Statement(
    select(_request.id, _request.requested_by_id, _request.status, _request.revision, _request.mode)
    .where(IS_IT)
    .with_for_update(key_share=True),
    LockedRequestRow,
)
_APPROVER = Statement(
    select(employee.c.name)
    .join(branding_approver, branding_approver.c.employee_id == employee.c.id)
    .where(
        branding_approver.c.request_id == bindparam("id"),
        branding_approver.c.revision == bindparam("revision"),
        branding_approver.c.employee_id == bindparam("me", type_=Integer),
    ),
    ApproverNameRow,
)
_VOTE_COLUMNS = {
    "id": branding_vote.c.request_id,
    "revision": branding_vote.c.revision,
    "approverId": branding_vote.c.approver_id,
    "approver": branding_vote.c.name,
    "action": branding_vote.c.action,
    "feedback": branding_vote.c.feedback,
    "revisionNotes": branding_vote.c.revision_notes,
    "now": branding_vote.c.at,
}
_VOTE = Statement(
    insert(branding_vote).values(
        {column: bindparam(name, type_=column.type) for name, column in _VOTE_COLUMNS.items()}
    )
)
_IS_AWAITED = Statement(
    select(exists().where(AWAITED.c.request_id == bindparam("id")).label("awaited")), AwaitedRow
)
_NOW = bindparam("now", type_=DateTime(timezone=True))
_DECIDE = Statement(
    update(branding_request)
    .where(_request.id == bindparam("row_id"))
    .values(
        status=bindparam("outcome", type_=Text),
        decided_at=case((bindparam("final", type_=Boolean), _NOW)),
        updated_at=_NOW,
    )
)
_REVISE = Statement(
    update(branding_request)
    .where(_request.id == bindparam("row_id"))
    .values({_request[name]: bindparam(name, type_=_request[name].type) for name in CONTENT})
    .values(revision=_request.revision + 1, status="pending", updated_at=_NOW)
)


async def review(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal
) -> RequestWithHistoryRow:
    """Insert the actor's vote; `values` as schemas REVIEW.

    One rejection or request for a revision ends the round; approval takes all approvers, or one
    where the mode is `any`. The vote of an admin who is not an approver decides at once. Conflict
    `already_decided`, `already_reviewed`, and `revised` for a vote on another `revision` than the
    latest.
    """
    request = await _get_for_update(tx, id_, actor)
    approver = await _approver(tx, request, actor)
    _check_open(request, values)
    vote = {
        "revision": request["revision"],
        "approver": approver or actor.name,
        "override": approver is None,
        "action": values["action"],
        "feedback": values.get("feedback") or None,
        "revisionNotes": values.get("revisionNotes") or None,
    }
    await tx.execute(_VOTE, id=id_, approverId=actor.employee_id if approver else None, **vote)
    status = await _outcome(tx, request, vote["action"], overrides=vote["override"])
    await tx.execute(_DECIDE, row_id=id_, outcome=status, final=status in ("approved", "rejected"))
    before, after = {"status": "pending"}, {"status": status, **vote}
    await tx.record("branding_reviewed", "branding_request", id_, before=before, after=after)
    return await get(tx, id_)


async def revise(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal
) -> RequestWithHistoryRow:
    """Insert the requester's next revision, changed by `values` (schemas REVISE); all vote again.

    NotAllowed for anybody but the requester; Conflict `no_revision_requested` unless an approver
    requested one.
    """
    request = await _get_for_update(tx, id_, actor)
    if actor.employee_id != request["requested_by_id"]:
        raise NotAllowed
    if request["status"] != "revision":
        raise Conflict("No revision of this was requested", code="no_revision_requested")
    before = await get_summary(tx, id_)
    named = [approver["employeeId"] for approver in before["approvers"]]
    approvers = values.get("approvers", named)
    await check_approvers(tx, approvers, request["requested_by_id"])
    content = {name: values.get(name, before[name]) for name in CONTENT}
    await tx.execute(_REVISE, row_id=id_, **content)
    await insert_revision(tx, id_, approvers)
    after = await get_summary(tx, id_)
    await record_change(tx, "branding_request", before, after, "branding_revised")
    return await get(tx, id_)


async def _get_for_update(tx: Transaction, id_: int, actor: Principal) -> LockedRequestRow:
    row = await tx.one_or_none(_LOCK, id=id_)
    if row is None:  # others must not learn which ids exist
        raise NotFound if actor.role == "admin" else NotAllowed
    return row


async def _approver(tx: Transaction, request: LockedRequestRow, actor: Principal) -> str | None:
    """Return the actor's name as an approver; None for an admin who overrides the approvers."""
    if actor.employee_id == request["requested_by_id"]:
        raise NotAllowed("Nobody reviews their own request")
    row = await tx.one_or_none(
        _APPROVER, id=request["id"], revision=request["revision"], me=actor.employee_id
    )
    if row is None and actor.role != "admin":
        raise NotAllowed
    return row["name"] if row else None


def _check_open(request: LockedRequestRow, values: Mapping[str, Any]) -> None:
    revision, status = request["revision"], request["status"]
    if values.get("revision", revision) != revision:
        raise Conflict(f"The request is at revision {revision}", code="revised")
    if status == "revision":
        raise Conflict("The request waits for its next revision", code="already_decided")
    if status != "pending":
        raise Conflict(f"The request is {status} already", code="already_decided")


async def _outcome(
    tx: Transaction, request: LockedRequestRow, action: str, *, overrides: bool
) -> str:
    """Return the status of the request after this vote."""
    if overrides or action != "approve" or request["mode"] == "any":
        return _OUTCOME[action]
    awaited = (await tx.one(_IS_AWAITED, id=request["id"]))["awaited"]
    return "pending" if awaited else "approved"
