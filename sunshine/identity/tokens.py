"""JSON Web Tokens: signed at login, read at each request. Whose a token is: resolver.py."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from sunshine.core.errors import NotSignedIn
from sunshine.core.json import clean

AUDIENCES = {"user": "sunshine", "driver": "sunshine-fleet"}
_REQUIRED = ["id", "username", "role", "iat", "exp", "jti", "typ", "aud", "ver"]
_WHOLE = ("id", "iat", "exp", "ver")
_TEXT = ("username", "role", "jti", "typ", "aud")
_MAX_TEXT = 255  # characters, as columns have them
_JTI = re.compile(r"[A-Za-z0-9_-]{8,64}")
_ID = range(1, 2**31)
_VERSION = range(2**31)
# From 1970 to the end of 9998: every instant that can be calculated with.
_TIMES = range(253_370_764_800)
# Ours are under 500 bytes; nobody needs a long one parsed.
_MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Claims:
    """A token's claims. `exp` in seconds since the epoch; `ver` is the account's token version."""

    kind: str
    id: int
    jti: str
    exp: int
    ver: int


@dataclass(frozen=True)
class Tokens:
    """Signs and reads tokens with one secret, HS256 only."""

    secret: str
    lifetime: timedelta

    def sign(
        self, kind: str, *, id_: int, username: str, role: str, version: int, now: datetime
    ) -> str:
        """Return a new token of a user or driver, valid from `now` for the configured lifetime."""
        claims: dict[str, Any] = {
            "id": id_,
            "username": username,
            "role": role,
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": secrets.token_hex(16),
            "typ": kind,
            "aud": AUDIENCES[kind],
            "ver": version,
        }
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def read(self, token: str) -> Claims:
        """Return the claims of a token we signed, expired or not; NotSignedIn for any other."""
        try:
            if len(token) > _MAX_LENGTH:
                raise NotSignedIn
            claims = jwt.decode(
                token,
                self.secret,
                algorithms=["HS256"],
                audience=list(AUDIENCES.values()),
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError):
            raise NotSignedIn from None
        if not _is_ours(claims):
            raise NotSignedIn
        return Claims(claims["typ"], claims["id"], claims["jti"], claims["exp"], claims["ver"])


def _is_ours(claims: dict[str, Any]) -> bool:
    """Return whether `sign` could have written each claim: programs with the secret may write
    others, which the database would reject with an error."""
    return (
        all(type(claims[name]) is int for name in _WHOLE)
        and all(type(claims[name]) is str for name in _TEXT)
        and all(len(claims[name]) <= _MAX_TEXT and clean(claims[name]) for name in _TEXT)
        and _JTI.fullmatch(claims["jti"]) is not None
        and claims["id"] in _ID
        and claims["ver"] in _VERSION
        and claims["iat"] in _TIMES
        and claims["exp"] in _TIMES
        and AUDIENCES.get(claims["typ"]) == claims["aud"]
    )
