"""John Doe of the documented examples, and other accounts with a hash of one's choice."""

from typing import Any

import bcrypt

from tests.api import Api

JOHN = "user@example.com"


def hashed(password: str, cost: int = 4, kind: bytes = b"2b") -> str:
    """A bcrypt hash as other programs make them: `$2a$`, `$2b$` or `$2y$`."""
    made = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(cost))
    return "$" + kind.decode() + made.decode()[3:]


async def account(api: Api, username: str, password_hash: str, **columns: object) -> int:
    """A row of `users`; its id."""
    values: dict[str, Any] = {
        "username": username, "name": "John Doe", "email": None, "role": "employee",
        "active": True, "password_hash": password_hash, **columns,
    }  # fmt: skip
    names = ", ".join(values)
    holders = ", ".join(f"%({name})s" for name in values)
    rows = await api.sql(f"INSERT INTO users ({names}) VALUES ({holders}) RETURNING id", **values)
    made: int = rows[0]["id"]
    return made


async def john_doe(api: Api, password: str) -> int:
    """The documented user: `user@example.com`, John Doe, admin; its id."""
    return await account(api, JOHN, hashed(password), email=JOHN, role="admin")


async def token_of(api: Api, username: str, password: str) -> str:
    """A token by login."""
    answer = await api.post("/api/auth/login", {"username": username, "password": password})
    assert answer.status == 200, answer.body
    token: str = answer.json["token"]
    return token
