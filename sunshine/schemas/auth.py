"""Payloads of /api/auth."""

from sunshine.schemas.fields import Field, Schema, text


def password(**rules: object) -> Field:
    """As typed, not trimmed. What a new one must be: sunshine/passwords.py."""
    return {"type": "string", "empty": False, "maxlength": 1000} | rules


LOGIN: Schema = {
    "username": text(255, required=True),
    # Too long for any account is wrong, not malformed.
    "password": password(required=True, maxlength=1_000_000),
}
