"""The rows that the statements of attendance return, keys as the API names them."""

import datetime as dt
from typing import TypedDict

from psycopg.types.range import Range


class Position(TypedDict):
    """A point on the earth, in degrees."""

    latitude: float
    longitude: float


class TeamAttendanceRow(TypedDict):
    """What managers see of a record of their team: a column that is not listed here is hidden."""

    id: int
    employeeId: int
    employee: str
    workDate: dt.date
    status: str
    late: bool
    earlyLeave: bool
    workedMinutes: int | None
    overtimeMinutes: int | None
    shiftId: int | None
    shift: str | None
    leaveId: int | None
    checkIn: dt.datetime | None
    checkInRecordedAt: dt.datetime | None
    locationId: int | None
    location: str | None
    distance: float | None
    withinGeofence: bool | None
    checkOut: dt.datetime | None
    checkOutRecordedAt: dt.datetime | None
    autoCheckOut: bool
    review: bool
    reviewReasons: list[str]
    notes: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class AttendanceRow(TeamAttendanceRow):
    """A record with what only the employee, HR and admins see; photos are stored paths."""

    checkInLocation: Position | None
    checkInPhoto: str | None
    checkOutLocation: Position | None
    checkOutPhoto: str | None


class PlacedAttendanceRow(AttendanceRow):
    """A record, and the timezone of the location where the employee checked in."""

    place_zone: str | None


class LocationRow(TypedDict):
    """A place where people may check in."""

    id: int
    name: str
    latitude: float
    longitude: float
    radiusMeters: int
    address: str | None
    timezone: str | None
    active: bool
    createdAt: dt.datetime
    updatedAt: dt.datetime


class DayAwayRow(TypedDict):
    """A record of an absence, a day of leave or a holiday."""

    id: int
    employeeId: int
    workDate: dt.date
    status: str
    shiftId: int | None
    leaveId: int | None


class ClosedDay(TypedDict):
    """A day that was closed."""

    day: dt.date


class PresentEmployee(TypedDict):
    """Somebody who was there on a day."""

    employee_id: int


class DayRow(TypedDict):
    """A day of an employee: its shift, what excuses them, its timezones.

    `leave` holds `full`, `am` or `pm` of each approved leave, `permits` the local times of approved
    permits. The columns of the shift are null without one.
    """

    day: dt.date
    shift_id: int | None
    start_time: dt.time | None
    end_time: dt.time | None
    grace_minutes: int | None
    break_minutes: int | None
    check_in_before_minutes: int | None
    works: bool
    is_holiday: bool
    leave: list[str]
    permits: list[Range[dt.datetime]]
    shift_zone: str | None
    zone: str | None


class NearbyDayRow(DayRow):
    """A day around a check-in, with the statuses that are recorded on it already."""

    statuses: list[str]


class CheckInRow(NearbyDayRow):
    """A day around a check-in, and all else that the check-in depends on, the same in each row.

    `open_id` and `overlap_id` are records in the way; `place_` is the nearest allowed location,
    null without a position but for `has_place`; `seen_` is where the employee was last seen.
    """

    open_id: int | None
    overlap_id: int | None
    has_place: bool
    place_id: int | None
    place_zone: str | None
    place_metres: float | None
    within: bool | None
    seen_at: dt.datetime | None
    seen_metres: float | None


class AssessmentRow(TypedDict):
    """What a stay amounts to; minutes are null while it lasts."""

    late: bool
    earlyLeave: bool
    workedMinutes: int | None
    overtimeMinutes: int | None


class StayRow(DayRow, AssessmentRow):
    """A stay with its day and its stored assessment."""

    id: int
    check_in_at: dt.datetime
    check_out_at: dt.datetime | None
    auto_check_out: bool
    place_zone: str | None


class CheckOutRow(StayRow):
    """A stay of the day of a check-out, and how many metres away it began."""

    metres: float | None
    notes: str | None
    review: bool
    review_reasons: list[str]


class OpenStayRow(DayRow):
    """A stay that lasts, and when the employee next checked in, if they did."""

    id: int
    employee_id: int
    check_in_at: dt.datetime
    place_zone: str | None
    check_out_after_minutes: int | None
    next_came: dt.datetime | None


class ReportFigures(TypedDict):
    """A month in figures: days, of leave half ones too, and hours with two decimals."""

    workDays: int
    present: int
    late: int
    absent: int
    leave: float
    permitHours: float
    workedHours: float
    overtimeHours: float


class ReportLine(ReportFigures):
    """An employee's month."""

    employeeId: int
    name: str
    department: str | None


class MonthReport(TypedDict):
    """A month of all employees within the caller's scope."""

    month: int
    year: int
    employees: list[ReportLine]
    totals: ReportFigures
