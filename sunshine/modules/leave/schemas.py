"""Payloads of /api/leave and of `sunshine leave`."""

from sunshine.core.fields import (
    Schema,
    choice,
    date,
    digits,
    file_url,
    instant,
    list_of,
    number,
    prose,
    query_id,
    row_id,
    whole,
)
from sunshine.core.shapes import (
    Shape,
    array_of,
    object_of,
    optional,
    optional_fields,
    resource_shape,
    string,
)

_YEAR = (1900, 9999)
LEAVE_TYPES = ("annual", "special", "collective")
# The types of balance: collective leave is paid from the annual days.
BALANCES = ("annual", "special")

APPLY: Schema = {
    "employeeId": row_id(example=123),
    "leaveType": choice(*LEAVE_TYPES, required=True, example="annual"),
    "startDate": date(required=True, example="2024-02-01"),
    "endDate": date(required=True, example="2024-02-05"),
    "halfDay": choice("am", "pm"),
    "reason": prose(1000, required=True, example="Family vacation"),
    "documents": list_of(file_url(), 20, check_with="distinct", example=["url_to_document"]),
}
DECIDE: Schema = {
    "action": choice(
        "approve", "reject", required=True, needs={"reject": "notes"}, example="approve"
    ),
    "notes": prose(1000, example="Approved for vacation"),
}
FILTERS: Schema = {
    "status": choice("pending", "approved", "rejected", "cancelled"),
    "leaveType": choice(*LEAVE_TYPES),
    "employeeId": query_id(),
    "startDate": date(),
    "endDate": date(),
}
BALANCE: Schema = {"year": digits(*_YEAR)}
ENTRIES: Schema = {**BALANCE, "leaveType": choice(*BALANCES)}

ADJUST: Schema = {
    "leaveType": choice(*BALANCES, required=True),
    "year": whole(*_YEAR, required=True),
    "days": number(-366, 366, required=True),
    "reason": prose(1000, required=True),
}

_EXCLUDED = Shape("ExcludedDate", {"date": date(), "reason": string(example="weekend")})
# Each type has some of the optional fields (rows.py).
_WARNING = Shape(
    "LeaveWarning",
    {
        "type": choice("team_member_away", "meeting", "ticket_due"),
        **optional_fields(
            {
                "id": row_id(),
                "employeeId": row_id(),
                "name": string(),
                "number": string(),
                "title": string(),
                "dates": list_of(date()),
                "startsAt": instant(),
                "endsAt": instant(),
                "dueAt": instant(),
            }
        ),
    },
)
_PRIVATE = ("reason", "documents")  # only for the employee and those who decide
_LEAVE: Schema = {name: field for name, field in APPLY.items() if name not in _PRIVATE}
LEAVE = resource_shape(
    "Leave",
    _LEAVE,
    halfDay=choice("am", "pm", nullable=True),
    reason=optional(string(nullable=True, example="Family vacation")),
    documents=optional(list_of(string(example="url_to_document"))),
    employee=string(),
    days=number(0, 366),
    excludedDates=array_of(_EXCLUDED),
    deadline=date(),
    status=choice("pending", "approved", "rejected", "cancelled"),
    decidedById=row_id(nullable=True),
    decidedBy=string(nullable=True),
    decidedAt=instant(nullable=True),
    notes=string(nullable=True),
)
# The answer to an application or an approval.
WARNED = Shape("LeaveWarned", {**LEAVE.fields, "warnings": optional(array_of(_WARNING))})
_DAYS = number(-10_000, 10_000)
_BALANCE = Shape(
    "LeaveBalance",
    {
        **{
            name: {**_DAYS, "example": days}
            for name, days in (("total", 12), ("used", 5), ("remaining", 7))
        },
        **{name: {**_DAYS, "example": 0} for name in ("pending", "available", "carriedForward")},
        "expiresAt": date(nullable=True),
    },
)
BALANCES_OF_YEAR = Shape(
    "LeaveBalances", {f"{each}Leave": object_of(_BALANCE) for each in BALANCES}
)
ENTRY = Shape(
    "LeaveEntry",
    {
        "id": row_id(),
        "leaveType": choice(*BALANCES),
        "year": whole(*_YEAR),
        "kind": string(example="allocation"),
        "days": _DAYS,
        "leaveId": row_id(nullable=True),
        "holidayId": row_id(nullable=True),
        "notes": string(nullable=True),
        "createdAt": instant(),
    },
)
FEED = Shape("CalendarFeed", {"url": string(example="https://api.example.com/calendar.ics?token=")})
