"""Votes on a branding request, and its revisions. The request itself: branding_approval.py.

Every vote and revision locks the request first. What they then read comes in statements of its own:
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
from sunshine.db import Row, Transaction
from sunshine.errors import Conflict, Invalid, NotAllowed, NotFound, violations
from sunshine.people import Principal
from sunshine.records import record_change
from sunshine.rules.branding_approval import check_approvers, item, keep_revision, summary
from sunshine.rules.branding_view import AWAITED, CONTENT, IS_IT
from sunshine.statements import Statement

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
    .with_for_update(key_share=True)
)
_APPROVER = Statement(
    select(employee.c.name)
    .join(branding_approver, branding_approver.c.employee_id == employee.c.id)
    .where(
        branding_approver.c.request_id == bindparam("id"),
        branding_approver.c.revision == bindparam("revision"),
        branding_approver.c.employee_id == bindparam("me", type_=Integer),
    )
)
_VOTE_COLUMNS = {
    "id": branding_vote.c.request_id,
    "revision": branding_vote.c.revision,
    "approver": branding_vote.c.approver_id,
    "name": branding_vote.c.name,
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
    select(exists().where(AWAITED.c.request_id == bindparam("id")).label("awaited"))
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


async def review(tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """The actor's vote; `values` as schemas REVIEW.

    One rejection or wish for a revision ends the round; approval takes all approvers, or one where
    the mode is `any`. An admin who is no approver decides at once. Conflicts: `already_decided`,
    `already_reviewed`, and `revised` when another `revision` was looked at.
    """
    if values["action"] == "request_revision" and not values.get("revisionNotes"):
        raise Invalid.field("revisionNotes", "required to request a revision")
    request = await _locked(tx, id_, actor)
    name = await _reviewer(tx, request, actor)
    revision = request["revision"]
    if values.get("revision", revision) != revision:
        raise Conflict(f"Revision {revision} has taken its place", code="revised")
    if request["status"] != "pending":
        raise Conflict(f"This request is in {request['status']} already", code="already_decided")
    vote = {
        "action": values["action"],
        "feedback": values.get("feedback") or None,
        "revisionNotes": values.get("revisionNotes") or None,
    }
    approver = None if name is None else actor.employee_id
    said = {"revision": revision, "name": name or actor.name, **vote}
    await tx.run(_VOTE, id=id_, approver=approver, **said)
    outcome = await _outcome(tx, request, vote["action"], overrides=name is None)
    final = outcome in ("approved", "rejected")
    await tx.run(_DECIDE, row_id=id_, outcome=outcome, final=final)
    after = {"status": outcome, "approver": said.pop("name"), "override": name is None, **said}
    await tx.record(
        "branding_reviewed", "branding_request", id_, before={"status": "pending"}, after=after
    )
    return await item(tx, id_)


async def revise(tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """The next revision, with what `values` (schemas REVISE) change: all vote anew.

    By the requester, or an admin in their place; Conflict `no_revision_requested`.
    """
    request = await _locked(tx, id_, actor)
    if actor.employee_id != request["requested_by_id"] and actor.role != "admin":
        raise NotAllowed
    if request["status"] != "revision":
        raise Conflict("No revision of this was requested", code="no_revision_requested")
    before = await summary(tx, id_)
    named = [approver["employeeId"] for approver in before["approvers"]]
    approvers = values.get("approvers", named)
    await check_approvers(tx, approvers, request["requested_by_id"])
    content = {name: values.get(name, before[name]) for name in CONTENT}
    await tx.run(_REVISE, row_id=id_, **content)
    await keep_revision(tx, id_, approvers)
    after = await summary(tx, id_)
    await record_change(tx, "branding_request", before, after, "branding_revised")
    return await item(tx, id_)


async def _locked(tx: Transaction, id_: int, actor: Principal) -> Row:
    row = await tx.one(_LOCK, id=id_)
    if row is None:
        raise NotFound if actor.role == "admin" else NotAllowed
    return row


async def _reviewer(tx: Transaction, request: Row, actor: Principal) -> str | None:
    """The name of the approver that the actor is; None for an admin who is none."""
    if actor.employee_id == request["requested_by_id"]:
        raise NotAllowed("Nobody reviews their own request")
    row = await tx.one(
        _APPROVER, id=request["id"], revision=request["revision"], me=actor.employee_id
    )
    if row is None and actor.role != "admin":
        raise NotAllowed("Only its approvers review a request")
    return row["name"] if row else None


async def _outcome(tx: Transaction, request: Row, action: str, *, overrides: bool) -> str:
    """The status of the request after this vote."""
    if overrides or action != "approve" or request["mode"] == "any":
        return _OUTCOME[action]
    awaited = (await tx.only(_IS_AWAITED, id=request["id"]))["awaited"]
    return "pending" if awaited else "approved"
