"""A route's method: permissions, request and responses, described by its docstring."""

from typing import Any

from sunshine.core.fields import MAX_ID, Schema
from sunshine.core.principals import GRANTABLE, ROLE_PERMISSIONS, implied
from sunshine.web.guards import (
    CSV,
    FORM,
    Guard,
    allowed_address,
    content_reader,
    feed_reader,
    public,
    signed_url,
)
from sunshine.web.openapi import prose
from sunshine.web.openapi.components import Components
from sunshine.web.openapi.schemas import Json, example_of
from sunshine.web.openapi.tags import tag
from sunshine.web.response_specs import Reply
from sunshine.web.routes import Route
from sunshine.web.sockets import SocketRoute

_TEXT: Json = {"type": "string", "minLength": 1}
# Parameters that guards read directly from the query string.
_ASKED: dict[str, list[Json]] = {
    signed_url.name: [
        {"name": "e", "in": "query", "required": False, "schema": {"type": "string"},
         "description": "When the signed URL expires."},
        {"name": "s", "in": "query", "required": False, "schema": {"type": "string"},
         "description": "Its signature."},
    ],
    feed_reader.name: [
        {"name": "token", "in": "query", "required": False, "schema": {"type": "string"},
         "description": "The feed's token, from its URL."},
    ],
}  # fmt: skip
# Bodies that are not JSON.
_RAW: dict[str | None, Json] = {
    CSV: {"type": "string"},
    FORM: {
        "title": "UploadForm",
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    },
}
# Endpoints without a token; at the other open ones a token is optional or an alternative.
_TOKENLESS = {public.name, allowed_address.name}
OPEN = {*_TOKENLESS, signed_url.name, feed_reader.name, content_reader.name}


def operation(route: Route, method: str, components: Components) -> Json:
    """Return the Operation Object of a route's method."""
    guards = route.guards[method]
    summary, rule = prose.words(route, method)
    access = ", ".join(guard.name for guard in guards if guard.tells_access)
    name = prose.operation_id(route.path, method)
    written: Json = {
        "operationId": name,
        "tags": [tag(route.path)],
        "summary": summary,
        "description": "\n\n".join(filter(None, (rule, _who(guards), _also(method)))),
        "x-permission": access,
    }
    if guards[0].name in OPEN:
        tokenless = guards[0].name in _TOKENLESS
        written["security"] = [] if tokenless else [{}, {"x-access-token": []}]
    parameters = [*_path_parameters(route), *_query_parameters(guards, components)]
    parameters += _ASKED.get(guards[0].name, [])
    if method == "POST" and guards[0] is not public:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if parameters:
        written["parameters"] = parameters
    if body := _body(guards, name, components):
        written["requestBody"] = body
    written["responses"] = _responses(route, method, components)
    if isinstance(route, SocketRoute):
        written["x-websocket"] = prose.websocket(route)
    return written


def _who(guards: list[Guard]) -> str:
    """Return the guards as a sentence."""
    if guards[0] is public:
        return "**Who may:** anybody, without a token."
    said = [f"**Who may:** {guards[0].name}"]
    for permissions in (guard.permissions for guard in guards if guard.permissions):
        held = [role for role in ROLE_PERMISSIONS if _holds(role, permissions)]
        named = " or ".join(f"`{permission}`" for permission in permissions)
        given = any(permission in implied(GRANTABLE) for permission in permissions)
        also = ", and users to whom an admin granted it" if given else ""
        said.append(f"with {named} ({', '.join(held) or 'drivers'}{also})")
    return f"{', '.join(said)}."


def _holds(role: str, permissions: tuple[str, ...]) -> bool:
    return not implied(ROLE_PERMISSIONS[role]).isdisjoint(permissions)


def _also(method: str) -> str:
    return "`PATCH` does the same." if method == "PUT" else ""


def _path_parameters(route: Route) -> list[Json]:
    found = []
    for part in route.parts:
        if part.startswith("{"):
            name, _, kind = part.strip("{}").partition(":")
            number = {"type": "integer", "minimum": 1, "maximum": MAX_ID, "examples": [1]}
            said = {"name": prose.parameter(name), "in": "path", "required": True}
            found.append(said | {"schema": _TEXT if kind else number})
    return found


