"""Branding approval: submitting and reading requests. Tables: models/branding_approval.py.

Votes and revisions: reviews.py. What a request looks like, and who may see it: queries.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    any_,
    bindparam,
    column,
    func,
    insert,
    or_,
    select,
)

from models.auth import users
from models.branding_approval import branding_approver, branding_request, branding_revision
from models.employees import employee
from sunshine.core.errors import Invalid, NotAllowed, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import require_active, stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.files.columns import names
from sunshine.modules.branding_approval.queries import CONTENT, IS_IT, IS_MINE, ITEMS, ROWS, awaits
from sunshine.modules.branding_approval.rows import (
    OpenApprovalRow,
    RequestRow,
    RequestWithHistoryRow,
)
from sunshine.modules.branding_approval.schemas import FILTERS
from sunshine.modules.scope import ME, employee_of

_request = branding_request.c
_APPROVERS = bindparam("approvers", type_=ARRAY(Integer))

# What narrows a list: to the caller's own requests, and to those that await their vote or do not.
_NARROWED: dict[tuple[bool, bool | None], tuple[ColumnElement[bool], ...]] = {
    (sees_all, awaiting): (*(() if sees_all else (IS_MINE,)), *waits)
    for sees_all in (True, False)
    for awaiting, waits in {None: (), True: (awaits(ME),), False: (~awaits(ME),)}.items()
}
# Selects ids only, so that votes and names are read for one page and not for those it skips.
listing = ListQuery(
    select(_request.id),
    key=_request.id,
    schema=FILTERS,
    filters={
        "status": _request.status == bindparam("status"),
        "requestedBy": _request.requested_by_id == bindparam("requestedBy"),
        "category": _request.category == bindparam("category"),
        "search": contains(_request.search_text),
    },
    sort={"createdAt": _request.created_at, "updatedAt": _request.updated_at},
    default_sort="-id",
    row=IdRow,
)
_GET = Statement(ITEMS.where(IS_IT), RequestWithHistoryRow)
_GET_MINE = Statement(ITEMS.where(IS_IT, IS_MINE), RequestWithHistoryRow)
_GET_SUMMARY = Statement(ROWS.where(IS_IT), RequestRow)
_SUMMARIES = Statement(
    ROWS.where(_request.id == any_(bindparam("ids", type_=ARRAY(Integer)))), RequestRow
)
_MINE_BY_REQUESTER = Statement(
    select(_request.id)
    .where(_request.requested_by_id == bindparam("requestedBy"), IS_MINE)
    .limit(1),
    IdRow,
)
_EMPLOYEE = bindparam("employee", type_=Integer)
_WITH_FILE = {
    sees_all: Statement(
        select(_request.id)
        .join(branding_revision, branding_revision.c.request_id == _request.id)
        .where(names(branding_revision.c.files), *where)
        .limit(1),
        IdRow,
    )
    for sees_all, where in {True: (), False: (IS_MINE,)}.items()
}
_OPEN_APPROVALS = Statement(
    select(_request.id, _request.title)
    .where(
        _request.status == "pending",
        or_(_request.requested_by_id == _EMPLOYEE, awaits(_EMPLOYEE)),
    )
    .order_by(_request.id),
    OpenApprovalRow,
)
# Locked, so that no account or employment ends while its holder is being named.
_LOCK_ELIGIBLE = Statement(
    select(employee.c.id)
    .join(users, users.c.employee_id == employee.c.id)
    .where(employee.c.id == any_(_APPROVERS), employee.c.deleted_at.is_(None), users.c.active)
    .order_by(employee.c.id)
    .with_for_update(key_share=True, read=True),
    IdRow,
)
_INSERT = Statement(
    insert(branding_request)
    .values({_request[name]: bindparam(name, type_=_request[name].type) for name in CONTENT})
    .values({_request.requested_by_id: bindparam("requestedBy", type_=Integer)})
    .values(stamped(branding_request))
    .returning(_request.id),
    IdRow,
)
_INSERT_REVISION = Statement(
    insert(branding_revision).from_select(
        ["request_id", "revision", *CONTENT, "submitted_by", "submitted_at"],
        select(
            _request.id,
            _request.revision,
            *(_request[name] for name in CONTENT),
            bindparam("name", type_=branding_revision.c.submitted_by.type),
            bindparam("now", type_=branding_revision.c.submitted_at.type),
        ).where(IS_IT),
    )
)
_named = (
    func.unnest(_APPROVERS)
    .table_valued(column("employee_id", Integer), with_ordinality="position")
    .render_derived(name="named")
)
_INSERT_APPROVERS = Statement(
    insert(branding_approver).from_select(
        ["request_id", "revision", "employee_id", "position"],
        select(_request.id, _request.revision, _named.c.employee_id, _named.c.position).select_from(
            branding_request.join(_named, IS_IT)
        ),
    )
)


def sees_all(actor: Principal) -> bool:
    """Return whether the actor may see every request, and submit in the name of others."""
    return actor.may("branding:manage")


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[RequestRow]:
    """Return the page of requests that `query` asks for, the latest first.

    Holders of `branding:manage` see all requests, others those they are part of.
    """
    if not sees_all(actor):
        await _check_requester(database, query, actor)
    where = _NARROWED[sees_all(actor), query.get("awaiting")]
    found = await listing.page(database, query, where=where, me=actor.employee_id)
    ids = [row["id"] for row in found.rows]
    rows = {row["id"]: row for row in await database.all(_SUMMARIES, ids=ids)}
    return found.with_rows([rows[id_] for id_ in ids])


async def find(database: Database, id_: int, *, actor: Principal) -> RequestWithHistoryRow:
    """Return a request with all its revisions and votes.

    NotFound for actors who see all requests, NotAllowed for others: they do not learn which ids
    exist.
    """
    if sees_all(actor):
        return await get(database, id_)
    row = await database.one_or_none(_GET_MINE, id=id_, me=actor.employee_id)
    if row is None:
        raise NotAllowed
    return row


async def submit(
    tx: Transaction, values: Mapping[str, Any], *, actor: Principal
) -> RequestWithHistoryRow:
    """Insert a request for the approval of `approvers` (employee ids); `values` as schemas SUBMIT.

    NotAllowed in the name of others without `branding:manage`; Invalid for approvers who cannot
    sign in or are the requester.
    """
    full = {"description": None, "mode": "all", **values}
    full["requestedBy"] = await _requester(tx, values.get("requestedBy"), actor)
    await check_approvers(tx, full["approvers"], full["requestedBy"])
    id_ = (await tx.one(_INSERT, **full))["id"]
    await insert_revision(tx, id_, full["approvers"])
    after = await get_summary(tx, id_)
    await tx.record("branding_submitted", "branding_request", id_, after=after)
    return await get(tx, id_)


async def open_approvals(reader: Reader, employee_id: int) -> list[OpenApprovalRow]:
    """Return the pending requests of an employee, and those that await their vote."""
    return await reader.all(_OPEN_APPROVALS, employee=employee_id)


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Let the actor open a file that a request they may see names in any revision.

    NotFound for actors who see all requests, NotAllowed for others.
    """
    named = await reader.one_or_none(_WITH_FILE[sees_all(actor)], name=name, me=actor.employee_id)
    if named is None:
        raise NotFound if sees_all(actor) else NotAllowed


