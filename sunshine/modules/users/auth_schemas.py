"""Payloads of /api/auth."""

from sunshine.core.fields import Field, Schema, choice, flag, instant, list_of, row_id, text, whole
from sunshine.core.shapes import Shape, object_of, optional, string


def password(**rules: object) -> Field:
    """As typed, not trimmed. What a new one must be: sunshine/identity/passwords.py."""
    return {"type": "string", "empty": False, "maxlength": 1000} | rules


LOGIN: Schema = {
    "username": text(255, required=True, example="user@example.com"),
    # Too long for any account is wrong, not malformed.
    "password": password(required=True, maxlength=1_000_000, example="password123"),
}

_WHO: Schema = {"id": row_id(), "username": string(example="user@example.com")}
_NAMED: Schema = {**_WHO, "name": string(example="John Doe")}
_USER = Shape(
    "SignedInUser",
    {
        **_NAMED,
        "role": string(example="admin"),
        "mustChangePassword": optional(flag(example=True)),
    },
)
# A token, and whose it is.
SIGNED_IN = Shape("SignedIn", {"success": flag(), "token": string(), "user": object_of(_USER)})
DRIVER_SIGNED_IN = Shape(
    "DriverSignedIn",
    {"success": flag(), "token": string(), "driver": object_of(Shape("SignedInDriver", _NAMED))},
)
ACCOUNT = Shape(
    "Account",
    {
        **_USER.fields,
        "email": string(nullable=True, example="user@example.com"),
        "permissions": list_of(string(example="account:self")),
    },
)
SIGN_IN = Shape(
    "SignIn",
    {
        "id": whole(1, 2**53 - 1),
        "at": instant(),
        "outcome": choice("signed_in", "refused"),
        "address": string(example="203.0.113.7"),
        "client": string(example="Mozilla/5.0 (X11; Linux x86_64)"),
        "attempts": whole(1),
    },
)
VERIFIED = Shape(
    "Verified",
    {
        "success": flag(),
        "message": string(example="Token is valid"),
        "user": object_of(Shape("VerifiedUser", _WHO)),
    },
)