def _query_parameters(guards: list[Guard], components: Components) -> list[Json]:
    asked: Schema = {}
    for guard in guards:
        asked |= guard.query.schema if guard.query else {}
    return [
        {
            "name": name,
            "in": "query",
            "required": bool(field.get("required")),
            "schema": components.writer.field(field, name),
        }
        | prose.about_parameter(name)
        for name, field in asked.items()
    ]


def _body(guards: list[Guard], name: str, components: Components) -> Json | None:
    guard = next((guard for guard in guards if guard.media), None)
    if guard is None:
        return None
    if guard.media in _RAW:
        return {"required": True, "content": {guard.media: {"schema": _RAW[guard.media]}}}
    assert guard.body  # noqa: S101 - for mypy
    schema = components.payload(guard.body.schema, f"{name[0].upper()}{name[1:]}Body")
    if guard.many:
        several = {"type": "array", "items": schema, "minItems": 1, "maxItems": guard.many}
        schema = {"title": "One or many", "anyOf": [schema, several]}
    content = {"schema": schema, "example": example_of(guard.body.schema)}
    return {"required": True, "content": {guard.media: content}}


def _responses(route: Route, method: str, components: Components) -> Json:
    replies = route.replies[method]
    written = {}
    for status in sorted({reply.status for reply in replies}):
        written[str(status)] = _success([r for r in replies if r.status == status], components)
    for status, codes in sorted(_failures(route, method).items()):
        written[str(status)] = components.failure(status, frozenset(codes))
    return written


def _success(replies: list[Reply], components: Components) -> Json:
    content: Json = {}
    for reply in replies:
        for media in reply.media:
            content[media] = _content(reply, components) if reply.kind != "file" else {}
    return {"description": prose.success(replies), **({"content": content} if content else {})}


def _content(reply: Reply, components: Components) -> Json:
    shape = {"$ref": components.shape(reply.shape)} if reply.shape else None
    sample = example_of(reply.shape.fields, answer=True) if reply.shape else {}
    if reply.kind == "whole":
        return {"schema": shape, "example": sample}
    properties: Json = {"success": {"const": True}}
    example: dict[str, Any] = {"success": True}
    if reply.kind == "page":
        properties["data"] = {"type": "array", "items": shape}
        properties["pagination"] = {"$ref": "#/components/schemas/Pagination"}
        example |= {"data": [sample]}
        example["pagination"] = {"page": 1, "perPage": 20, "total": 1, "totalPages": 1}
    elif reply.kind == "data":
        properties["data"] = {"anyOf": [shape, {"type": "null"}]} if reply.nullable else shape
        example |= {"data": sample}
    required = list(properties)
    if reply.kind != "page":
        properties["message"] = {"type": "string", "description": "For a person."}
    if reply.kind == "message":
        required.append("message")
        example["message"] = "Done"
    # Generators name types by titles: a title that many share would be numbered.
    name = reply.shape.name if reply.shape else ""
    data = f"{name}Made" if reply.status == 201 else f"{name}Answer"  # one may answer both
    title = {"page": f"{name}Page", "data": data, "message": "Done"}[reply.kind]
    schema = {"title": title, "type": "object", "properties": properties, "required": required}
    return {"schema": schema, "example": example}


def _failures(route: Route, method: str) -> dict[int, set[str]]:
    """Return the possible errors, each with the codes this route has besides the common ones."""
    guards = route.guards[method]
    found: dict[int, set[str]] = {400: set(), 500: set(), 503: set(), 507: {"storage_full"}}
    if guards[0].name not in _TOKENLESS:
        found[401] = set()
        if not route.handler.own_account:  # a new password may be required first
            found[403] = set()
    if any(guard.permissions for guard in guards) or guards[0].forbids:
        found[403] = set()
    if "{" in route.path:
        found[404] = set()
    if any(guard.media for guard in guards):
        found |= {413: set(), 415: set()}
    if route.path.startswith(("/api/", "/ws/")):
        found[429] = set()
    if guards[0] is not public and (method != "GET" or not route.handler.safe):
        found[409] = set()
    if guards[0] is not public and method == "POST":
        found[400].add("idempotency_key_reused")
        found[409].add("idempotency_in_progress")
    for refusal in route.refusals[method]:
        found.setdefault(refusal.status, set()).update(refusal.codes)
    return found
