"""Branding approval: requests that named approvers must accept. Tables: models/branding_approval.py

Votes and revisions: reviews.py. How a request is shown, and to whom: queries.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from sunshine.database.statements import Row, Statement
from sunshine.files.columns import names
from sunshine.modules.branding_approval.queries import CONTENT, IS_IT, IS_MINE, ITEMS, ROWS, awaits
from sunshine.modules.branding_approval.schemas import FILTERS
from sunshine.modules.scope import ME, employee_of

_request = branding_request.c
_APPROVERS = bindparam("approvers", type_=ARRAY(Integer))

# What narrows a list: to the caller's own, and to what waits for their vote or does not.
_NARROWED: dict[tuple[bool, bool | None], tuple[ColumnElement[bool], ...]] = {
    (sees_all, awaiting): (*(() if sees_all else (IS_MINE,)), *waits)
    for sees_all in (True, False)
    for awaiting, waits in {None: (), True: (awaits(ME),), False: (~awaits(ME),)}.items()
}
# Finds ids only: what a page skips must not be shown first, votes and names and all.
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
)
_ITEM = Statement(ITEMS.where(IS_IT))
_MY_ITEM = Statement(ITEMS.where(IS_IT, IS_MINE))
_ROW = Statement(ROWS.where(IS_IT))
_ROWS = Statement(ROWS.where(_request.id == any_(bindparam("ids", type_=ARRAY(Integer)))))
_MINE_OF = Statement(
    select(_request.id)
    .where(_request.requested_by_id == bindparam("requestedBy"), IS_MINE)
    .limit(1)
)
_EMPLOYEE = bindparam("employee", type_=Integer)
_NAMING = {
    sees_all: Statement(
        select(_request.id)
        .join(branding_revision, branding_revision.c.request_id == _request.id)
        .where(names(branding_revision.c.files), *where)
        .limit(1)
    )
    for sees_all, where in {True: (), False: (IS_MINE,)}.items()
}
_OPEN = Statement(
    select(_request.id, _request.title)
    .where(
        _request.status == "pending",
        or_(_request.requested_by_id == _EMPLOYEE, awaits(_EMPLOYEE)),
    )
    .order_by(_request.id)
)
# Locked: nobody's account or employment ends while they are being named.
_ABLE = Statement(
    select(employee.c.id)
    .join(users, users.c.employee_id == employee.c.id)
    .where(employee.c.id == any_(_APPROVERS), employee.c.deleted_at.is_(None), users.c.active)
    .order_by(employee.c.id)
    .with_for_update(key_share=True, read=True)
)
_INSERT = Statement(
    insert(branding_request)
    .values({_request[name]: bindparam(name, type_=_request[name].type) for name in CONTENT})
    .values({_request.requested_by_id: bindparam("requestedBy", type_=Integer)})
    .values(stamped(branding_request))
    .returning(_request.id)
)
_KEEP = Statement(
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
_NAME = Statement(
    insert(branding_approver).from_select(
        ["request_id", "revision", "employee_id", "position"],
        select(_request.id, _request.revision, _named.c.employee_id, _named.c.position).select_from(
            branding_request.join(_named, IS_IT)
        ),
    )
)


def sees_all(actor: Principal) -> bool:
    """Whether every request may be seen, and made in anybody's name."""
    return actor.may("branding:manage")


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """A page of requests, the latest first: all to who manages them, else one's own."""
    if not sees_all(actor):
        await _check_requester(database, query, actor)
    where = _NARROWED[sees_all(actor), query.get("awaiting")]
    found = await listing.page(database, query, where=where, me=actor.employee_id)
    ids = [row["id"] for row in found.rows]
    rows = {row["id"]: row for row in await database.all(_ROWS, ids=ids)}
    return replace(found, rows=[rows[id_] for id_ in ids])


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One request with all its revisions and votes."""
    if sees_all(actor):
        return await item(database, id_)
    row = await database.one_or_none(_MY_ITEM, id=id_, me=actor.employee_id)
    if row is None:
        raise NotAllowed
    return row


async def submit(tx: Transaction, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """Ask the `approvers` (employee ids) for their approval; `values` as schemas SUBMIT."""
    full = {"description": None, "mode": "all", **values}
    full["requestedBy"] = await _requester(tx, values.get("requestedBy"), actor)
    await check_approvers(tx, full["approvers"], full["requestedBy"])
    id_ = (await tx.one(_INSERT, **full))["id"]
    await keep_revision(tx, id_, full["approvers"])
    await tx.record("branding_submitted", "branding_request", id_, after=await summary(tx, id_))
    return await item(tx, id_)


async def open_approvals(reader: Reader, employee_id: int) -> list[Row]:
    """The pending requests (id, title) of an employee, and those that wait for their vote."""
    return await reader.all(_OPEN, employee=employee_id)


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Refuse unless a request that they see names the file, in any of its revisions."""
    named = await reader.one_or_none(_NAMING[sees_all(actor)], name=name, me=actor.employee_id)
    if named is None:
        raise NotFound if sees_all(actor) else NotAllowed


async def item(reader: Reader, id_: int) -> Row:
    """A request with all its revisions and votes, whoever asks."""
    row = await reader.one_or_none(_ITEM, id=id_)
    if row is None:
        raise NotFound
    return row


async def summary(tx: Transaction, id_: int) -> Row:
    """A request without its history, as events keep it."""
    return await tx.one(_ROW, id=id_)


async def check_approvers(tx: Transaction, approvers: Sequence[int], requester: int) -> None:
    """Invalid unless all of them can sign in and none is the requester."""
    if requester in approvers:
        raise Invalid.field("approvers", "nobody approves their own request")
    able = {row["id"] for row in await tx.all(_ABLE, approvers=list(approvers))}
    unable = ", ".join(str(id_) for id_ in approvers if id_ not in able)
    if unable:
        raise Invalid.field("approvers", f"not an employee with an active user: {unable}")


async def keep_revision(tx: Transaction, id_: int, approvers: Sequence[int]) -> None:
    """Add the request as it is now to its history, and ask these for their votes."""
    await tx.execute(_KEEP, id=id_, name=tx.actor.name)
    await tx.execute(_NAME, id=id_, approvers=list(approvers))


async def _check_requester(database: Database, query: Mapping[str, Any], actor: Principal) -> None:
    """The list may be narrowed to oneself, or to somebody who asked the actor."""
    me = actor.employee_id
    requester = query.get("requestedBy", me)
    if (
        requester != me
        and await database.one_or_none(_MINE_OF, requestedBy=requester, me=me) is None
    ):
        raise NotAllowed("None of this employee's requests is yours to see")


async def _requester(tx: Transaction, named: int | None, actor: Principal) -> int:
    requester = employee_of(actor) if named is None else named
    if requester != actor.employee_id and not sees_all(actor):
        raise NotAllowed("You may ask for approval in your own name only")
    await require_active(tx, employee, requester, "requestedBy")
    return requester
