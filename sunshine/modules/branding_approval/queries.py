"""What a branding request looks like, and who may see it. Verbs: requests.py.

RELATED alone decides whose a request is, for its list, its item and its socket (channel.py).
"""

from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from models.branding_approval import (
    branding_approver,
    branding_request,
    branding_revision,
    branding_vote,
)
from models.employees import employee
from sunshine.modules.scope import ME

# What each revision submits, besides its approvers; columns and API fields have the same names.
Content = Literal["title", "description", "category", "files", "mode"]
CONTENT: tuple[Content, ...] = ("title", "description", "category", "files", "mode")

_request, _revision = branding_request.c, branding_revision.c
_approver, _vote = branding_approver.c, branding_vote.c
# Of the latest revision only: those named for an earlier one no longer have a vote.
_LATEST = and_(_request.id == _approver.request_id, _request.revision == _approver.revision)
_VOTED = and_(
    _vote.request_id == _approver.request_id,
    _vote.revision == _approver.revision,
    _vote.approver_id == _approver.employee_id,
)


def _related() -> Subquery:
    """Return the employees of each request: requester, approvers of the latest revision, voters."""
    return union(
        select(_request.id.label("request_id"), _request.requested_by_id.label("employee_id")),
        select(_approver.request_id, _approver.employee_id).join(branding_request, _LATEST),
        select(_vote.request_id, _vote.approver_id).where(_vote.approver_id.is_not(None)),
    ).subquery("related")


def _awaited() -> Subquery:
    """Return the employees whose votes each pending request awaits."""
    return (
        select(_approver.request_id, _approver.employee_id)
        .join(branding_request, _LATEST)
        .outerjoin(branding_vote, _VOTED)
        .where(_request.status == "pending", _vote.id.is_(None))
        .subquery("awaited")
    )


RELATED = _related()
AWAITED = _awaited()


def awaits(employee_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a request awaits the vote of an employee."""
    return _request.id.in_(select(AWAITED.c.request_id).where(AWAITED.c.employee_id == employee_id))


def _instant(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the expression of an instant inside JSON, in the format of all answers."""
    utc = func.timezone(literal_column("'UTC'"), column)
    full = func.to_char(utc, literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""))
    return func.replace(full, literal_column("'.000000'"), literal_column("''"))


def _objects(order: ColumnElement[Any], **members: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the expression of a JSON array with one object per row."""
    pairs = [part for name, it in members.items() for part in (literal_column(f"'{name}'"), it)]
    made = func.json_agg(aggregate_order_by(func.json_build_object(*pairs), order))
    return func.coalesce(made, literal_column("'[]'::json"))


def _approvers() -> ColumnElement[Any]:
    """Return the approvers of the latest revision with their votes, in the order of naming."""
    listed = _objects(
        _approver.position,
        employeeId=_approver.employee_id,
        name=employee.c.name,
        vote=_vote.action,
        feedback=_vote.feedback,
        revisionNotes=_vote.revision_notes,
        at=_instant(_vote.at),
    )
    named = branding_approver.join(employee).outerjoin(branding_vote, _VOTED)
    return select(listed).select_from(named).where(_LATEST).scalar_subquery()


def _history() -> ColumnElement[Any]:
    """Return all revisions, the first one first, with their votes in the order they were given."""
    votes = _objects(
        _vote.id,
        employeeId=_vote.approver_id,
        name=_vote.name,
        vote=_vote.action,
        feedback=_vote.feedback,
        revisionNotes=_vote.revision_notes,
        override=_vote.approver_id.is_(None),
        at=_instant(_vote.at),
    )
    given = (_vote.request_id == _revision.request_id, _vote.revision == _revision.revision)
    listed = _objects(
        _revision.revision,
        revision=_revision.revision,
        **{name: _revision[name] for name in CONTENT},
        submittedBy=_revision.submitted_by,
        at=_instant(_revision.submitted_at),
        votes=select(votes).where(*given).scalar_subquery(),
    )
    return select(listed).where(_revision.request_id == _request.id).scalar_subquery()


def _requester() -> ColumnElement[Any]:
    return (
        select(employee.c.name).where(employee.c.id == _request.requested_by_id).scalar_subquery()
    )


# A request as lists show it and events keep it.
ROWS: Select[Any] = select(
    _request.id,
    *(_request[name] for name in CONTENT),
    _request.requested_by_id.label("requestedBy"),
    _requester().label("requester"),
    _request.status,
    _request.revision,
    _approvers().label("approvers"),
    _request.decided_at.label("decidedAt"),
    _request.created_at.label("createdAt"),
    _request.updated_at.label("updatedAt"),
)
ITEMS: Select[Any] = ROWS.add_columns(_history().label("history"))
IS_IT = _request.id == bindparam("id")
IS_MINE = _request.id.in_(select(RELATED.c.request_id).where(RELATED.c.employee_id == ME))
