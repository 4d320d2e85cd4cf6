"""Payloads of /api/employees."""

from sunshine.core.fields import (
    Field,
    Schema,
    changes,
    choice,
    date,
    email,
    flag,
    instant,
    query_flag,
    query_id,
    row_id,
    text,
    timezone,
    whole,
)
from sunshine.core.shapes import Shape, optional_fields, response_fields, string


def _photo() -> Field:
    return text(2048, nullable=True, regex=r"https?://\S+")


FILTERS: Schema = {
    "search": text(100),
    "departmentId": query_id(),
    "positionId": query_id(),
    "managerId": query_id(),
    "status": choice("active", "inactive"),
}
EXPORT: Schema = {**FILTERS, "format": choice("csv", "xlsx", default="csv")}
# Whether what an employee still holds is taken back when the employment ends.
FORCE: Schema = {"force": query_flag(default="false")}
IMPORT: Schema = {"dryRun": query_flag(default="true")}

# One line of an import file. A position or department that does not exist yet is made.
LINE: Schema = {
    "name": text(200, required=True, example="John Doe"),
    "email": email(nullable=True, example="john@example.com"),
    "employeeCode": text(50, nullable=True, empty=False),
    "position": text(100, nullable=True, example="Developer"),
    "department": text(100, nullable=True, example="IT"),
    "phone": text(50, nullable=True, example="+1234567890"),
    "joinDate": date(nullable=True, example="2024-01-01"),
    "timezone": timezone(nullable=True),
}
CREATE: Schema = {
    **LINE,
    "positionId": row_id(nullable=True, excludes="position"),
    "departmentId": row_id(nullable=True, excludes="department"),
    "managerId": row_id(nullable=True),
    "status": choice("active", "inactive"),
    "photo": _photo(),
}
CHANGE = changes(CREATE)

# What everybody sees of everybody.
_DIRECTORY = ("name", "email", "position", "department", "positionId", "departmentId", "photo")
EMPLOYEE = Shape(
    "Employee",
    {
        "id": row_id(),
        **response_fields({name: CREATE[name] for name in _DIRECTORY}),
        **optional_fields(response_fields(CREATE, but=_DIRECTORY)),
        **optional_fields(
            {"manager": string(nullable=True), "createdAt": instant(), "updatedAt": instant()}
        ),
    },
)
IMPORTED = Shape("EmployeesImported", {"dryRun": flag(), "rows": whole(0)})
