"""Freelancers and their projects. Tables: models/freelance.py.

Hourly rates and email addresses are shown to holders of `freelance:manage` only.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Text, any_, bindparam, func, or_, select

from models.freelance import freelance_project, freelancer
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains, lowered
from sunshine.database.records import Records, RecordSteps, Reference
from sunshine.database.statements import IdRow, Statement
from sunshine.files.columns import names
from sunshine.modules.freelance.rows import (
    FreelancerRow,
    FreelancerStatusRow,
    ProjectRow,
    PublicFreelancerRow,
)
from sunshine.modules.freelance.schemas import FILTERS, PROJECT_FILTERS, PUBLIC

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

_f, _p = freelancer.c, freelance_project.c

FIELDS = {
    "name": _f.name,
    "email": _f.email,
    "skills": _f.skills,
    "hourlyRate": _f.hourly_rate,
    "portfolio": _f.portfolio,
    "phone": _f.phone,
    "status": _f.status,
    "notes": _f.notes,
}
_filters = {
    "status": _f.status == bindparam("status"),
    "skill": func.lower(bindparam("skill", type_=Text)) == any_(lowered(_f.skills)),
}
_search_name = contains(func.lower(_f.name))
freelancers = Records(
    freelancer,
    fields=FIELDS,
    uses=(
        Reference(
            "unfinished project",
            _p.freelancer_id,
            where=(or_(_p.status == "planned", _p.status == "active"),),
        ),
    ),
    schema=FILTERS,
    filters={**_filters, "search": or_(_search_name, contains(func.lower(_f.email)))},
    sort={"name": _f.name, "hourlyRate": _f.hourly_rate, "createdAt": _f.created_at},
    row=FreelancerRow,
)
# For everybody else: what is not shown is not read, and neither searched nor sorted by.
_public = select(
    _f.id,
    *(FIELDS[name].label(name) for name in PUBLIC),
    _f.created_at.label("createdAt"),
    _f.updated_at.label("updatedAt"),
).where(_f.deleted_at.is_(None))
_public_list = ListQuery(
    _public,
    key=_f.id,
    schema=FILTERS,
    filters={**_filters, "search": _search_name},
    sort={"name": _f.name, "createdAt": _f.created_at},
    row=PublicFreelancerRow,
)
_GET_PUBLIC = Statement(_public.where(_f.id == bindparam("id")), PublicFreelancerRow)

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
    row=ProjectRow,
)
_steps = RecordSteps(
    freelance_project,
    rows=_projects,
    row=ProjectRow,
    fields={**PROJECT, "freelancerId": _p.freelancer_id},
)
_LOCK_FREELANCER = Statement(
    select(_f.id, _f.status)
    .where(_f.id == bindparam("id"), _f.deleted_at.is_(None))
    .with_for_update(key_share=True, read=True),
    FreelancerStatusRow,
)
_WITH_FILE = Statement(
    select(_f.id).where(names(freelancer.c.portfolio), _f.deleted_at.is_(None)).limit(1), IdRow
)


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[FreelancerRow] | Page[PublicFreelancerRow]:
    """Return the page of freelancers that `query` asks for, with the fields the actor may see."""
    if actor.may("freelance:manage"):
        return await freelancers.listing.page(database, query)
    return await _public_list.page(database, query)


async def find(
    database: Database, id_: int, *, actor: Principal
) -> FreelancerRow | PublicFreelancerRow:
    """Return one freelancer with the fields the actor may see; NotFound."""
    if actor.may("freelance:manage"):
        return await freelancers.find(database, id_)
    row = await database.one_or_none(_GET_PUBLIC, id=id_)
    if row is None:
        raise NotFound
    return row


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Let the actor open a file: NotAllowed unless they may see freelancers, NotFound unless it is
    the portfolio of one."""
    if not actor.may_any(("freelance:read", "freelance:manage")):
        raise NotAllowed
    if await reader.one_or_none(_WITH_FILE, name=name) is None:
        raise NotFound


async def assign(tx: Transaction, freelancer_id: int, values: Mapping[str, Any]) -> ProjectRow:
    """Insert a project of an active freelancer; NotFound, Conflict `freelancer_not_active`."""
    found = await tx.one_or_none(_LOCK_FREELANCER, id=freelancer_id)
    if found is None:
        raise NotFound
    if found["status"] != "active":
        raise Conflict("The freelancer is not active", code="freelancer_not_active")
    id_ = await _steps.insert(tx, {**values, "freelancerId": freelancer_id})
    return await _steps.created(tx, id_, freelancer=freelancer_id)


async def change_project(
    tx: Transaction, freelancer_id: int, id_: int, values: Mapping[str, Any]
) -> ProjectRow:
    """Merge `values` into a project of a freelancer; NotFound."""
    before = await _steps.get_for_update(tx, id_, freelancer=freelancer_id)
    await _steps.update(tx, id_, values)
    return await _steps.changed(tx, before, freelancer=freelancer_id)


async def delete_project(tx: Transaction, freelancer_id: int, id_: int) -> None:
    """Mark a project of a freelancer deleted; NotFound."""
    before = await _steps.get_for_update(tx, id_, freelancer=freelancer_id)
    await _steps.delete(tx, before)
