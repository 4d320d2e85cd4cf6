"""Payloads of /api/leave and of `sunshine leave`."""

from sunshine.schemas.fields import (
    Schema,
    choice,
    date,
    digits,
    file_url,
    list_of,
    number,
    query_id,
    row_id,
    text,
    whole,
)

_YEAR = (1900, 9999)
LEAVE_TYPES = ("annual", "special", "collective")
# What the ledger keeps: a collective leave is paid from the annual days.
BALANCES = ("annual", "special")

APPLY: Schema = {
    "employeeId": row_id(),
    "leaveType": choice(*LEAVE_TYPES, required=True),
    "startDate": date(required=True),
    "endDate": date(required=True),
    "halfDay": choice("am", "pm"),
    "reason": text(1000, required=True),
    "documents": list_of(file_url(), 20, check_with="distinct"),
}
DECIDE: Schema = {
    "action": choice("approve", "reject", required=True),
    "notes": text(1000),
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
    "reason": text(1000, required=True),
}
