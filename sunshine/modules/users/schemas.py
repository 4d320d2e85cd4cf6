"""Payloads of /api/users."""

from models.auth import ROLES
from sunshine.core.fields import (
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
from sunshine.core.principals import GRANTABLE
from sunshine.core.shapes import optional, resource_shape
from sunshine.modules.users.auth_schemas import password

FILTERS: Schema = {
    "role": choice(*ROLES),
    "active": query_flag(),
    "employeeId": query_id(),
    "search": text(100),
}

CREATE: Schema = {
    "username": text(100, required=True, regex=r"\S+", example="user@example.com"),
    "password": password(required=True, example="a-good-password-1"),
    "name": text(200, required=True, example="John Doe"),
    "email": email(nullable=True, example="user@example.com"),
    "role": choice(*ROLES, required=True, example="employee"),
    "employeeId": row_id(nullable=True),
    "active": flag(),
    "mustChangePassword": flag(),
    "permissions": list_of(choice(*sorted(GRANTABLE)), len(GRANTABLE), check_with="distinct"),
}
CHANGE: Schema = {
    "username": text(100, regex=r"\S+"),
    "password": password(),
    "currentPassword": password(),
    "name": text(200, empty=False, example="John Doe Updated"),
    "email": email(nullable=True),
    "role": choice(*ROLES),
    "employeeId": row_id(nullable=True),
    "active": flag(),
    "mustChangePassword": flag(),
    "permissions": CREATE["permissions"],
}

USER = resource_shape(
    "User",
    {
        name: field
        for name, field in CREATE.items()
        if name not in ("password", "mustChangePassword")
    },
    mustChangePassword=optional(flag(example=True)),
)
