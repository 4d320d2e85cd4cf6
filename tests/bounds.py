"""Bodies at their size limit of each bad kind, for every field of every schema, and what checking
one costs, counted. Used by tests/kernel/test_cost.py and benchmarks/bounds.py."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from sunshine.core.errors import Invalid
from sunshine.core.fields import Field, Schema
from sunshine.core.json import decode
from sunshine.files.links import Links
from sunshine.web.guards import Guard
from tests.route_matrix import body_of, endpoints, filled

# Bytes of a body at the limit that are not what is wrong with it.
ROOM = 4096
DEEP = 30  # 32 is refused before a schema is asked

# What a list may hold that it should not, as JSON, by the name of the kind.
_WRONG = {
    "nothing": "null",
    "texts": '"x"',
    "numbers": "1.5",
    "flags": "true",
    "objects": '{"x":1}',
    "empty objects": "{}",
    "lists": "[1]",
    "deep lists": "[" * DEEP + "]" * DEEP,
}


_LINKS = Links()


class Bad(NamedTuple):
    """A body that is wrong in one way: of which route, in which field, how."""

    route: str
    field: str
    kind: str
    body: bytes


def bad_bodies(size: int, *, wholes: bool = False) -> Iterator[Bad]:
    """One for each route with a body, field and kind, of about so many bytes each; `wholes` are
    those that are wrong as a whole only."""
    for route, method in endpoints():
        payload = body_of(route.guards[method])
        if payload is None:
            continue
        name = f"{method} {route.path}"
        whole = filled(payload.schema)
        yield from (
            Bad(name, "", kind, body) for kind, body in _bad_objects(payload.schema, whole, size)
        )
        many = next((guard.many for guard in route.guards[method] if guard.many), None)
        if many:
            for kind, body in _bad_lists({"schema": {"type": "dict"}, "maxlength": many}, size):
                yield Bad(name, "", kind, body.encode())
        for field, rules in () if wholes else payload.schema.items():
            for kind, raw in _bad_values(rules, size):
                yield Bad(name, field, kind, with_value(whole, field, raw))


def bodies_at_limit() -> Iterator[Bad]:
    """For each route with a body one of each bad kind as large as the route takes: wrong as a
    whole, and in the first field that can be wrong in that way."""
    for route, method in endpoints():
        payload = body_of(route.guards[method])
        if payload is None:
            continue
        name, whole = f"{method} {route.path}", filled(payload.schema)
        most = route.handler.max_body
        size = most - ROOM
        for kind, body in _bad_objects(payload.schema, whole, size):
            yield Bad(name, "", kind, body[:most])
        seen: set[str] = set()
        for field, rules in payload.schema.items():
            for kind, raw in _bad_values(rules, size):
                plain = kind.lstrip("0123456789 ").partition(" in")[0]
                if plain not in seen and len(raw) <= size:
                    seen.add(plain)
                    yield Bad(name, field, kind, with_value(whole, field, raw))


def with_value(whole: dict[str, Any], field: str, raw: str) -> bytes:
    """The body as JSON, with a raw value for one field."""
    rest = json.dumps({key: value for key, value in whole.items() if key != field})
    comma = "" if rest == "{}" else ", "
    return f"{rest[:-1]}{comma}{json.dumps(field)}: {raw}}}".encode()


def _bad_objects(schema: Schema, whole: dict[str, Any], size: int) -> Iterator[tuple[str, bytes]]:
    yield "unknown keys", unknown_keys(size, whole).encode()
    yield "a long key", with_value(whole, "x" * size, "1")
    keys = unknown_keys(size, whole)
    yield "a key twice", f'{keys[:-1]}, "k0": 1}}'.encode()
    yield "all keys wrong", json.dumps({name: [[]] for name in schema}).encode()
    yield "a list instead", f"[{_many('1', size)}]".encode()


def unknown_keys(size: int, whole: dict[str, Any] | None = None) -> str:
    """An object with so many bytes of keys that no schema knows."""
    keys = _keys(size // 12)
    rest = json.dumps(whole or {})[1:-1]
    return f"{{{rest}{', ' if rest else ''}{keys}}}"


@lru_cache(maxsize=8)
def _keys(number: int) -> str:
    return ",".join(f'"k{n}":1' for n in range(number))


def _bad_values(field: Field, size: int) -> Iterator[tuple[str, str]]:
    """Each bad kind for a field, as JSON."""
    yield "a long text", f'"{"x" * size}"'
    yield "a long text of blanks", f'"x{" " * size}x"'
    yield "a long text of escapes", '"' + "\\u0041" * (size // 6) + '"'
    yield "many digits", "1" * 4300
    yield "a deep list", "[" * DEEP + "]" * DEEP
    yield "an object of many keys", unknown_keys(size)
    yield "a list of many", f"[{_many('1', size)}]"
    yield "a list of objects", f"[{_many('{}', size)}]"
    if field["type"] == "list":
        yield from _bad_lists(field, size)
    if "schema" in field and field["type"] == "dict":
        yield from (
            (f"{kind} inside", body.decode())
            for kind, body in _bad_objects(field["schema"], filled(field["schema"]), size)
        )
        for name, part in field["schema"].items():
            for kind, raw in _bad_values(part, size):
                yield f"{kind} in {name}", with_value({}, name, raw).decode()


def _bad_lists(field: Field, size: int) -> Iterator[tuple[str, str]]:
    """As many items as it may have, and more; all wrong, each in the same way or all the same."""
    most = field["maxlength"]
    for kind, item in _WRONG.items():
        yield f"{most} {kind}", f"[{','.join([item] * most)}]"
        yield f"too many {kind}", f"[{_many(item, size)}]"
    long = json.dumps("x" * (size // most))
    yield f"{most} long texts", f"[{','.join([long] * most)}]"
    yield f"{most} objects of many keys", f"[{','.join([unknown_keys(size // most)] * most)}]"
    inner = field["schema"]
    if inner["type"] == "list":
        for kind, raw in _bad_lists(inner, size // most):
            yield f"{most} times {kind}", f"[{','.join([raw] * most)}]"
    if inner["type"] == "dict" and "schema" in inner:
        wrong = json.dumps({name: [] for name in inner["schema"]} | {"unknown": 1})
        yield f"{most} items wrong in all", f"[{','.join([wrong] * most)}]"


@lru_cache(maxsize=32)
def _many(item: str, size: int) -> str:
    return ",".join([item] * (size // (len(item) + 1)))


class Counted:
    """How often what grows with a body was done: comparisons of errors, errors made, validators
    made, values looked at. `with Counted() as counts: ...`"""

    def __init__(self) -> None:
        self.comparisons = self.errors = self.validators = self.rules = 0
        self._restore: list[Callable[[], None]] = []

    def __enter__(self) -> "Counted":
        from cerberus.errors import ValidationError
        from cerberus.validator import BareValidator

        from sunshine.core.validation import _Strict

        self._watch(ValidationError, "__lt__", "comparisons")
        self._watch(ValidationError, "__eq__", "comparisons")
        self._watch(ValidationError, "__hash__", "comparisons")
        self._watch(ValidationError, "__init__", "errors")
        self._watch(BareValidator, "validate", "validators")
        self._watch(BareValidator, "normalized", "validators")
        self._watch(BareValidator, "__call__", "validators")
        self._watch(_Strict, "_BareValidator__validate_definitions", "rules")
        return self

    def __exit__(self, *_: object) -> None:
        for restore in self._restore:
            restore()

    def _watch(self, owner: type, name: str, what: str) -> None:
        before = getattr(owner, name)
        own = name in vars(owner)

        def counted(*args: Any, **options: Any) -> Any:
            setattr(self, what, getattr(self, what) + 1)
            return before(*args, **options)

        setattr(owner, name, counted)
        self._restore.append(
            (lambda: setattr(owner, name, before)) if own else (lambda: delattr(owner, name))
        )

    @property
    def all(self) -> int:
        """All of it together."""
        return self.comparisons + self.errors + self.validators + self.rules


def guard_of(bad: Bad) -> Guard:
    """The check of the body, ready to be asked."""
    return _guard(bad.route)


@lru_cache
def _guard(name: str) -> Guard:
    guard = next(
        guard
        for route, method in endpoints()
        for guard in route.guards[method]
        if guard.body and name == f"{method} {route.path}"
    )
    assert guard.body
    with suppress(Invalid):
        guard.body.check({})
    return guard


def read(body: bytes) -> Any:
    """What decoding makes of it: the value, or the Invalid that it is refused with."""
    try:
        return decode(body)
    except Invalid as problem:
        return problem


def refused(bad: Bad, value: Any) -> Invalid | None:
    """What it is refused with once it is decoded, as its guard does; None where it is not."""
    guard = guard_of(bad)
    assert guard.body
    try:
        if isinstance(value, list) and guard.many:
            _LINKS.refuse_uploads(guard.body.check_each(value[: guard.many]))
        else:
            _LINKS.refuse_uploads(guard.body.check(value))
    except Invalid as problem:
        return problem
    return None


def checked(bad: Bad) -> Invalid | None:
    """Decoded and checked."""
    value = read(bad.body)
    return value if isinstance(value, Invalid) else refused(bad, value)
