"""The rows that the statements of accounts return; keys of answers as the API names them."""

from datetime import datetime
from typing import Any, NotRequired, TypedDict


class UserRow(TypedDict):
    """An account. Answers have `mustChangePassword` only while it is true."""

    id: int
    username: str
    name: str
    email: str | None
    role: str
    employeeId: int | None
    active: bool
    mustChangePassword: NotRequired[bool]
    permissions: list[str]
    createdAt: datetime
    updatedAt: datetime


class LinkedUserRow(UserRow):
    """An account, and the name of the employee whom it is linked to."""

    employee: str | None


class TokenVersionRow(TypedDict):
    """A locked account, and the version that its tokens must have."""

    id: int
    token_version: int


class EmployeeAccountRow(TypedDict):
    """The account that is linked to an employee."""

    id: int
    role: str
    active: bool


class NameRow(TypedDict):
    """The name of an employee."""

    name: str


class PasswordHashRow(TypedDict):
    """The stored hash of an account's password."""

    password_hash: str


class AccountRow(TypedDict):
    """An account, found by its username or email address."""

    id: int
    username: str
    name: str
    role: str
    active: bool
    password_hash: str
    token_version: int
    must_change_password: bool


class SignInAccountRow(AccountRow):
    """An account that somebody wants to sign in to; `known` is whether the network is."""

    unlocked_at: datetime | None
    known: bool


class SignInRow(TypedDict):
    """A sign-in, or a refusal."""

    id: int
    at: datetime
    outcome: str
    address: str | None
    client: str | None
    attempts: int


class UsernameRow(TypedDict):
    """Whose account it is."""

    id: int
    username: str


class IssuedToken(UsernameRow):
    """A token that was issued for a script."""

    token: str
    jti: str
    expiresAt: datetime


class EventActor(TypedDict):
    """Who caused an event: a user, a driver, the system; the name is that of then."""

    type: str
    id: int | None
    name: str


class EventEntry(TypedDict):
    """An event as the audit trail shows it."""

    seq: str
    at: datetime
    type: str
    entity: str
    entityId: int | None
    actor: EventActor
    requestId: str | None
    before: Any
    after: Any
