"""Payloads of /api/auth."""

from sunshine.core.fields import Field, Schema, choice, flag, instant, list_of, row_id, text, whole
from sunshine.core.shapes import Shape, object_of, optional, string


def password(**rules: object) -> Field:
    """Return the field of a password, which is not trimmed.

    The rules for new passwords: sunshine/identity/passwords.py.
    """
    return {"type": "string", "empty": False, "maxlength": 1000} | rules


LOGIN: Schema = {
    "username": text(255, required=True, example="user@example.com"),
    # A password that is too long for any account is wrong, not malformed.
    "password": password(required=True, maxlength=1_000_000, example="password123"),
}

_IDENTITY: Schema = {"id": row_id(), "username": string(example="user@example.com")}
_NAMED_IDENTITY: Schema = {**_IDENTITY, "name": string(example="John Doe")}
_USER = Shape(
    "SignedInUser",
    {
        **_NAMED_IDENTITY,
        "role": string(example="admin"),
        "mustChangePassword": optional(flag(example=True)),
    },
)
# A token and its user.
SIGNED_IN = Shape("SignedIn", {"success": flag(), "token": string(), "user": object_of(_USER)})
DRIVER_SIGNED_IN = Shape(
    "DriverSignedIn",
    {
        "success": flag(),
        "token": string(),
        "driver": object_of(Shape("SignedInDriver", _NAMED_IDENTITY)),
    },
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
        "user": object_of(Shape("VerifiedUser", _IDENTITY)),
    },
)
