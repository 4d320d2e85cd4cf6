"""Reading attendance: the shape of a record, lists of records, who sees what of whom.

Records are made by check_in.py, check_out.py and absences.py, and corrected by corrections.py.
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
from sunshine.core.errors import NotAllowed
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database, Reader
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import IdRow, Statement
from sunshine.files.columns import names
from sunshine.identity.signed_urls import ROUTE
from sunshine.modules.attendance.rows import AttendanceRow, TeamAttendanceRow
from sunshine.modules.attendance.schemas import FILTERS
from sunshine.modules.scope import (
    conditions,
    employee_within,
    not_found_or_forbidden,
    visible_fields,
)


def select_records(a: FromClause) -> Select[Any]:
    """Return the query of records as the API shows them; `a` is the table, or rows just written."""
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
    # All are outer joins: the planner leaves those that a count does not need out of it.
    return select(*(column.label(name) for name, column in columns.items())).select_from(
        a.outerjoin(employee, employee.c.id == c.employee_id)
        .outerjoin(shift, shift.c.id == c.shift_id)
        .outerjoin(location, location.c.id == c.check_in_location_id)
    )


def _position(latitude: ColumnElement[float], longitude: ColumnElement[float]) -> Case[Any]:
    parts = ("latitude", latitude, "longitude", longitude)
    return case((latitude.is_not(None), func.json_build_object(*parts, type_=JSON)))


_SCOPES = conditions(attendance.c.employee_id)
_ROWS = select_records(attendance)
_ROW = _ROWS.where(attendance.c.id == bindparam("id"))
GET = Statement(_ROW, AttendanceRow)
_FIND = {scope: Statement(_ROW.where(*within), AttendanceRow) for scope, within in _SCOPES.items()}
_WITH_PHOTO = {
    scope: Statement(
        union_all(
            *(
                select(attendance.c.id).where(names(column), *_SCOPES[scope])
                for column in (attendance.c.check_in_photo, attendance.c.check_out_photo)
            )
        ),
        IdRow,
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
        # `late` means present and late.
        "status": or_(attendance.c.status == _STATUS, and_(_STATUS == "late", attendance.c.late)),
        "review": attendance.c.review == bindparam("review"),
    },
    sort={"workDate": attendance.c.work_date, "checkIn": attendance.c.check_in_at},
    cursor="workDate",
    row=AttendanceRow,
)


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[TeamAttendanceRow]:
    """Return a page of the records within the caller's scope, the latest days first."""
    scope = _scope(actor)
    asked = query.get("employeeId", actor.employee_id)
    if scope == "own" and asked != actor.employee_id:
        raise NotAllowed
    if scope == "team" and "employeeId" in query:
        await employee_within(database, actor, asked, "attendance:read")
    found = await listing.page(database, query, where=_SCOPES[scope], me=actor.employee_id)
    if scope == "all":
        return found.with_rows(list[TeamAttendanceRow](found.rows))
    return found.with_rows([_visible(row, actor=actor) for row in found.rows])


async def find(database: Reader, id_: int, *, actor: Principal) -> TeamAttendanceRow:
    """Return one record within the caller's scope; NotFound, NotAllowed."""
    scope = _scope(actor)
    row = await database.one_or_none(_FIND[scope], id=id_, me=actor.employee_id)
    if row is None:
        raise not_found_or_forbidden(actor, "attendance:read")
    return row if scope == "all" else _visible(row, actor=actor)


async def check_photo(reader: Reader, name: str, *, actor: Principal) -> None:
    """Reject a photo that is not of the caller's own records, unless their scope is `all`."""
    scope: Scope = "all" if _scope(actor) == "all" else "own"
    path = name.removeprefix(ROUTE)
    if await reader.one_or_none(_WITH_PHOTO[scope], name=path, me=actor.employee_id) is None:
        raise not_found_or_forbidden(actor, "attendance:read")


def _visible(row: AttendanceRow, *, actor: Principal) -> TeamAttendanceRow:
    """Return a record of the caller's own whole, else what managers see of their team's."""
    if row["employeeId"] == actor.employee_id:
        return row
    return visible_fields(row, TeamAttendanceRow)


def _scope(actor: Principal) -> Scope:
    return actor.scope("attendance:read") or "own"
