"""Fields as JSON Schema (2020-12). Unknown rules and types are errors.

The field types: sunshine/core/fields.py and shapes.py.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sunshine.core.fields import Field, Schema

Json = dict[str, Any]

TYPES: dict[str, Json] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "money": {"type": "number"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array"},
    "dict": {"type": "object"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
    "datetime": {"type": "string", "format": "date-time"},
}
_LENGTH = {"string": "Length", "list": "Items", "dict": "Properties"}
_COERCED: dict[str, Json] = {
    **{name: {} for name in ("line", "prose", "digits", "decimal", "query_flag", "money")},
    **{name: {} for name in ("free_form", "date", "time", "instant")},  # their types say it
    "timezone": {"description": "The name of an IANA timezone, such as Asia/Jakarta."},
}
_CHECKED: dict[str, Json] = {"distinct": {"uniqueItems": True}, "finite": {}}
# Expressed by the containing object, or elsewhere in this module.
_ELSEWHERE = {
    "type", "required", "nullable", "schema", "shape", "allow_unknown", "example",
    "dependencies", "excludes", "needs", "instead_of",
}  # fmt: skip
_RULES: dict[str, Callable[[Any, Field], Json]] = {
    "allowed": lambda words, _: {"enum": list(words)},
    "min": lambda least, _: {"minimum": plain(least)},
    "max": lambda most, _: {"maximum": plain(most)},
    "minlength": lambda least, field: {f"min{_LENGTH[field['type']]}": least},
    "maxlength": lambda most, field: {f"max{_LENGTH[field['type']]}": most},
    "empty": lambda may, field: {} if may else {f"min{_LENGTH[field['type']]}": 1},
    # Ours must match the whole text.
    "regex": lambda pattern, _: {"pattern": f"^(?:{pattern})$"},
    "default": lambda value, field: {"default": _typed(value, field)},
    "coerce": lambda name, _: _COERCED[name],
    "check_with": lambda name, _: _CHECKED[name],
}

# Returns the reference to a named schema; None writes the schema where it is used.
Reference = Callable[[Any], str]


class SchemaWriter:
    """Writes fields; objects of a shape become references, which `refer` creates."""

    def __init__(self, refer: Reference) -> None:
        self._refer = refer

    def field(self, field: Field, name: str, *, answer: bool = False) -> Json:
        """Return one field's schema. In responses a field is required unless it says otherwise."""
        if "shape" in field:
            reference = {"$ref": self._refer(field["shape"])}
            return {"anyOf": [reference, {"type": "null"}]} if field.get("nullable") else reference
        written = dict(TYPES[field["type"]])
        for rule in field.keys() - _ELSEWHERE:
            written |= _RULES[rule](field[rule], field)
        if "example" in field:
            written["examples"] = [plain(field["example"])]
        if field["type"] == "list":
            written["items"] = self.field(field["schema"], singular(name), answer=answer)
        if field["type"] == "dict":
            inside = self.object(field.get("schema", {}), answer=answer)
            if field.get("allow_unknown"):
                inside["additionalProperties"] = True
            written |= {"title": title(name)} | inside
        return _nullable(written) if field.get("nullable") else written

    def object(self, schema: Schema, *, answer: bool = False) -> Json:
        """Return an object's schema.

        Payloads have no other fields; responses may get more one day.
        """
        written: Json = {
            "type": "object",
            "properties": {n: self.field(f, n, answer=answer) for n, f in schema.items()},
        }
        optional = {field.get("instead_of") for field in schema.values()}
        required = [
            name
            for name, field in schema.items()
            if field.get("required", answer) and name not in optional
        ]
        if required:
            written["required"] = required
        if not answer:
            written["additionalProperties"] = False
            written |= _together(schema)
        return written


def _together(schema: Schema) -> Json:
    """Return the rules that fields impose on each other."""
    wanted = {n: [f["dependencies"]] for n, f in schema.items() if "dependencies" in f}
    each = [sentence for name, field in schema.items() for sentence in _sentences(name, field)]
    said: Json = {"dependentRequired": wanted} if wanted else {}
    return said | ({"allOf": each} if each else {})


def _sentences(name: str, field: Field) -> list[Json]:
    """Return the rules that one field imposes on others, as schemas of the whole object."""
    said: list[Json] = []
    if other := field.get("excludes"):
        said.append({"not": _with(name, other)})
    if other := field.get("instead_of"):
        said.append({"anyOf": [_with(other), _with(name)]})
    for value, other in field.get("needs", {}).items():
        given = {"properties": {name: {"const": value}}, "required": [name]}
        filled = {"properties": {other: {"type": "string", "minLength": 1}}, "required": [other]}
        said.append({"if": given, "then": filled})
    return said


def _with(*names: str) -> Json:
    # Linters require a property to be declared where it is required.
    return {"properties": {name: {} for name in names}, "required": list(names)}


def _nullable(written: Json) -> Json:
    more: Json = {"type": [written["type"], "null"]}
    if "enum" in written:
        more["enum"] = [*written["enum"], None]
    return written | more


def _typed(value: Any, field: Field) -> Any:
    """Return a typed default; in queries defaults are text."""
    if field["type"] == "boolean" and isinstance(value, str):
        return value == "true"
    return int(value) if field["type"] == "integer" else plain(value)


def plain(value: Any) -> Any:
    """Return a number as JSON writes it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def title(name: str) -> str:
    """Convert `budgetUsed` to `Budget used`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: f" {m[1].lower()}", name).capitalize()


def singular(name: str) -> str:
    """Return the singular of a plural name."""
    return name.removesuffix("s")


# Examples.

_SAMPLES: dict[str, Any] = {
    "integer": 1, "number": 1.5, "money": 100, "boolean": True, "date": "2024-01-15",
    "time": "09:00", "datetime": "2024-01-15T08:00:00Z",
}  # fmt: skip


def example_of(schema: Schema, *, answer: bool = False) -> Json:
    """Return an example object; of a payload only fields that are required or have an example."""
    return {
        name: sample(field, name)
        for name, field in schema.items()
        if answer or field.get("required") or "example" in field
    }


def sample(field: Field, name: str) -> Any:
    """Return an example value: the field's own, or one that shows its type."""
    if "example" in field:
        return plain(field["example"])
    if "allowed" in field:
        return field["allowed"][0]
    if "shape" in field:
        return example_of(field["shape"].fields, answer=True)
    if field["type"] == "list":
        return [sample(field["schema"], singular(name))]
    if field["type"] == "dict":
        return example_of(field.get("schema", {}), answer=True)
    if field["type"] == "string":
        return "Asia/Jakarta" if field.get("coerce") == "timezone" else title(name)
    least = field.get("min", 0)
    return max(_SAMPLES[field["type"]], plain(least)) if least > 0 else _SAMPLES[field["type"]]