async def get(reader: Reader, id_: int) -> RequestWithHistoryRow:
    """Return a request with all its revisions and votes, for any actor; NotFound."""
    row = await reader.one_or_none(_GET, id=id_)
    if row is None:
        raise NotFound
    return row


async def get_summary(tx: Transaction, id_: int) -> RequestRow:
    """Return a request without its history, as events keep it."""
    return await tx.one(_GET_SUMMARY, id=id_)


async def check_approvers(tx: Transaction, approvers: Sequence[int], requester: int) -> None:
    """Reject approvers who have no active account or are the requester; Invalid."""
    if requester in approvers:
        raise Invalid.field("approvers", "nobody approves their own request")
    eligible = {row["id"] for row in await tx.all(_LOCK_ELIGIBLE, approvers=list(approvers))}
    others = ", ".join(str(id_) for id_ in approvers if id_ not in eligible)
    if others:
        raise Invalid.field("approvers", f"not an employee with an active user: {others}")


async def insert_revision(tx: Transaction, id_: int, approvers: Sequence[int]) -> None:
    """Insert the request as it is now into its history, with the approvers of this revision."""
    await tx.execute(_INSERT_REVISION, id=id_, name=tx.actor.name)
    await tx.execute(_INSERT_APPROVERS, id=id_, approvers=list(approvers))


async def _check_requester(database: Database, query: Mapping[str, Any], actor: Principal) -> None:
    """Reject a filter on a requester of whom the actor sees no request; NotAllowed."""
    me = actor.employee_id
    requester = query.get("requestedBy", me)
    if (
        requester != me
        and await database.one_or_none(_MINE_BY_REQUESTER, requestedBy=requester, me=me) is None
    ):
        raise NotAllowed("None of this employee's requests is yours to see")


async def _requester(tx: Transaction, named: int | None, actor: Principal) -> int:
    requester = employee_of(actor) if named is None else named
    if requester != actor.employee_id and not sees_all(actor):
        raise NotAllowed("You may ask for approval in your own name only")
    await require_active(tx, employee, requester, "requestedBy")
    return requester
