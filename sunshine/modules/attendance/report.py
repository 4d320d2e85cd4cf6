"""The month in figures, for payroll: one statement, whatever the number of employees.

The figures come from check-ins, leave (sunshine/modules/leave) and permits
(sunshine/modules/permit); which days are worked: work_calendar.py.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Double,
    Integer,
    Numeric,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)

from models.attendance import attendance
from models.departments import department
from models.employees import employee
from models.leave import leave, leave_day
from models.permit import permit
from models.shifts import employee_shift, shift
from sunshine.core.errors import NotAllowed
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.attendance.rows import MonthReport, ReportFigures, ReportLine
from sunshine.modules.attendance.work_calendar import ZONE, assigned_on, calendar, since, zone_of
from sunshine.modules.scope import conditions

FIGURES = ("workDays", "present", "late", "absent", "leave", "permitHours", "workedHours",
           "overtimeHours")  # fmt: skip
COLUMNS = ("employeeId", "name", "department", *FIGURES)

_FIRST = bindparam("first", type_=Date)
_LAST = bindparam("last", type_=Date)
_IN_DEPARTMENT = employee.c.department_id == bindparam("department", type_=Integer)
_SCOPES = conditions(employee.c.id)


async def report(
    database: Database, query: Mapping[str, Any], *, actor: Principal | None
) -> MonthReport:
    """Return the report of a month on the employees within the actor's scope.

    Without an actor it covers everybody. `totals` are the sums of the columns. NotAllowed for a
    department that nobody in the team is in.
    """
    scope = actor.scope("attendance:report") if actor else "all"
    if scope is None:
        raise NotAllowed
    year, month, department_id = query["year"], query["month"], query.get("departmentId")
    who = {"me": actor.employee_id if actor else None, "department": department_id}
    is_narrowed = department_id is not None and scope != "all"
    if is_narrowed and await database.one_or_none(_anybody(scope), **who) is None:
        raise NotAllowed
    rows = await database.all(
        _month(scope, department_id is not None),
        first=date(year, month, 1),
        last=date(year, month, monthrange(year, month)[1]),
        zone=database.policy.timezone.key,
        **who,
    )
    return {"month": month, "year": year, "employees": rows, "totals": _totals(rows)}


def lines(found: MonthReport) -> list[Mapping[str, Any]]:
    """Return a report as the rows of a file: the employees, then their totals."""
    return [*found["employees"], {"name": "Total", **found["totals"]}]


def _totals(rows: list[ReportLine]) -> ReportFigures:
    return {
        "workDays": sum(row["workDays"] for row in rows),
        "present": sum(row["present"] for row in rows),
        "late": sum(row["late"] for row in rows),
        "absent": sum(row["absent"] for row in rows),
        "leave": round(sum(row["leave"] for row in rows), 2),
        "permitHours": round(sum(row["permitHours"] for row in rows), 2),
        "workedHours": round(sum(row["workedHours"] for row in rows), 2),
        "overtimeHours": round(sum(row["overtimeHours"] for row in rows), 2),
    }


@lru_cache
def _anybody(scope: Scope) -> Statement[IdRow]:
    """Return the statement that finds anybody within a scope in the department."""
    where = (*_SCOPES[scope], _IN_DEPARTMENT, employee.c.deleted_at.is_(None))
    return Statement(select(employee.c.id).where(*where).limit(1), IdRow)


@lru_cache
def _month(scope: Scope, of_department: bool) -> Statement[ReportLine]:
    narrowed = (*_SCOPES[scope], *((_IN_DEPARTMENT,) if of_department else ()))
    people = _people(*narrowed)
    work = _work(people, calendar(*narrowed)).subquery("work")
    stays = _stays(people).subquery("stays")
    away, permits = _away(people).subquery("away"), _permits(people).subquery("permits")
    joined = people.outerjoin(department, department.c.id == people.c.department_id)
    for part in (work, stays, away, permits):
        joined = joined.outerjoin(part, part.c.employee_id == people.c.id)
    worked = func.coalesce(stays.c.worked, 0) + func.coalesce(permits.c.worked, 0)
    return Statement(
        select(
            people.c.id.label("employeeId"),
            people.c.name,
            department.c.name.label("department"),
            func.coalesce(work.c.days, 0).label("workDays"),
            func.coalesce(stays.c.present, 0).label("present"),
            func.coalesce(stays.c.late, 0).label("late"),
            func.coalesce(stays.c.absent, 0).label("absent"),
            cast(func.coalesce(away.c.days, 0), Double).label("leave"),
            _hours(func.coalesce(permits.c.minutes, 0)).label("permitHours"),
            _hours(worked).label("workedHours"),
            _hours(func.coalesce(stays.c.overtime, 0)).label("overtimeHours"),
        )
        .select_from(joined)
        .order_by(people.c.name, people.c.id),
        ReportLine,
    )


def _people(*narrowed: ColumnElement[bool]) -> CTE:
    """Return the employees in the report: all who are employed by the end of the month.

    Those who left since are in it where they have attendance in that month.
    """
    recorded = exists().where(
        attendance.c.employee_id == employee.c.id, attendance.c.work_date.between(_FIRST, _LAST)
    )
    here = and_(employee.c.status == "active", employee.c.deleted_at.is_(None))
    return (
        select(
            employee.c.id,
            employee.c.name,
            employee.c.department_id,
            since().label("since"),
            cast(func.timezone(ZONE, employee.c.deleted_at), Date).label("until"),
        )
        .where(*narrowed, since() <= _LAST, or_(here, recorded))
        .cte("people")
    )


def _work(people: CTE, days: Subquery) -> Select[Any]:
    """Return the number of days that each should have worked, from joining to leaving."""
    # A filter and no condition: with that the planner would expect a single row, and loop.
    is_due = and_(
        days.c.works,
        days.c.holiday_id.is_(None),
        days.c.day >= people.c.since,
        or_(people.c.until.is_(None), days.c.day <= people.c.until),
    )
    return (
        select(days.c.employee_id, func.count().filter(is_due).label("days"))
        .join_from(people, days, days.c.employee_id == people.c.id)
        .group_by(days.c.employee_id)
    )


def _stays(people: CTE) -> Select[Any]:
    """Return the sums of attendance; `late` and `present` count days, not stays."""
    of = attendance.c
    return (
        select(
            of.employee_id,
            func.count(of.work_date.distinct()).filter(of.status == "present").label("present"),
            func.count(of.work_date.distinct()).filter(of.late).label("late"),
            func.count().filter(of.status == "absent").label("absent"),
            func.sum(of.worked_minutes).label("worked"),
            func.sum(of.overtime_minutes).label("overtime"),
        )
        .join_from(people, attendance, of.employee_id == people.c.id)
        .where(of.work_date.between(_FIRST, _LAST))
        .group_by(of.employee_id)
    )


def _away(people: CTE) -> Select[Any]:
    """Return the days of approved leave, half days as 0.5."""
    return (
        select(leave.c.employee_id, func.sum(leave_day.c.portion).label("days"))
        .join_from(people, leave, leave.c.employee_id == people.c.id)
        .join(leave_day, leave_day.c.leave_id == leave.c.id)
        .where(leave.c.status == "approved", leave_day.c.day.between(_FIRST, _LAST))
        .group_by(leave.c.employee_id)
    )


def _permits(people: CTE) -> Select[Any]:
    """Return the minutes of approved permits, and how many of them count as worked.

    Of an official permit all do but those in which the employee was checked in: these are in the
    minutes of the stay.
    """
    # MATERIALIZED: computed once for each permit, not at each reference.
    granted = _granted(people).cte("granted").prefix_with("MATERIALIZED")
    of = attendance.c
    shared = func.least(of.check_out_at, granted.c.ends) - func.greatest(
        of.check_in_at, granted.c.begins
    )
    counted = (
        select(func.coalesce(func.sum(_minutes(shared)), 0))
        .where(
            of.employee_id == granted.c.employee_id,
            of.work_date.between(granted.c.date - 1, granted.c.date + 1),
            of.worked_minutes.is_not(None),
            of.check_in_at < granted.c.ends,
            of.check_out_at > granted.c.begins,
        )
        .scalar_subquery()
    )
    elsewhere = _minutes(granted.c.ends - granted.c.begins) - counted
    worked = case((granted.c.type == "official", elsewhere), else_=0)
    return select(
        granted.c.employee_id,
        func.sum(granted.c.minutes).label("minutes"),
        func.sum(worked).label("worked"),
    ).group_by(granted.c.employee_id)


def _granted(people: CTE) -> Select[Any]:
    """Return the approved permits, each with the instants at which it begins and ends."""
    of = permit.c
    zone = zone_of(of.date)
    return (
        select(
            of.employee_id,
            of.date,
            of.type,
            _minutes(of.end_time - of.start_time).label("minutes"),
            func.timezone(zone, of.date + of.start_time).label("begins"),
            func.timezone(zone, of.date + of.end_time).label("ends"),
        )
        .join_from(people, permit, of.employee_id == people.c.id)
        .join(employee, employee.c.id == of.employee_id)
        .outerjoin(employee_shift, assigned_on(of.employee_id, of.date))
        .outerjoin(shift, shift.c.id == employee_shift.c.shift_id)
        .where(of.status == "approved", of.date.between(_FIRST, _LAST))
    )


def _minutes(interval: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.extract("epoch", interval) / 60


def _hours(minutes: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(func.round(cast(minutes / 60, Numeric), 2), Double)
