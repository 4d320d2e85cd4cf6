"""What can go wrong, in business words; sunshine/web/handler.py turns them into HTTP.

Every error has a message fit for a person, a stable `code` for a program, and, where single
fields are at fault, `errors` as a list of `{"field", "message"}`: the first MAX_NAMED of them, and
in `omitted` how many there are beside.
"""

from collections.abc import Iterable, Mapping
from typing import Any

# Nobody mends more at once, and an answer must not grow with what was sent.
MAX_NAMED = 20
MAX_WORDS = 200  # characters of a name or a value that an error repeats


def shortened(text: str, most: int = MAX_WORDS) -> str:
    """A text that somebody sent, as an error repeats it: its beginning where it is long."""
    return text if len(text) <= most else f"{text[:most]}…"


class AppError(Exception):
    """A request that cannot be done as asked. `data` is what the asker needs to go on."""

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
    """Field errors in the order in which they are found: MAX_NAMED are kept, the rest is counted.

    False where there is none.
    """

    def __init__(self, errors: Iterable[dict[str, Any]] = ()) -> None:
        self.named: list[dict[str, Any]] = []
        self.omitted = 0
        self.extend(errors)

    def __bool__(self) -> bool:
        return bool(self.named or self.omitted)

    def add(self, error: dict[str, Any]) -> None:
        """One more."""
        if len(self.named) < MAX_NAMED:
            self.named.append(error)
        else:
            self.omitted += 1

    def extend(self, errors: Iterable[dict[str, Any]], omitted: int = 0) -> None:
        """All of these, and so many that are not named any more."""
        for error in errors:
            self.add(error)
        self.omitted += omitted


class Invalid(AppError):
    """The payload says something that cannot be."""

    code = "validation_failed"
    message = "Validation failed"

    @classmethod
    def field(cls, field: str, message: str, *, code: str | None = None) -> "Invalid":
        """One field is wrong."""
        return cls(code=code, errors=[{"field": field, "message": message}])


class NotSignedIn(AppError):
    """Nobody is known to ask: no token, or one that is wrong, expired or ended."""

    code = "not_signed_in"
    message = "Authentication required"


class NotAllowed(AppError):
    """Somebody known asks for what is not theirs."""

    code = "not_allowed"
    message = "Access denied"


class NoEmployee(NotAllowed):
    """Somebody known who does not work here, as far as we know, asks for what employees do."""

    code = "no_employee"
    message = (
        "This account is linked to no employee: name one where the request can (employeeId), or"
        " have it linked by an admin, or with `sunshine users link NAME EMPLOYEE_ID`"
    )


class PasswordDue(NotAllowed):
    """An admin asked for a new password: until there is one, nothing else is to be done."""

    code = "password_change_required"
    message = "Choose a new password first: PUT /api/users/:id with password and currentPassword"


class NotFound(AppError):
    """No such row, path or file."""

    code = "not_found"
    message = "Not found"


class Conflict(AppError):
    """Right in itself, but not in the present state: taken, overlapping, already decided."""

    code = "conflict"
    message = "This conflicts with the present state"

    @classmethod
    def field(cls, field: str, message: str, *, code: str | None = None) -> "Conflict":
        """One field collides with another row."""
        return cls(message, code=code, errors=[{"field": field, "message": message}])


class TooLarge(AppError):
    """More bytes than we take."""

    code = "too_large"
    message = "Request body is too large"


class StorageFull(AppError):
    """There is no room; a retry will not find any either. `where` is the database that has none, or
    `storage`: where files are."""

    code = "storage_full"
    message = "There is no room left for files"

    def __init__(self, where: str = "storage") -> None:
        super().__init__(None if where == "storage" else "The database has no room left")
        self.where = where


class UnsupportedMedia(AppError):
    """Not the kind of body this endpoint reads."""

    code = "unsupported_media_type"
    message = "Content-Type must be application/json"


class TooMany(AppError):
    """Called too often. `standing` is the limit and what is left of it; try again in `retry_after`
    seconds."""

    code = "too_many_requests"
    message = "Too many requests"

    def __init__(self, standing: Any, *, retry_after: int) -> None:
        super().__init__()
        self.standing = standing
        self.retry_after = retry_after


class Unavailable(AppError):
    """A part we rely on does not answer; the same request may succeed in a moment."""

    code = "unavailable"
    message = "Service temporarily unavailable"


# A broken constraint by its name -> the business error it means. Rule modules fill it in beside
# the statements that can break it; sunshine/database/database.py reads it.
VIOLATIONS: dict[str, AppError] = {}


def violations(meanings: Mapping[str, AppError]) -> None:
    """Say what breaking each named constraint means. A name has one meaning."""
    known = VIOLATIONS.keys() & meanings.keys()
    if known:
        raise ValueError(f"constraints have a meaning already: {sorted(known)}")
    VIOLATIONS.update(meanings)
