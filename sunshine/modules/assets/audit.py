"""Find assets that need attention. Used by `sunshine assets audit`."""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
    union_all,
)

from models.assets import asset, asset_assignment, asset_maintenance, asset_reservation
from models.employees import employee
from sunshine.database.database import Database
from sunshine.database.statements import Statement
from sunshine.modules.assets.inventory import HOLDING
from sunshine.modules.assets.rows import FindingRow

LONG = timedelta(days=90)

_today = bindparam("today", type_=Date)
_held = exists().where(HOLDING)
_HELD_BY_FORMER_EMPLOYEE = exists().where(
    HOLDING,
    employee.c.id == asset_assignment.c.employee_id,
    or_(employee.c.status != "active", employee.c.deleted_at.is_not(None)),
)
_LONG_IN_MAINTENANCE = exists().where(
    asset_maintenance.c.asset_id == asset.c.id,
    asset_maintenance.c.completed_on.is_(None),
    asset_maintenance.c.started_on < bindparam("long_ago", type_=Date),
)
_RESERVED_BY_ANOTHER = exists().where(
    HOLDING,
    asset_reservation.c.asset_id == asset.c.id,
    asset_reservation.c.deleted_at.is_(None),
    asset_reservation.c.employee_id != asset_assignment.c.employee_id,
    _today.between(asset_reservation.c.valid_from, asset_reservation.c.valid_to),
)
_WITHOUT_LOCATION = and_(~_held, asset.c.location_id.is_(None), asset.c.status == "active")


def _finding(text: str, condition: ColumnElement[bool]) -> Select[Any]:
    columns = (asset.c.asset_code.label("assetCode"), asset.c.name, literal(text).label("finding"))
    return select(*columns).where(asset.c.deleted_at.is_(None), condition)


_FINDINGS = Statement(
    union_all(
        _finding("held by somebody who left", _HELD_BY_FORMER_EMPLOYEE),
        _finding("in maintenance for over 90 days", _LONG_IN_MAINTENANCE),
        _finding("held, and reserved for somebody else today", _RESERVED_BY_ANOTHER),
        _finding("held by nobody, and nobody knows where", _WITHOUT_LOCATION),
    ).order_by("assetCode", "finding"),
    FindingRow,
)


async def findings(database: Database) -> list[FindingRow]:
    """Return the assets that need attention, by code, and why."""
    today = database.today
    return await database.all(_FINDINGS, today=today, long_ago=today - LONG)
