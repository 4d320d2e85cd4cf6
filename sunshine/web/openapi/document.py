"""The whole document. What is said of one operation: operations.py."""

from sunshine import __version__
from sunshine.web.openapi import prose, tags
from sunshine.web.openapi.components import Components
from sunshine.web.openapi.operations import operation
from sunshine.web.openapi.schemas import Json
from sunshine.web.routes import RouteTable

TOKEN: Json = {
    "type": "apiKey",
    "in": "header",
    "name": "x-access-token",
    "description": "The `token` that `POST /api/auth/login` answers.",
}


def describe(routes: RouteTable, *, server: str) -> Json:
    """The description of all routes; `server` is the base URL that clients use."""
    components = Components()
    paths: dict[str, Json] = {}
    for route in routes:
        paths[prose.written(route.path)] = {
            method.lower(): operation(route, method, components)
            for method in route.guards
            if method not in ("PATCH", "HEAD")
        }
    used = dict.fromkeys(tags.tag(route.path) for route in routes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sunshine",
            "version": __version__,
            "summary": prose.SUMMARY,
            "description": prose.DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server.rstrip("/")}],
        "security": [{"x-access-token": []}],
        "tags": [{"name": name, "description": tags.TAGS[name]} for name in sorted(used)],
        "paths": paths,
        "components": components.written() | {"securitySchemes": {"x-access-token": TOKEN}},
    }
