"""The rows that the statements of permits return, keys as the API names them."""

import datetime as dt
from typing import TypedDict


class PermitRow(TypedDict):
    """A permit as the API shows it; times of day are `HH:MM`."""

    id: int
    employeeId: int
    employee: str
    date: dt.date
    startTime: str
    endTime: str
    type: str
    reason: str | None
    status: str
    decidedById: int | None
    decidedBy: str | None
    decidedAt: dt.datetime | None
    notes: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class OverlappingLeave(TypedDict):
    """The leave that a permit would overlap."""

    id: int
    leaveType: str
    startDate: dt.date
    endDate: dt.date
    halfDay: str | None
    status: str


class PermitOwner(TypedDict):
    """Whose permit it is."""

    employee_id: int


class PermitStart(TypedDict):
    """The instant at which a permit begins."""

    at: dt.datetime
