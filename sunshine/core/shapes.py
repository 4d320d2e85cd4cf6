"""What comes out: the shapes of answers, made of the same kinds of field as payloads (fields.py).

Every field of a shape is in the answer, null where it is nullable, unless it is `sometimes` there.
What a payload says of its fields is not said again: `shown(CREATE)`. The names are those of the
description (sunshine/web/openapi.py); the tests check every answer against it.
"""

from dataclasses import dataclass
from typing import Any

from sunshine.core.fields import Field, Schema, instant, row_id

# What a payload's field says of a value whichever way it goes.
_LASTING = ("type", "allowed", "nullable", "allow_unknown", "example", "coerce")


@dataclass(frozen=True, eq=False)
class Shape:
    """An object in answers: its name in the description, and its fields."""

    name: str
    fields: Schema


def resource_shape(name: str, schema: Schema, **more: Field) -> Shape:
    """A row: `id`, the payload's fields as they are shown, `more`, and when it was made."""
    stamps = {"createdAt": instant(), "updatedAt": instant()}
    return Shape(name, {"id": row_id(), **response_fields(schema), **more, **stamps})


def response_fields(schema: Schema, *, but: tuple[str, ...] = ()) -> Schema:
    """A payload's fields as answers have them: without what only a sender must heed."""
    return {name: _lasting(field) for name, field in schema.items() if name not in but}


def optional(field: Field) -> Field:
    """A field that an answer may leave out."""
    return field | {"required": False}


def optional_fields(schema: Schema) -> Schema:
    """Fields that an answer may leave out, all of them or each by itself."""
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
