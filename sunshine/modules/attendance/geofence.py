"""Where a check-in happened: the nearest allowed location, and the distance to it.

Used within the statements of check_in.py, check_out.py and assessment.py.
"""

from datetime import date, timedelta

from sqlalchemy import (
    ColumnElement,
    Date,
    Double,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)

from models.attendance import attendance, location
from models.placements import placement
from sunshine.database.distances import distance

MAX_SPEED = 1000  # km/h
# In less time the error of two positions alone would look like speed.
LEAST_TRAVEL = timedelta(minutes=1)
# The claimed position as the parameters of a statement; null without one.
LATITUDE = cast(bindparam("latitude"), Double)
LONGITUDE = cast(bindparam("longitude"), Double)
_EMPLOYEE = bindparam("employee", type_=Integer)


def placed_on(employee_id: ColumnElement[int], day: ColumnElement[date]) -> ColumnElement[bool]:
    """Return the condition of the placements that an employee has on a day."""
    return and_(
        placement.c.employee_id == employee_id,
        placement.c.deleted_at.is_(None),
        placement.c.valid_from <= day,
        or_(placement.c.valid_to.is_(None), placement.c.valid_to >= day),
    )


def placed_zone(
    employee_id: ColumnElement[int], day: ColumnElement[date]
) -> ColumnElement[str | None]:
    """Return the column of the timezone of where an employee is placed on a day."""
    return (
        select(location.c.timezone)
        .join(placement, placement.c.location_id == location.c.id)
        .where(placed_on(employee_id, day), location.c.timezone.is_not(None))
        .order_by(placement.c.valid_from.desc(), placement.c.id)
        .limit(1)
        .scalar_subquery()
    )


def nearest() -> Select:
    """Return the query of the location that a position is at, of those allowed to `employee`.

    Allowed on the day `on` are the active locations where they are placed, or all active ones for
    those who are placed nowhere. A location that contains the position precedes a nearer one.
    Without a position the query returns any of them with all but `id` null: it shows that some
    location is allowed.
    """
    on = bindparam("on", type_=Date)
    mine = select(placement.c.location_id).where(placed_on(_EMPLOYEE, on)).cte("mine")
    allowed = (
        select(
            location.c.id,
            location.c.timezone,
            location.c.radius_meters,
            distance((LATITUDE, LONGITUDE), (location.c.latitude, location.c.longitude)).label(
                "metres"
            ),
        )
        .where(
            location.c.active,
            location.c.deleted_at.is_(None),
            or_(location.c.id.in_(select(mine)), ~select(mine).exists()),
        )
        .subquery("allowed")
    ).c
    has_position = allowed.metres.is_not(None)
    within = allowed.metres <= allowed.radius_meters
    return (
        select(
            allowed.id,
            case((has_position, allowed.id)).label("at_id"),
            case((has_position, allowed.timezone)).label("timezone"),
            allowed.metres,
            within.label("within"),
        )
        .order_by(within.desc(), allowed.metres, allowed.id)
        .limit(1)
    )


def last_seen() -> Select:
    """Return the query of when `employee` was last seen before the instant `at`, and metres away.

    Only work dates from `first` to `last` count: from earlier ones one can have come from anywhere.
    """
    a = attendance.c
    has_left = a.check_out_latitude.is_not(None)
    point = (
        select(
            case((has_left, a.check_out_at), else_=a.check_in_at).label("seen_at"),
            func.coalesce(a.check_out_latitude, a.check_in_latitude).label("latitude"),
            func.coalesce(a.check_out_longitude, a.check_in_longitude).label("longitude"),
        )
        .where(
            a.employee_id == _EMPLOYEE,
            a.work_date.between(bindparam("first"), bindparam("last")),
            a.check_in_at <= bindparam("at"),
            or_(has_left, a.check_in_latitude.is_not(None)),
        )
        .order_by(a.check_in_at.desc())
        .limit(1)
        .subquery("point")
    ).c
    metres = distance((LATITUDE, LONGITUDE), (point.latitude, point.longitude))
    return select(point.seen_at, metres.label("metres"))


def is_implausible(metres: float, travelled: timedelta) -> bool:
    """Return whether nobody can get so far in that time."""
    hours = max(travelled, LEAST_TRAVEL) / timedelta(hours=1)
    return metres / 1000 / hours > MAX_SPEED
