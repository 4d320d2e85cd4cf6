"""Every answer that the tests get, against the API's description. Called by tests/api.py.

A status, a media type, a field or an error's code that the description does not have is a failure,
and so is a field of it that is not there. The description: sunshine/web/openapi.
"""

import json
from functools import lru_cache
from typing import Any

import jsonschema_rs

from sunshine.web.openapi.document import describe
from sunshine.web.openapi.prose import written
from sunshine.web.routes import RouteTable

Json = dict[str, Any]
ALIASES = {"PATCH": "PUT"}
# Where the validators find what many schemas refer to: read once, not once by each of them.
COMPONENTS = "urn:sunshine:description"


class Description:
    """The document of a route table, and a validator for each of its responses."""

    def __init__(self, routes: RouteTable) -> None:
        self.routes = routes
        self.document = describe(routes, server="http://localhost:3601")
        parts = {"components": located(strict(self.document["components"]))}
        self._components = jsonschema_rs.Registry([(COMPONENTS, parts)])
        self._validators: dict[tuple[str, str, int], jsonschema_rs.Validator] = {}

    def check(self, method: str, path: str, status: int, media: str, body: bytes) -> None:
        """Fail, unless the description tells of this answer."""
        found = self.routes.find(path.partition("?")[0])
        if method in ("HEAD", "OPTIONS") or found is None or method not in found[0].methods:
            return
        asked = ALIASES.get(method, method).lower(), written(found[0].path)
        response = self.response(*asked, status)
        kind = media.partition(";")[0]
        content = response.get("content", {})
        assert kind in content or not body, (*asked, status, kind, "is not in the description")
        if kind == "application/json" and content[kind]:
            key = (*asked, status)
            if key not in self._validators:
                self._validators[key] = self.validator(content[kind]["schema"])
            self._validators[key].validate(json.loads(body))

    def response(self, method: str, path: str, status: int) -> Json:
        """The Response Object."""
        responses = self.document["paths"][path][method]["responses"]
        assert str(status) in responses, (method, path, status, "is not in the description")
        response: Json = responses[str(status)]
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].split("/")[-1]]
        return response

    def validator(self, schema: Json) -> jsonschema_rs.Validator:
        """Checks values against a schema of the document, to the last field."""
        return jsonschema_rs.validator_for(
            located(strict(schema)), validate_formats=True, registry=self._components
        )


def strict(schema: Any) -> Any:
    """The schema with no room for fields that it does not name: clients must bear new ones, we must
    describe them."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: part if name == "allOf" else strict(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def located(schema: Any) -> Any:
    """The schema with references that say where the components are."""
    if isinstance(schema, list):
        return [located(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: COMPONENTS + part if name == "$ref" and isinstance(part, str) else located(part)
        for name, part in schema.items()
    }


@lru_cache(maxsize=8)
def description(routes: RouteTable) -> Description:
    """That of a route table."""
    return Description(routes)
