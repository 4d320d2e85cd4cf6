"""DIR and its folders: the original's resources tree, and the server's private files."""

import os
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

from sunshine.core.settings import Settings

STATIC = (
    "employee", "ticketing", "branding-approval",
    "cms/ad", "cms/blog", "cms/training", "cms/department", "onapps/voucher",
)  # fmt: skip


def make(settings: Settings) -> None:
    """Create the missing folders. OSError if DIR cannot be written."""
    for name in (*(f"static/{part}" for part in STATIC), "temp"):
        (settings.directory / name).mkdir(parents=True, exist_ok=True)
    # Passable but not listable: as root, PostgreSQL runs as another user and must get through.
    settings.private.mkdir(mode=0o711, exist_ok=True)
    if not os.access(settings.directory / "temp", os.W_OK):
        raise PermissionError(f"{settings.directory}: cannot be written")


def with_secret(settings: Settings) -> Settings:
    """Return the settings with a signing secret: the configured one, or one generated at first
    start.

    Production refuses to start without a configured one (sunshine/core/unsafe_settings.py).
    """
    if settings.jwt_secret:
        return settings
    file = settings.private / "jwt_secret"
    if not file.exists():
        _write_once(file, secrets.token_urlsafe(48))
    return replace(settings, jwt_secret=file.read_text(encoding="ascii").strip())


def _write_once(file: Path, text: str) -> None:
    """Write a file completely or not at all; the first of two concurrent writers wins."""
    handle, part = tempfile.mkstemp(dir=file.parent)  # readable by the owner only
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(text)
        os.link(part, file)
    except FileExistsError:
        pass
    finally:
        os.unlink(part)
