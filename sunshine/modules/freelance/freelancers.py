"""Freelancers and their projects. Tables: models/freelance.py.

What they cost and their email address are for those who manage them.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, any_, bindparam, func, insert, or_, select, update

from models.freelance import freelance_project, freelancer
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains, lowered
from sunshine.database.records import Records, Reference, merging, record_change, stamped
from sunshine.database.statements import Row, Statement
from sunshine.files.columns import names
from sunshine.modules.freelance.schemas import FILTERS, PROJECT_FILTERS

violations(
    {
        "freelancer_email_key": Conflict.field(
            "email", "Another freelancer has this email address", code="email_taken"
        ),
        "freelance_project_budget_used_check": Invalid.field(
            "budgetUsed", "must not exceed the budget"
        ),
    }
)

CONFIDENTIAL = ("hourlyRate", "email")
_f, _p = freelancer.c, freelance_project.c

freelancers = Records(
    freelancer,
    fields={
        "name": _f.name,
        "email": _f.email,
        "skills": _f.skills,
        "hourlyRate": _f.hourly_rate,
        "portfolio": _f.portfolio,
        "phone": _f.phone,
        "status": _f.status,
        "notes": _f.notes,
    },
    uses=(
        Reference(
            "unfinished project",
            _p.freelancer_id,
            where=(or_(_p.status == "planned", _p.status == "active"),),
        ),
    ),
    schema=FILTERS,
    filters={
        "status": _f.status == bindparam("status"),
        "skill": func.lower(bindparam("skill", type_=Text)) == any_(lowered(_f.skills)),
        "search": or_(contains(func.lower(_f.name)), contains(func.lower(_f.email))),
    },
    sort={"name": _f.name, "hourlyRate": _f.hourly_rate, "createdAt": _f.created_at},
)

PROJECT = {
    "projectName": _p.project_name,
    "description": _p.description,
    "deadline": _p.deadline,
    "budget": _p.budget,
    "budgetUsed": _p.budget_used,
    "status": _p.status,
}
_projects = select(
    _p.id,
    _p.freelancer_id.label("freelancerId"),
    *(column.label(name) for name, column in PROJECT.items()),
    (_p.budget - _p.budget_used).label("budgetLeft"),
    _p.created_at.label("createdAt"),
    _p.updated_at.label("updatedAt"),
).where(_p.deleted_at.is_(None), _p.freelancer_id == bindparam("freelancer"))
projects = ListQuery(
    _projects,
    key=_p.id,
    schema=PROJECT_FILTERS,
    filters={"status": _p.status == bindparam("status")},
    sort={"deadline": _p.deadline, "createdAt": _p.created_at},
)
_FIND = Statement(_projects.where(_p.id == bindparam("id")))
_LOCK = Statement(
    select(_p.id)
    .where(_p.id == bindparam("id"), _p.deleted_at.is_(None))
    .with_for_update(key_share=True)
)
_LOCK_FREELANCER = Statement(
    select(_f.id, _f.status)
    .where(_f.id == bindparam("id"), _f.deleted_at.is_(None))
    .with_for_update(key_share=True, read=True)
)
_NAMING = Statement(
    select(_f.id).where(names(freelancer.c.portfolio), _f.deleted_at.is_(None)).limit(1)
)
_INSERT = Statement(
    insert(freelance_project)
    .values({column: bindparam(name, type_=column.type) for name, column in PROJECT.items()})
    .values({_p.freelancer_id: bindparam("freelancer"), **stamped(freelance_project)})
    .returning(_p.id)
)
_DELETE = Statement(
    update(freelance_project).where(_p.id == bindparam("id")).values(deleted_at=bindparam("now"))
)


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """A page of the freelancers."""
    listing = freelancers.listing if actor.may("freelance:manage") else _open
    found = await listing.page(database, query)
    for row in found.rows:
        _close(row, actor)
    return found


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One freelancer."""
    return _close(await freelancers.find(database, id_), actor)


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Refuse unless it is somebody's portfolio, and the caller may see freelancers."""
    if not actor.may_any(("freelance:read", "freelance:manage")):
        raise NotAllowed
    if await reader.one_or_none(_NAMING, name=name) is None:
        raise NotFound


async def assign(tx: Transaction, freelancer_id: int, values: Mapping[str, Any]) -> Row:
    """A new project for an active freelancer."""
    found = await tx.one_or_none(_LOCK_FREELANCER, id=freelancer_id)
    if found is None:
        raise NotFound
    if found["status"] != "active":
        raise Conflict("The freelancer is not active", code="freelancer_not_active")
    blank = dict.fromkeys(PROJECT) | {"status": "planned", "budgetUsed": 0}
    made = await tx.one(_INSERT, freelancer=freelancer_id, **(blank | dict(values)))
    row = await tx.one(_FIND, freelancer=freelancer_id, id=made["id"])
    await tx.record("freelance_project_created", "freelance_project", row["id"], after=row)
    return row


async def change_project(
    tx: Transaction, freelancer_id: int, id_: int, values: Mapping[str, Any]
) -> Row:
    """Merge into a project."""
    before = await _project(tx, freelancer_id, id_)
    await tx.execute(_update(tuple(sorted(values))), row_id=id_, **values)
    after = await tx.one(_FIND, freelancer=freelancer_id, id=id_)
    await record_change(tx, "freelance_project", before, after)
    return after


async def remove_project(tx: Transaction, freelancer_id: int, id_: int) -> None:
    """Delete a project."""
    before = await _project(tx, freelancer_id, id_)
    await tx.execute(_DELETE, id=id_)
    await tx.record("freelance_project_deleted", "freelance_project", id_, before=before)


async def _project(tx: Transaction, freelancer_id: int, id_: int) -> Row:
    await tx.execute(_LOCK, id=id_)
    row = await tx.one_or_none(_FIND, freelancer=freelancer_id, id=id_)
    if row is None:
        raise NotFound
    return row


def _close(row: Row, actor: Principal) -> Row:
    if not actor.may("freelance:manage"):
        for name in CONFIDENTIAL:
            del row[name]
    return row


_open = freelancers.listing.without(*CONFIDENTIAL, search=contains(func.lower(_f.name)))


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    return merging(freelance_project, {name: PROJECT[name] for name in names})
