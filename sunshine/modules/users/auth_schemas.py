"""Payloads of /api/auth."""

from sunshine.core.fields import Field, Schema, choice, flag, instant, list_of, row_id, text, whole
from sunshine.core.shapes import Shape, a, sometimes, words


def password(**rules: object) -> Field:
    """As typed, not trimmed. What a new one must be: sunshine/identity/passwords.py."""
    return {"type": "string", "empty": False, "maxlength": 1000} | rules


LOGIN: Schema = {
    "username": text(255, required=True, example="user@example.com"),
    # Too long for any account is wrong, not malformed.
    "password": password(required=True, maxlength=1_000_000, example="password123"),
}

_WHO: Schema = {"id": row_id(), "username": words(example="user@example.com")}
_NAMED: Schema = {**_WHO, "name": words(example="John Doe")}
_USER = Shape(
    "SignedInUser",
    {
        **_NAMED,
        "role": words(example="admin"),
        "mustChangePassword": sometimes(flag(example=True)),
    },
)
# A token, and whose it is.
SIGNED_IN = Shape("SignedIn", {"success": flag(), "token": words(), "user": a(_USER)})
DRIVER_SIGNED_IN = Shape(
    "DriverSignedIn",
    {"success": flag(), "token": words(), "driver": a(Shape("SignedInDriver", _NAMED))},
)
ACCOUNT = Shape(
    "Account",
    {
        **_USER.fields,
        "email": words(nullable=True, example="user@example.com"),
        "permissions": list_of(words(example="account:self")),
    },
)
SIGN_IN = Shape(
    "SignIn",
    {
        "id": whole(1, 2**53 - 1),
        "at": instant(),
        "outcome": choice("signed_in", "refused"),
        "address": words(example="203.0.113.7"),
        "client": words(example="Mozilla/5.0 (X11; Linux x86_64)"),
        "attempts": whole(1),
    },
)
VERIFIED = Shape(
    "Verified",
    {
        "success": flag(),
        "message": words(example="Token is valid"),
        "user": a(Shape("VerifiedUser", _WHO)),
    },
)
