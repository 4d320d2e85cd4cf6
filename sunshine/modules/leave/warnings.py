"""Warnings about what else is on the days of a request, in the answers to an application and an
approval. They are no reason to refuse either. Another source of warnings goes into SOURCES.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date

from sqlalchemy import ARRAY, Date, Integer, Text, any_, bindparam, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from models.employees import employee
from models.leave import leave, leave_day
from models.meeting_rooms import meeting_room_booking
from sunshine.core.clock import today
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.employees.locking import LockedEmployee
from sunshine.modules.leave.rows import LeaveWarning, MeetingThen, TeamMemberAway, TicketDue
from sunshine.modules.tickets.sla import due_on

_MANAGER = bindparam("manager", type_=Integer)
_AWAY = Statement(
    select(
        literal("team_member_away").label("type"),
        employee.c.id.label("employeeId"),
        employee.c.name,
        func.array_agg(aggregate_order_by(leave_day.c.day.distinct(), leave_day.c.day)).label(
            "dates"
        ),
    )
    .select_from(
        leave_day.join(leave, leave.c.id == leave_day.c.leave_id).join(
            employee, employee.c.id == leave.c.employee_id
        )
    )
    .where(
        leave_day.c.day == any_(bindparam("days", type_=ARRAY(Date))),
        leave.c.status == "approved",
        employee.c.id != bindparam("employee"),
        employee.c.deleted_at.is_(None),
        or_(employee.c.manager_id == _MANAGER, employee.c.id == _MANAGER),
    )
    .group_by(employee.c.id)
    .order_by(employee.c.id),
    TeamMemberAway,
)

_booking = meeting_room_booking.c
_MEETINGS = Statement(
    select(
        literal("meeting").label("type"),
        _booking.id,
        _booking.title,
        _booking.starts_at.label("startsAt"),
        _booking.ends_at.label("endsAt"),
    )
    .where(
        bindparam("employee", type_=Integer) == any_(_booking.people),
        _booking.status == "booked",
        cast(func.timezone(bindparam("zone", type_=Text), _booking.starts_at), Date)
        == any_(bindparam("days", type_=ARRAY(Date))),
    )
    .order_by(_booking.starts_at),
    MeetingThen,
)


async def _team_away(
    tx: Transaction, person: LockedEmployee, days: Sequence[date]
) -> list[TeamMemberAway]:
    """Return the manager and their other direct reports who are on leave."""
    return await tx.all(_AWAY, employee=person["id"], manager=person["manager_id"], days=days)


async def _tickets_due(
    tx: Transaction, person: LockedEmployee, days: Sequence[date]
) -> list[TicketDue]:
    """Return the tickets that the employee has to solve by then, without their texts."""
    due = await due_on(tx, person["id"], days[0], days[-1]) if days else []
    zone = tx.policy.timezone
    return [
        {"type": "ticket_due", "id": row["id"], "number": row["number"], "dueAt": row["dueAt"]}
        for row in due
        if today(row["dueAt"], zone) in days
    ]


async def _meetings(
    tx: Transaction, person: LockedEmployee, days: Sequence[date]
) -> list[MeetingThen]:
    """Return the meetings that the employee called or is invited to."""
    zone = str(tx.policy.timezone)
    return await tx.all(_MEETINGS, employee=person["id"], days=days, zone=zone)


Source = Callable[[Transaction, LockedEmployee, Sequence[date]], Awaitable[Sequence[LeaveWarning]]]
SOURCES: tuple[Source, ...] = (_team_away, _meetings, _tickets_due)


async def warnings(
    tx: Transaction, person: LockedEmployee, days: Sequence[date]
) -> list[LeaveWarning]:
    """Return all that an employee on leave on these days would miss, or be missed for."""
    return [warning for source in SOURCES for warning in await source(tx, person, days)]
