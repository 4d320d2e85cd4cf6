"""The route table: a path, its handler, and per method the checks a request passes first, and what
comes back.

Access is data: it is printed (`sunshine routes`), documented and tested from here. A path holds
`{name}` for a row's id (digits), `{name:text}` for any other single part, and at its end
`{name:rest}` for all parts that are left.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from sunshine.core.json import clean
from sunshine.web.endpoint import Endpoint
from sunshine.web.guards import Guard
from sunshine.web.response_specs import Refusal, Reply

METHODS = ("GET", "POST", "PUT", "DELETE")


class Route:
    """One path. Refuses at import a method without guards, or guards without their method."""

    def __init__(
        self, path: str, handler: type[Endpoint], **methods: Sequence[Guard | Reply | Refusal]
    ) -> None:
        self.path = path
        self.handler = handler
        self.guards: dict[str, list[Guard]] = {
            method: [each for each in listed if not isinstance(each, Reply | Refusal)]
            for method, listed in methods.items()
        }
        self.replies = {m: [r for r in all_ if isinstance(r, Reply)] for m, all_ in methods.items()}
        self.refusals = {
            m: [r for r in all_ if isinstance(r, Refusal)] for m, all_ in methods.items()
        }
        self._check()
        # PUT merges, so PATCH means the same; HEAD is GET without the body.
        if "PUT" in methods:
            self.guards["PATCH"] = self.guards["PUT"]
        if "GET" in methods and handler.safe:
            self.guards["HEAD"] = self.guards["GET"]
        self.parts = _parts(path)
        self.methods = frozenset(self.guards)
        self.allow = ", ".join(sorted({*self.methods, "OPTIONS"}))

    def _check(self) -> None:
        has = {method for method in METHODS if method.lower() in self.handler.offers()}
        if has != self.guards.keys():
            raise ValueError(f"{self.path}: methods {sorted(has)}, guards {sorted(self.guards)}")
        for method, guards in self.guards.items():
            if not guards or not guards[0].decides_access:
                raise ValueError(f"{self.path} {method}: say who may call it first, or `public`")


class _Node:
    __slots__ = ("literals", "number", "rest", "route", "text")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.number: tuple[str, _Node] | None = None
        self.text: tuple[str, _Node] | None = None
        self.rest: tuple[str, _Node] | None = None
        self.route: Route | None = None


class RouteTable:
    """Finds a path's route in one walk over its parts; literal parts win over parameters."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = list(routes)
        self._root = _Node()
        for route in self._routes:
            self._add(route)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.parts:
            node = _child(node, part, route.path)
        if node.route is not None:
            raise ValueError(f"{route.path}: is in the table twice")
        node.route = route

    def find(self, path: str) -> tuple[Route, dict[str, Any]] | None:
        """The route of a raw request path and its parameters: ids as int, text unquoted."""
        node = self._root
        values: dict[str, Any] = {}
        # As Express did, one trailing slash is forgiven.
        parts = _parts(path)
        for place, part in enumerate(parts):
            if part in node.literals:
                node = node.literals[part]
            elif node.number and part.isascii() and part.isdigit() and len(part) <= 19:
                name, node = node.number
                values[name] = int(part)
            elif node.text and (text := _text(part)):
                name, node = node.text
                values[name] = text
            elif node.rest and all(left := [_text(part) for part in parts[place:]]):
                name, node = node.rest
                values[name] = "/".join(filter(None, left))
                break
            else:
                return None
        return (node.route, values) if node.route else None


def routes_of(routes: Iterable[Route], word: str) -> list[Route]:
    """Find the routes of a module by its name in URLs, by the beginning of a URL, or else by its
    folder or file in handlers/; hyphens and underscores are the same."""
    listed = list(routes)
    if word.startswith("/"):
        start = _parts(word)
        return [route for route in listed if route.parts[: len(start)] == start]
    name = word.replace("-", "_")
    by_url = [route for route in listed if route.parts[:1] == ["api"] and _module(route) == name]
    return by_url or [route for route in listed if name in route.handler.__module__.split(".")[1:]]


def _module(route: Route) -> str:
    return "".join(route.parts[1:2]).replace("-", "_")


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _child(node: _Node, part: str, path: str) -> _Node:
    if not part.startswith("{"):
        return node.literals.setdefault(part, _Node())
    name, _, kind = part.strip("{}").partition(":")
    slot = kind or "number"
    known: tuple[str, _Node] | None = getattr(node, slot)
    if known is None:
        known = (name, _Node())
        setattr(node, slot, known)
    if known[0] != name:
        raise ValueError(f"{path}: call it {{{known[0]}}} as its neighbours do")
    return known[1]


def _text(part: str) -> str | None:
    try:
        text = unquote(part, errors="strict")
    except UnicodeDecodeError:
        return None
    return text if clean(text) else None
