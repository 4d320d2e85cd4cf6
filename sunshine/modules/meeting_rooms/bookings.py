"""Reading bookings. Changing them: schedule.py.

Everybody sees who has which room when, and the title; the description is shown to the organizer,
the attendees and holders of `rooms:manage`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import array

from models.employees import employee
from models.meeting_rooms import meeting_room, meeting_room_booking
from sunshine.core.errors import Conflict, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.statements import Statement
from sunshine.modules.meeting_rooms.rows import BookingRow
from sunshine.modules.meeting_rooms.schemas import SCHEDULE
from sunshine.modules.scope import ME

ENTITY = "meeting_room_booking"

_b = meeting_room_booking.c
_ZONE, _SEES = bindparam("zone", type_=Text), bindparam("sees", type_=Boolean)


def rows_of(booking: FromClause) -> Select[Any]:
    """Return the bookings as the API shows them; `booking` has the columns of the table."""
    b = booking.c
    start, end = func.timezone(_ZONE, b.starts_at), func.timezone(_ZONE, b.ends_at)
    return select(
        b.id,
        b.room_id.label("roomId"),
        meeting_room.c.name.label("room"),
        b.title,
        cast(start, Date).label("date"),
        func.to_char(start, "HH24:MI").label("startTime"),
        func.to_char(end, "HH24:MI").label("endTime"),
        b.starts_at.label("startsAt"),
        b.ends_at.label("endsAt"),
        b.organizer_id.label("organizer"),
        employee.c.name.label("organizerName"),
        b.attendees,
        case((or_(_SEES, _takes_part(b)), b.description)).label("description"),
        b.series_id.label("seriesId"),
        b.status,
        b.checked_in_at.label("checkedInAt"),
        b.created_at.label("createdAt"),
        b.updated_at.label("updatedAt"),
    ).select_from(
        booking.join(meeting_room, meeting_room.c.id == b.room_id).join(
            employee, employee.c.id == b.organizer_id
        )
    )


def _takes_part(b: Any) -> ColumnElement[bool]:
    return func.coalesce(any_(b.people) == ME, False)


def _midnight(name: str, plus: str = "0 days") -> ColumnElement[Any]:
    return func.timezone(
        _ZONE, cast(bindparam(name, type_=Date), DateTime) + text(f"interval '{plus}'")
    )


_ROWS = rows_of(meeting_room_booking)
listing = ListQuery(
    _ROWS,
    key=_b.id,
    schema=SCHEDULE,
    filters={
        "roomId": _b.room_id == bindparam("roomId"),
        "date": and_(_b.starts_at >= _midnight("date"), _b.starts_at < _midnight("date", "1 day")),
        "startDate": _b.starts_at >= _midnight("startDate"),
        "endDate": _b.starts_at < _midnight("endDate", "1 day"),
        "organizer": _b.organizer_id == bindparam("organizer"),
        "attendee": _b.people.op("@>")(array([bindparam("attendee", type_=Integer)])),
        "seriesId": _b.series_id == bindparam("seriesId"),
        "mine": _takes_part(_b) == bindparam("mine", type_=Boolean),
        "search": contains(func.lower(_b.title)),
        "status": or_(
            bindparam("status", type_=Text) == "any", _b.status == bindparam("status", type_=Text)
        ),
    },
    sort={"date": _b.starts_at},
    default_sort="date",
    row=BookingRow,
)
BY_ID = Statement(_ROWS.where(_b.id == bindparam("id")), BookingRow)


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[BookingRow]:
    """Return a page of the bookings by time; those booked, unless `status` asks for others."""
    return await listing.page(database, query, **seen_by(database, actor))


async def get(database: Database, id_: int, *, actor: Principal) -> BookingRow:
    """Return a booking as the caller sees it; NotFound."""
    row = await database.one_or_none(BY_ID, id=id_, **seen_by(database, actor))
    if row is None:
        raise NotFound
    return row


def seen_by(database: Database, actor: Principal) -> dict[str, Any]:
    """Return the parameters of a booking's rows: who reads them, and in which timezone."""
    return {
        "me": actor.employee_id,
        "sees": actor.may("rooms:manage"),
        "zone": database.policy.timezone.key,
    }


def require_upcoming(tx: Transaction, row: BookingRow) -> None:
    """Raise Conflict unless the meeting is booked and not over."""
    if row["status"] != "booked":
        raise Conflict(f"The booking is {row['status']}", code=f"booking_{row['status']}")
    if row["endsAt"] <= tx.now:
        raise Conflict("The meeting is over", code="booking_past")
