"""The rows that the statements of leave return, keys as the API names them."""

import datetime as dt
from decimal import Decimal
from typing import TypedDict


class ExcludedDate(TypedDict):
    """A day of a request that is not taken; `reason` is a holiday's name, or `weekend`."""

    date: str
    reason: str


class LeaveRow(TypedDict):
    """A request for leave as the API shows it; `days` are those that it takes."""

    id: int
    employeeId: int
    employee: str
    leaveType: str
    startDate: dt.date
    endDate: dt.date
    halfDay: str | None
    reason: str | None
    documents: list[str]
    days: Decimal
    excludedDates: list[ExcludedDate]
    deadline: dt.date
    status: str
    decidedById: int | None
    decidedBy: str | None
    decidedAt: dt.datetime | None
    notes: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class TeamMemberAway(TypedDict):
    """A warning: somebody else of the team is on leave on these days."""

    type: str
    employeeId: int
    name: str
    dates: list[dt.date]


class MeetingThen(TypedDict):
    """A warning: a meeting that the employee called or is invited to."""

    type: str
    id: int
    title: str
    startsAt: dt.datetime
    endsAt: dt.datetime


class TicketDue(TypedDict):
    """A warning: a ticket that the employee has to solve by then."""

    type: str
    id: int
    number: str
    dueAt: dt.datetime


LeaveWarning = TeamMemberAway | MeetingThen | TicketDue


class LeaveWithWarnings(LeaveRow):
    """The answer to an application or an approval."""

    warnings: list[LeaveWarning]


class LeaveKey(TypedDict):
    """What the ledger needs to know of a request."""

    id: int
    employee_id: int
    leave_type: str


class RecountedLeave(LeaveKey):
    """A request whose days a holiday changed, and how many it takes now."""

    status: str
    days: Decimal


class RejectedLeave(TypedDict):
    """A request that was rejected at its deadline."""

    id: int
    notes: str


class OverlappingLeave(TypedDict):
    """The request that another one would overlap."""

    id: int
    leaveType: str
    startDate: dt.date
    endDate: dt.date
    halfDay: str | None
    status: str


class OverlappingPermit(TypedDict):
    """The permit that a request would overlap; times of day are `HH:MM`."""

    id: int
    date: dt.date
    startTime: str
    endTime: str
    status: str


class RecordedAttendance(TypedDict):
    """The attendance that keeps an employee from being on leave that day."""

    id: int
    date: dt.date


class DayRow(TypedDict):
    """A day."""

    day: dt.date


class LeaveDay(DayRow):
    """A day of a request, and how much of it is taken: 1 or 0.5."""

    portion: Decimal


class LeaveDayChange(TypedDict):
    """The part of a day that a holiday gives back to a request (negative) or has it take again."""

    leave_id: int
    change: Decimal


class AbsenceRow(TypedDict):
    """Approved leave, for the calendar."""

    id: int
    name: str
    leave_type: str
    start_date: dt.date
    end_date: dt.date
    half_day: str | None
    updated_at: dt.datetime


class CalendarHoliday(TypedDict):
    """A holiday, for the calendar."""

    id: int
    date: dt.date
    name: str
    updated_at: dt.datetime


class HolidayEffect(TypedDict):
    """What of a holiday affects leave and attendance."""

    id: int
    date: dt.date
    kind: str
    deductsAnnual: bool


class HolidayRow(HolidayEffect):
    """A holiday as the API shows it."""

    name: str
    createdAt: dt.datetime
    updatedAt: dt.datetime


class HolidayCharge(TypedDict):
    """The sum of what a holiday charged to an employee; negative."""

    employee_id: int
    year: int
    days: Decimal


class LedgerRow(TypedDict):
    """An entry of the ledger as the API shows it; days that are taken or expire are negative."""

    id: int
    leaveType: str
    year: int
    kind: str
    days: Decimal
    leaveId: int | None
    holidayId: int | None
    notes: str | None
    createdAt: dt.datetime


class BalanceRow(TypedDict):
    """The sums of an employee's days of one type in one year; balance.Balance explains them."""

    employee_id: int
    year: int
    leave_type: str
    joined: dt.date | None
    allocated: bool
    granted: Decimal
    carried: Decimal
    expired: Decimal
    used: Decimal
    pending: Decimal
    early: Decimal
    uncharged: list[int]


class BalanceFigures(TypedDict):
    """A balance as the API shows it: `total` is `used` and `remaining` together."""

    total: int | float
    used: int | float
    remaining: int | float
    pending: int | float
    available: int | float
    carriedForward: int | float
    expiresAt: dt.date | None


class BalancesOfYear(TypedDict):
    """An employee's balances of a year."""

    annualLeave: BalanceFigures
    specialLeave: BalanceFigures


class NamedEmployee(TypedDict):
    """An employee found by a word."""

    id: int
    name: str
