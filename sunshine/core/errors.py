"""The errors a request can end in, in business terms; sunshine/web/handler.py maps them to HTTP.

Every error has a message for people, a stable `code` for programs and, if single fields are at
fault, `errors`: a list of `{"field", "message"}` with the first MAX_NAMED of them. `omitted` is the
number of the others.
"""

from collections.abc import Iterable, Mapping
from typing import Any

# Nobody fixes more at a time, and a response must not grow with the request.
MAX_NAMED = 20
MAX_WORDS = 200  # characters of a submitted name or value that an error quotes


def shortened(text: str, most: int = MAX_WORDS) -> str:
    """Return a submitted text as errors quote it: cut after `most` characters."""
    return text if len(text) <= most else f"{text[:most]}…"


class AppError(Exception):
    """A request that cannot be fulfilled. `data` is what the client needs to continue."""

    code = "failed"
    message = "The request could not be completed"

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        errors: "list[dict[str, Any]] | Faults | None" = None,
        data: Any = None,
    ) -> None:
        super().__init__(message or self.message)
        self.message = message or self.message
        self.code = code or self.code
        faults = errors if isinstance(errors, Faults) else Faults(errors or ())
        self.errors = faults.named
        self.omitted = faults.omitted
        self.data = data


class Faults:
    """Collects field errors in order: keeps the first MAX_NAMED, counts the rest.

    False if there are none.
    """

    def __init__(self, errors: Iterable[dict[str, Any]] = ()) -> None:
        self.named: list[dict[str, Any]] = []
        self.omitted = 0
        self.extend(errors)

    def __bool__(self) -> bool:
        return bool(self.named or self.omitted)

    def add(self, error: dict[str, Any]) -> None:
        """Add one error."""
        if len(self.named) < MAX_NAMED:
            self.named.append(error)
        else:
            self.omitted += 1

    def extend(self, errors: Iterable[dict[str, Any]], omitted: int = 0) -> None:
        """Add the errors, and `omitted` more that are only counted."""
        for error in errors:
            self.add(error)
        self.omitted += omitted


class Invalid(AppError):
    """The payload contains an invalid value."""

    code = "validation_failed"
    message = "Validation failed"

    @classmethod
    def field(cls, field: str, message: str, *, code: str | None = None) -> "Invalid":
        """Return the error for one invalid field."""
        return cls(code=code, errors=[{"field": field, "message": message}])


class NotSignedIn(AppError):
    """The caller is unknown: no token, or a token that is invalid, expired or revoked."""

    code = "not_signed_in"
    message = "Authentication required"


class NotAllowed(AppError):
    """The caller is known but lacks the permission."""

    code = "not_allowed"
    message = "Access denied"


class NoEmployee(NotAllowed):
    """The caller is known but is not linked to an employee, and the action is for employees."""

    code = "no_employee"
    message = (
        "This account is linked to no employee: name one where the request can (employeeId), or"
        " have it linked by an admin, or with `sunshine users link NAME EMPLOYEE_ID`"
    )


class PasswordDue(NotAllowed):
    """An admin has required a new password; until it is set, every other request is refused."""

    code = "password_change_required"
    message = "Choose a new password first: PUT /api/users/:id with password and currentPassword"


class NotFound(AppError):
    """No such row, path or file."""

    code = "not_found"
    message = "Not found"


class Conflict(AppError):
    """Valid in itself, but in conflict with the current state: taken, overlapping, already
    decided."""

    code = "conflict"
    message = "This conflicts with the present state"

    @classmethod
    def field(cls, field: str, message: str, *, code: str | None = None) -> "Conflict":
        """Return the error for one field that collides with another row."""
        return cls(message, code=code, errors=[{"field": field, "message": message}])


class TooLarge(AppError):
    """The body has more bytes than the server accepts."""

    code = "too_large"
    message = "Request body is too large"


class StorageFull(AppError):
    """There is no space left, and a retry will not help.

    `where` is the database without space, or `storage` for files.
    """

    code = "storage_full"
    message = "There is no room left for files"

    def __init__(self, where: str = "storage") -> None:
        super().__init__(None if where == "storage" else "The database has no room left")
        self.where = where


class UnsupportedMedia(AppError):
    """The endpoint does not read this kind of body."""

    code = "unsupported_media_type"
    message = "Content-Type must be application/json"


class TooMany(AppError):
    """Too many requests. `standing` is the limit and what is left of it.

    The client may retry after `retry_after` seconds.
    """

    code = "too_many_requests"
    message = "Too many requests"

    def __init__(self, standing: Any, *, retry_after: int) -> None:
        super().__init__()
        self.standing = standing
        self.retry_after = retry_after


class Unavailable(AppError):
    """Something the server depends on does not respond; the same request may succeed in a
    moment."""

    code = "unavailable"
    message = "Service temporarily unavailable"


# Constraint name -> the business error its violation means. Rule modules register theirs next to
# the statements that can violate them; sunshine/database/database.py reads the table.
VIOLATIONS: dict[str, AppError] = {}


def violations(meanings: Mapping[str, AppError]) -> None:
    """Register the business error for each named constraint. A constraint has one meaning."""
    known = VIOLATIONS.keys() & meanings.keys()
    if known:
        raise ValueError(f"constraints have a meaning already: {sorted(known)}")
    VIOLATIONS.update(meanings)
