"""Payloads of /api/employees."""

from sunshine.schemas.fields import (
    Field,
    Schema,
    changes,
    choice,
    date,
    email,
    query_flag,
    query_id,
    row_id,
    text,
    timezone,
)


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
    "name": text(200, required=True),
    "email": email(nullable=True),
    "employeeCode": text(50, nullable=True, empty=False),
    "position": text(100, nullable=True),
    "department": text(100, nullable=True),
    "phone": text(50, nullable=True),
    "joinDate": date(nullable=True),
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
