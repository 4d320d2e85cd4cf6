"""Payloads of /api/users."""

from models.auth import ROLES
from sunshine.people import GRANTABLE
from sunshine.schemas.auth import password
from sunshine.schemas.fields import (
    Schema,
    choice,
    email,
    flag,
    list_of,
    query_flag,
    query_id,
    row_id,
    text,
)

FILTERS: Schema = {
    "role": choice(*ROLES),
    "active": query_flag(),
    "employeeId": query_id(),
    "search": text(100),
}

CREATE: Schema = {
    "username": text(100, required=True, regex=r"\S+"),
    "password": password(required=True),
    "name": text(200, required=True),
    "email": email(nullable=True),
    "role": choice(*ROLES, required=True),
    "employeeId": row_id(nullable=True),
    "active": flag(),
    "permissions": list_of(choice(*sorted(GRANTABLE)), len(GRANTABLE), check_with="distinct"),
}
CHANGE: Schema = {
    "username": text(100, regex=r"\S+"),
    "password": password(),
    "currentPassword": password(),
    "name": text(200, empty=False),
    "email": email(nullable=True),
    "role": choice(*ROLES),
    "employeeId": row_id(nullable=True),
    "active": flag(),
    "permissions": CREATE["permissions"],
}
