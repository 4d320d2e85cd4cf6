"""Attendance as it is read: one shape of a record, lists of them, who sees what of whom.

How records come about: check_in.py, check_out.py, absences.py; how
they are put right: corrections.py.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    Case,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    union_all,
)

from models.attendance import attendance, location
from models.employees import employee
from models.shifts import shift
from sunshine.core.errors import NotAllowed, NotFound
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database, Reader
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Row, Statement
from sunshine.files.columns import names
from sunshine.identity.signed_urls import ROUTE
from sunshine.modules.attendance.schemas import FILTERS
from sunshine.modules.scope import conditions, employee_within


def shape(a: FromClause) -> Select[Any]:
    """Records as the API shows them, of the table or of what a statement just wrote there."""
    c = a.c
    columns = {
        "id": c.id,
        "employeeId": c.employee_id,
        "employee": employee.c.name,
        "workDate": c.work_date,
        "status": c.status,
        "late": c.late,
        "earlyLeave": c.early_leave,
        "workedMinutes": c.worked_minutes,
        "overtimeMinutes": c.overtime_minutes,
        "shiftId": c.shift_id,
        "shift": shift.c.name,
        "leaveId": c.leave_id,
        "checkIn": c.check_in_at,
        "checkInRecordedAt": c.check_in_recorded_at,
        "checkInLocation": _position(c.check_in_latitude, c.check_in_longitude),
        "checkInPhoto": c.check_in_photo,
        "locationId": c.check_in_location_id,
        "location": location.c.name,
        "distance": c.check_in_distance,
        "withinGeofence": c.within_geofence,
        "checkOut": c.check_out_at,
        "checkOutRecordedAt": c.check_out_recorded_at,
        "checkOutLocation": _position(c.check_out_latitude, c.check_out_longitude),
        "checkOutPhoto": c.check_out_photo,
        "autoCheckOut": c.auto_check_out,
        "review": c.review,
        "reviewReasons": c.review_reasons,
        "notes": c.notes,
        "createdAt": c.created_at,
        "updatedAt": c.updated_at,
    }
    # Outer joins, all of them: the planner leaves out of a count what it does not need.
    return select(*(column.label(name) for name, column in columns.items())).select_from(
        a.outerjoin(employee, employee.c.id == c.employee_id)
        .outerjoin(shift, shift.c.id == c.shift_id)
        .outerjoin(location, location.c.id == c.check_in_location_id)
    )


def _position(latitude: ColumnElement[float], longitude: ColumnElement[float]) -> Case[Any]:
    parts = ("latitude", latitude, "longitude", longitude)
    return case((latitude.is_not(None), func.json_build_object(*parts, type_=JSON)))


PRIVATE = ("checkInLocation", "checkInPhoto", "checkOutLocation", "checkOutPhoto")
_SCOPES = conditions(attendance.c.employee_id)
_ROWS = shape(attendance)
_ROW = _ROWS.where(attendance.c.id == bindparam("id"))
FIND = Statement(_ROW)
_FIND: dict[Scope, Statement[Any]] = {
    scope: Statement(_ROW.where(*_SCOPES[scope])) for scope in _SCOPES
}
_PICTURED: dict[Scope, Statement[Any]] = {
    scope: Statement(
        union_all(
            *(
                select(attendance.c.id).where(names(column), *_SCOPES[scope])
                for column in (attendance.c.check_in_photo, attendance.c.check_out_photo)
            )
        )
    )
    for scope in ("all", "own")
}
_STATUS = bindparam("status", type_=Text)
listing = ListQuery(
    _ROWS,
    key=attendance.c.id,
    schema=FILTERS,
    filters={
        "employeeId": attendance.c.employee_id == bindparam("employeeId"),
        "departmentId": employee.c.department_id == bindparam("departmentId"),
        "startDate": attendance.c.work_date >= bindparam("startDate"),
        "endDate": attendance.c.work_date <= bindparam("endDate"),
        # Who is late is present.
        "status": or_(attendance.c.status == _STATUS, and_(_STATUS == "late", attendance.c.late)),
        "review": attendance.c.review == bindparam("review"),
    },
    sort={"workDate": attendance.c.work_date, "checkIn": attendance.c.check_in_at},
    cursor="workDate",
)


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """The records within the caller's reach, the latest days first."""
    scope = _scope(actor)
    asked = query.get("employeeId", actor.employee_id)
    if scope == "own" and asked != actor.employee_id:
        raise NotAllowed
    if scope == "team" and "employeeId" in query:
        await employee_within(database, actor, asked, "attendance:read")
    found = await listing.page(database, query, where=_SCOPES[scope], me=actor.employee_id)
    for row in found.rows:
        shown(row, actor=actor)
    return found


async def find(database: Reader, id_: int, *, actor: Principal) -> Row:
    """One record within the caller's reach."""
    scope = _scope(actor)
    row = await database.one_or_none(_FIND[scope], id=id_, me=actor.employee_id)
    if row is None:
        raise NotFound if scope == "all" else NotAllowed
    return shown(row, actor=actor)


async def check_photo(reader: Reader, name: str, *, actor: Principal) -> None:
    """Refuse unless it is a photo of one's own, or one sees everybody's attendance."""
    scope: Scope = "all" if _scope(actor) == "all" else "own"
    path = name.removeprefix(ROUTE)
    if await reader.one_or_none(_PICTURED[scope], name=path, me=actor.employee_id) is None:
        raise NotFound if scope == "all" else NotAllowed


def shown(row: Row, *, actor: Principal) -> Row:
    """The record without what only its employee, HR and admins see."""
    if row["employeeId"] != actor.employee_id and _scope(actor) != "all":
        for name in PRIVATE:
            del row[name]
    return row


def _scope(actor: Principal) -> Scope:
    return actor.scope("attendance:read") or "own"
