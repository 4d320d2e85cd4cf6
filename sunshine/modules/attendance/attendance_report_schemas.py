"""The query of /api/attendance/report."""

from sunshine.core.fields import Schema, choice, digits, number, query_id, row_id, whole
from sunshine.core.shapes import Shape, array_of, object_of, string

REPORT: Schema = {
    "month": digits(1, 12, required=True, example=1),
    "year": digits(1, 9999, required=True, example=2024),
    "departmentId": query_id(),
    "format": choice("json", "csv", "xlsx", default="json"),
}

_SUMS: Schema = {
    **dict.fromkeys(("workDays", "present", "late", "absent"), whole(0)),
    **dict.fromkeys(("leave", "permitHours", "workedHours", "overtimeHours"), number(0, 1e9)),
}
_LINE = Shape(
    "AttendanceReportLine",
    {
        "employeeId": row_id(),
        "name": string(),
        "department": string(nullable=True),
        **_SUMS,
    },
)
MONTH = Shape(
    "AttendanceReport",
    {
        "month": whole(1, 12),
        "year": whole(1, 9999),
        "employees": array_of(_LINE),
        "totals": object_of(Shape("AttendanceReportTotals", _SUMS)),
    },
)
