"""Shared definitions of the document: named schemas, common errors, parameters."""

import sys
from functools import lru_cache

from sunshine.core.errors import MAX_NAMED
from sunshine.core.fields import Schema
from sunshine.core.shapes import Shape
from sunshine.web.idempotency import HEADER, MAX_LENGTH
from sunshine.web.openapi.schemas import Json, SchemaWriter, example_of

_COUNT: Json = {"type": "integer", "minimum": 0}
PAGINATION: Json = {
    "type": "object",
    "description": "Where a page stands in the whole list.",
    "properties": {
        "page": {"type": "integer", "minimum": 1},
        "perPage": {"type": "integer", "minimum": 1, "maximum": 100},
        "total": _COUNT | {"description": "Exact up to 10,000, then the planner's estimate."},
        "totalPages": _COUNT,
        "totalIsEstimate": {"type": "boolean", "description": "There where `total` is none."},
        "nextCursor": {"type": "string", "description": "What `cursor` goes on with."},
    },
    "required": ["page", "perPage", "total", "totalPages"],
    "examples": [{"page": 1, "perPage": 20, "total": 1, "totalPages": 1}],
}
FAILURE: Json = {
    "type": "object",
    "description": "The one shape of all errors.",
    "properties": {
        "success": {"const": False},
        "message": {"type": "string", "description": "For a person."},
        "errors": {
            "type": "array",
            "description": "The fields at fault, if single fields are; the first 20 of them.",
            "maxItems": MAX_NAMED,
            "items": {
                "type": "object",
                "title": "Fault",
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                    "line": {"type": "integer", "description": "Of a file, from 1."},
                },
                "required": ["field", "message"],
            },
        },
        "errorsOmitted": {
            "type": "integer",
            "minimum": 1,
            "description": "How many more fields are at fault; not there where all are named.",
        },
        "code": {"type": "string", "description": "For a program; it stays the same."},
        "data": {"description": "What the caller needs to go on, where there is such a thing."},
        "requestId": {"type": "string", "description": "With 500: what to tell the admin."},
    },
    "required": ["success", "message", "errors", "code"],
}

_AGAIN: Json = {
    "Retry-After": {
        "description": "Seconds to wait.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    }
}
# By status: its meaning, the codes that any endpoint may return with it, headers.
COMMON: dict[int, tuple[str, tuple[str, ...], Json]] = {
    400: (
        "The request is not valid; `errors` names the fields.",
        ("validation_failed", "invalid_json", "bad_request"),
        {},
    ),
    401: (
        "No token, or one that is invalid, expired or revoked.",
        ("not_signed_in",),
        {
            "WWW-Authenticate": {
                "description": "The header for the token.",
                "required": True,
                "schema": {"type": "string"},
            }
        },
    ),
    403: (
        "The caller lacks the permission, or it is not their row.",
        ("not_allowed", "no_employee", "password_change_required"),
        {},
    ),
    404: ("Not found.", ("not_found",), {}),
    409: ("It conflicts with the current state.", ("busy",), {}),
    413: ("More than 10 MiB.", ("too_large",), {}),
    415: ("The endpoint does not read this Content-Type.", ("unsupported_media_type",), {}),
    429: ("Too many requests.", ("too_many_requests",), _AGAIN),
    500: ("An internal error; find it in the log by its `requestId`.", ("internal_error",), {}),
    503: (
        "Something the server depends on does not respond; the same request may succeed soon.",
        ("unavailable", "database_unavailable", "read_only", "deadline", "overloaded"),
        _AGAIN,
    ),
}
_NAMES = {
    400: "Invalid", 401: "NotSignedIn", 403: "NotAllowed", 404: "NotFound", 409: "Conflict",
    413: "TooLarge", 415: "UnsupportedMedia", 429: "TooMany", 500: "Crash", 503: "Unavailable",
}  # fmt: skip
IDEMPOTENCY: Json = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A retry with the same key within 24 hours gets the first one's answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
}


class Components:
    """Collects the definitions that operations refer to."""

    def __init__(self) -> None:
        self.schemas: dict[str, Json] = {"Failure": FAILURE, "Pagination": PAGINATION}
        self.responses: dict[str, Json] = {}
        self.writer = SchemaWriter(self.shape)
        self._shapes: dict[str, Shape] = {}

    def shape(self, shape: Shape) -> str:
        """Return a reference to a response shape."""
        if self._shapes.setdefault(shape.name, shape) is not shape:
            raise ValueError(f"two shapes are called {shape.name}")
        if shape.name not in self.schemas:
            self.schemas[shape.name] = {}  # it may contain itself
            self.schemas[shape.name] = self.writer.object(shape.fields, answer=True)
        return f"#/components/schemas/{shape.name}"

    def payload(self, schema: Schema, name: str) -> Json:
        """Return a reference to a payload's schema; `name` is used if it has no name of its own."""
        name = _payload_names().get(id(schema), name)
        if name not in self.schemas:
            self.schemas[name] = self.writer.object(schema)
            self.schemas[name]["examples"] = [example_of(schema)]
        return {"$ref": f"#/components/schemas/{name}"}

    def failure(self, status: int, codes: frozenset[str] = frozenset()) -> Json:
        """Return an error's response: the common one, or one with an endpoint's own `codes`."""
        if not codes and status in COMMON:
            name = _NAMES[status]
            self.responses.setdefault(name, _failure(status, codes))
            return {"$ref": f"#/components/responses/{name}"}
        return _failure(status, codes)

    def written(self) -> Json:
        """Return the document's `components`, except its security schemes."""
        return {
            "schemas": dict(sorted(self.schemas.items())),
            "responses": dict(sorted(self.responses.items())),
            "parameters": {"IdempotencyKey": IDEMPOTENCY},
        }


def _failure(status: int, codes: frozenset[str]) -> Json:
    meaning, common, headers = COMMON.get(status, ("", (), {}))
    all_codes = [*common, *sorted(codes.difference(common))]
    listed = ", ".join(f"`{code}`" for code in all_codes)
    written: Json = {
        "description": f"{meaning} `code`: {listed}.".strip(),
        "content": {
            "application/json": {
                "schema": {
                    # Generators name types by titles, so those of one operation must differ.
                    "title": f"Failure {status}",
                    "allOf": [
                        {"$ref": "#/components/schemas/Failure"},
                        {"properties": {"code": {"enum": all_codes}}},
                    ],
                }
            }
        },
    }
    return written | ({"headers": headers} if headers else {})


@lru_cache(maxsize=1)
def _payload_names() -> dict[int, str]:
    """The schemas of all modules by identity: `CREATE` of employees/schemas.py is EmployeesCreate,
    that of employees/positions_schemas.py PositionsCreate. The route table has loaded them."""
    found = {}
    for path, module in sys.modules.items():
        if path.startswith("sunshine.") and path.endswith("schemas"):
            folder, file = path.split(".")[-2:]
            found[folder if file == "schemas" else file.removesuffix("_schemas")] = module
    names: dict[int, str] = {}
    for name, module in sorted(found.items()):
        for constant, value in vars(module).items():
            if constant.isupper() and isinstance(value, dict):
                words = f"{name}_{constant}".lower().split("_")
                names.setdefault(id(value), "".join(word.capitalize() for word in words))
    return names
