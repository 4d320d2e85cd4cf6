"""The rows that the statements of employees return, with keys as the API names them."""

from datetime import date, datetime
from typing import NotRequired, TypedDict


class DirectoryRow(TypedDict):
    """What everybody sees of an active employee."""

    id: int
    name: str
    email: str | None
    positionId: int | None
    departmentId: int | None
    photo: str | None
    position: str | None
    department: str | None


class EmployeeRow(DirectoryRow):
    """An employee in full."""

    employeeCode: str | None
    phone: str | None
    managerId: int | None
    joinDate: date | None
    status: str
    timezone: str | None
    manager: str | None
    createdAt: datetime
    updatedAt: datetime


class ScopedRow(EmployeeRow):
    """An employee, and whether the caller's scope shows them in full."""

    _open: NotRequired[bool]


class IsAboveRow(TypedDict):
    """Whether an employee is another one's manager, directly or further up."""

    found: bool


class UsedValueRow(TypedDict):
    """A value, in lower case, that must be unique and that an employee has."""

    value: str


class DepartmentRow(TypedDict):
    """A department."""

    id: int
    name: str
    description: str | None
    active: bool
    createdAt: datetime
    updatedAt: datetime


class PositionRow(TypedDict):
    """A position, with the name of its department."""

    id: int
    name: str
    departmentId: int | None
    level: int | None
    active: bool
    department: str | None
    createdAt: datetime
    updatedAt: datetime


class ShiftRow(TypedDict):
    """A shift; its times are HH:MM."""

    id: int
    name: str
    startTime: str
    endTime: str
    graceMinutes: int
    breakMinutes: int
    workDays: list[int]
    timezone: str | None
    checkInBeforeMinutes: int
    checkOutAfterMinutes: int
    overnight: bool
    createdAt: datetime
    updatedAt: datetime


# `from` is a keyword: no class body can name it.
PeriodRow = TypedDict(
    "PeriodRow",
    {
        "id": int,
        "employeeId": int,
        "from": date,
        "to": date | None,
        "createdAt": datetime,
        "updatedAt": datetime,
    },
)


class EmployeeShiftRow(PeriodRow):
    """A shift that an employee works for a period, with its name."""

    shiftId: int
    shift: str


class PlacementRow(PeriodRow):
    """A location where an employee works for a period, with its name."""

    locationId: int
    location: str
    notes: str | None


class LockedRow(TypedDict):
    """What PostgreSQL answers to an advisory lock: an empty text."""

    locked: str
