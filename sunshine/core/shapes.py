"""The shapes of responses, built from the same field types as payloads (fields.py).

Every field of a shape is in the response, null if it is nullable, unless it is `optional`. A
payload's fields are not declared twice: `response_fields(CREATE)`. The names are those of the
OpenAPI description (sunshine/web/openapi); the tests check every response against it.
"""

from dataclasses import dataclass
from typing import Any

from sunshine.core.fields import Field, Schema, instant, row_id

# The rules of a payload's field that also hold in responses.
_LASTING = ("type", "allowed", "nullable", "allow_unknown", "example", "coerce")


@dataclass(frozen=True, eq=False)
class Shape:
    """An object in responses: its name in the OpenAPI description, and its fields."""

    name: str
    fields: Schema


def resource_shape(name: str, schema: Schema, **more: Field) -> Shape:
    """A row: `id`, the payload's fields as responses show them, `more`, and its timestamps."""
    stamps = {"createdAt": instant(), "updatedAt": instant()}
    return Shape(name, {"id": row_id(), **response_fields(schema), **more, **stamps})


def response_fields(schema: Schema, *, but: tuple[str, ...] = ()) -> Schema:
    """A payload's fields as responses show them: without the rules that only bind the sender."""
    return {name: _lasting(field) for name, field in schema.items() if name not in but}


def optional(field: Field) -> Field:
    """A field that a response may omit."""
    return field | {"required": False}


def optional_fields(schema: Schema) -> Schema:
    """Fields that a response may omit, together or individually."""
    return {name: optional(field) for name, field in schema.items()}


def object_of(shape: Shape, **rules: Any) -> Field:
    """An object of that shape."""
    return {"type": "dict", "shape": shape} | rules


def array_of(shape: Shape, **rules: Any) -> Field:
    """A list of objects of that shape."""
    return {"type": "list", "schema": object_of(shape)} | rules


def string(**rules: Any) -> Field:
    """Text of any length."""
    return {"type": "string"} | rules


def any_object(**rules: Any) -> Field:
    """Any JSON object."""
    return {"type": "dict", "allow_unknown": True} | rules


def _lasting(field: Field) -> Field:
    kept = {rule: field[rule] for rule in _LASTING if rule in field}
    if field["type"] == "list":
        kept["schema"] = _lasting(field["schema"])
    elif "schema" in field:
        kept["schema"] = {
            name: _lasting(part) | ({} if part.get("required") else {"required": False})
            for name, part in field["schema"].items()
        }
    return kept
