"""The service account for push messages: a file downloaded from the Firebase console.

Nothing is sent yet. The file is checked when the settings are read, not months later by the first
message.
"""

import json
from dataclasses import dataclass
from pathlib import Path

_MOST = 64 * 1024  # bytes; such a file has about two thousand
_NEEDED = ("project_id", "client_email", "private_key")


@dataclass(frozen=True)
class ServiceAccount:
    """The project and the account of a service account file."""

    project: str
    email: str


def service_account(path: str) -> ServiceAccount:
    """Read the file; ValueError, worded to follow the file's name, if it is not a service
    account."""
    try:
        with Path(path).expanduser().open("rb") as stream:
            content = stream.read(_MOST + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from None
    try:
        found = json.loads(content) if len(content) <= _MOST else None
    except (ValueError, RecursionError):
        raise ValueError("is no JSON, and so no service account of Firebase") from None
    if not isinstance(found, dict) or found.get("type") != "service_account":
        raise ValueError('is no service account of Firebase: its "type" is another')
    for name in _NEEDED:
        if not isinstance(found.get(name), str) or not found[name].strip():
            raise ValueError(f"is no whole service account of Firebase: {name} is missing")
    if "-----BEGIN PRIVATE KEY-----" not in found["private_key"]:
        raise ValueError("is no whole service account of Firebase: private_key is no key")
    return ServiceAccount(found["project_id"], found["client_email"])
