"""The query of /api/attendance/report."""

from sunshine.schemas.fields import Schema, choice, digits, query_id

REPORT: Schema = {
    "month": digits(1, 12, required=True),
    "year": digits(1, 9999, required=True),
    "departmentId": query_id(),
    "format": choice("json", "csv", "xlsx", default="json"),
}
