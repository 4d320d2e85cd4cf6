"""JSON Web Tokens: signed at login, read at each request. Whose they are: principals.py."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from sunshine.errors import NotSignedIn

AUDIENCES = {"user": "sunshine", "driver": "sunshine-fleet"}
_REQUIRED = ["id", "username", "role", "iat", "exp", "jti", "typ", "aud", "ver"]
_WHOLE = ("id", "iat", "exp", "ver")
_TEXT = ("username", "role", "jti", "typ", "aud")
# Ours are under 500 bytes; nobody needs a long one parsed.
_MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. `exp` in seconds since the epoch; `ver` is the account's token version."""

    kind: str
    id: int
    jti: str
    exp: int
    ver: int


@dataclass(frozen=True)
class Tokens:
    """Signs and reads with one secret, HS256 only."""

    secret: str
    lifetime: timedelta

    def sign(
        self, kind: str, *, id_: int, username: str, role: str, version: int, now: datetime
    ) -> str:
        """A new token of a user or driver, valid from `now` for the configured lifetime."""
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
        """The claims of a token we signed, whatever its age; NotSignedIn for any other."""
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
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise NotSignedIn from None
        whole = all(type(claims[name]) is int for name in _WHOLE)
        text = all(type(claims[name]) is str for name in _TEXT)
        if not (whole and text) or AUDIENCES.get(claims["typ"]) != claims["aud"]:
            raise NotSignedIn
        return Claims(claims["typ"], claims["id"], claims["jti"], claims["exp"], claims["ver"])
