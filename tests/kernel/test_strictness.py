"""Nothing loose gets in: every field of every body, every query, raw JSON, path parts."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

import handlers
from sunshine.core import json
from sunshine.core.errors import Invalid
from sunshine.core.fields import MAX_ID, Field, Schema
from sunshine.core.validation import Payload, Query
from sunshine.web.routes import Route
from tests.api import Answer, Api
from tests.cases import every
from tests.route_matrix import (
    BAD_TEXT,
    OF_OTHERS,
    UNREADABLE,
    body_of,
    endpoints,
    existing_path,
    filled,
    filled_path,
    known_values,
    malformed,
    name_of,
    query_of,
    required_query,
    stored,
    with_raw,
    with_raws,
)
from tests.row_factories import made_for

JSON = {"Content-Type": "application/json"}
BODIES = [(route, method) for route, method in endpoints() if body_of(route.guards[method])]
QUERIES = [route for route, method in endpoints() if query_of(route.guards[method])]
IDS = [route for route in handlers.routes if "{" in route.path and ":rest}" not in route.path]
LIST = "/api/departments"
CREATE = "/api/departments"

every_body = pytest.mark.parametrize(("route", "method"), BODIES, ids=name_of)
every_query = pytest.mark.parametrize("route", QUERIES, ids=name_of)


def schema_of(route: Route, method: str) -> Schema:
    payload = body_of(route.guards[method])
    assert payload
    return payload.schema


def refused(answer: Answer, field: str | None = None) -> bool:
    """400 in the one error shape, naming the field or one of its parts."""
    if answer.status != 400 or set(answer.json) != {"success", "message", "errors", "code"}:
        return False
    named = {name.partition(".")[0] for name in answer.fields}
    return bool(answer.code) and (field is None or named == {field})


async def send(api: Api, method: str, path: str, raw: bytes) -> Answer:
    return await api.call(method, path, raw=raw, as_="admin", headers=JSON)


def refusal(check: Callable[[Any], Any], given: Any) -> set[str] | None:
    """The fields that a check names, their parts left out; None where it takes what it gets."""
    try:
        check(given)
    except Invalid as problem:
        return {error["field"].partition(".")[0] for error in problem.errors}
    return None


def read(payload: Payload, raw: bytes) -> set[str] | None:
    """The fields for which the guard of a body refuses it."""
    return refusal(lambda given: payload.check(json.decode(given)), raw)


# What a field takes is asked of the schema, thousands of times; that a route asks its schema, and
# answers with all that it says, is asked over HTTP, of each.


def test_it_refuses_what_a_field_may_not_be() -> None:
    seen: set[str] = set()
    with every() as case:
        for route, method in BODIES:
            for name, field in schema_of(route, method).items():
                alone = {rule: value for rule, value in field.items() if rule not in OF_OTHERS}
                if (kind := repr(alone)) in seen:  # the same as one before
                    continue
                seen.add(kind)
                payload = Payload({name: alone})
                for raw in malformed(alone):
                    with case(f"{method} {route.path}: {name}: {raw[:60]}"):
                        assert read(payload, with_raw({}, name, raw)) == {name}
    assert len(seen) > 150


@every_body
async def test_it_names_every_wrong_field_at_once(api: Api, route: Route, method: str) -> None:
    schema = schema_of(route, method)
    path = await existing_path(api, route.path, method)
    before = await stored(api)
    wrong = {name: list(malformed(field)) for name, field in schema.items()}
    for place in (0, -1):  # of a wrong type, and of the right one with a wrong value
        body = with_raws({name: values[place] for name, values in wrong.items()})
        answer = await send(api, method, path, body)
        assert refused(answer)
        assert {name.partition(".")[0] for name in answer.fields} == set(schema), body
    assert await stored(api) == before


@every_body
async def test_it_refuses_unknown_keys_and_wants_required_ones(
    api: Api, route: Route, method: str
) -> None:
    schema = schema_of(route, method)
    path = await existing_path(api, route.path, method)
    body = filled(schema, await known_values(api, schema))
    unknown = ("unknown", "id", "createdAt", "__proto__", "", next(iter(schema)).upper())
    before = await stored(api)
    payload = Payload(schema)
    assert read(payload, json.encode(body)) is None
    for key in unknown:
        assert read(payload, with_raw(body, key, "1")) == {key}
    for name in body:
        rest = {key: value for key, value in body.items() if key != name}
        assert name in (read(payload, json.encode(rest)) or ())
    answer = await send(api, method, path, json.encode({**body, **dict.fromkeys(unknown, 1)}))
    assert refused(answer)
    assert answer.fields == set(unknown)
    if body:
        answer = await send(api, method, path, b"{}")
        assert refused(answer)
        assert answer.fields == set(body)
    assert await stored(api) == before


@every_body
async def test_it_reads_json_strictly(api: Api, route: Route, method: str) -> None:
    name = next(iter(schema_of(route, method)))
    path = await existing_path(api, route.path, method)
    before = await stored(api)
    for kind in ("NaN", "high surrogate"):
        answer = await send(api, method, path, with_raw({}, name, UNREADABLE[kind]))
        assert refused(answer)
        assert answer.code == "invalid_json", kind
    assert await stored(api) == before


def test_it_refuses_what_no_field_may_be() -> None:
    with every() as case:
        for body, name in (({}, "name"), ({"name": "A"}, "unknown"), ({"a": {"b": ["é"]}}, "c")):
            for kind, raw in UNREADABLE.items():
                # A number's place is not known any more.
                named = {name} if raw[0] in '"{' else set()
                for inside in (raw, f"[1, {raw}]", f'{{"x": {raw}}}'):
                    with case(f"{kind} as {inside[:20]} beside {body}"):
                        with pytest.raises(Invalid) as caught:
                            json.decode(with_raw(body, name, inside))
                        assert caught.value.code == "invalid_json"
                        found = {error["field"].partition(".")[0] for error in caught.value.errors}
                        assert found == named


DEEP = b'{"name": ' + b"[" * 31 + b"]" * 31 + b"}"
NOT_JSON = {
    "nothing": b"",
    "blanks": b"  ",
    "a list": b"[]",
    "a list of objects": b'[{"name": "A"}]',
    "null": b"null",
    "a string": b'"name"',
    "a number": b"12",
    "true": b"true",
    "a byte order mark": b'\xef\xbb\xbf{"name": "A"}',
    "UTF-16": '{"name": "A"}'.encode("utf-16"),
    "invalid UTF-8": b'{"name": "\xff"}',
    "overlong UTF-8": b'{"name": "\xc0\x80"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "a raw NUL": b'{"name": "a\x00b"}',
    "a raw line end in a string": b'{"name": "a\nb"}',
    "a key twice": b'{"name": "A", "name": "A"}',
    "a key twice, once escaped": rb'{"name": "A", "n\u0061me": "B"}',
    "a key twice inside": b'{"name": "A", "x": {"a": 1, "a": 2}}',
    "33 deep": b'{"name": ' + b"[" * 32 + b"]" * 32 + b"}",
    "33 deep in an unknown key": b'{"name": "A", "x": ' + b'{"a": ' * 32 + b"1" + b"}" * 33,
    "1,000,000 deep": b"[" * 1_000_000,
    "NaN": b'{"name": NaN}',
    "-Infinity": b'{"name": -Infinity}',
    "1e400": b'{"name": 1e400}',
    "-1e400": b'{"name": -1e400}',
    "5000 digits": b'{"name": ' + b"9" * 5000 + b"}",
    "a leading zero": b'{"name": 012}',
    "a plus": b'{"name": +1}',
    "hexadecimal": b'{"name": 0x10}',
    "single quotes": b"{'name': 'A'}",
    "a comma too many": b'{"name": "A",}',
    "a comment": b'{"name": "A"} // comment',
    "two documents": b'{"name": "A"}{"name": "B"}',
    "a form": b"name=A",
    "half": b'{"name": "A"',
}


async def test_it_refuses_what_is_no_json_object(api: Api) -> None:
    before = await stored(api)
    for kind, raw in NOT_JSON.items():
        answer = await send(api, "POST", CREATE, raw)
        assert refused(answer), (kind, answer.body)
    assert await stored(api) == before


async def test_it_reads_what_is_just_within_the_limits(api: Api) -> None:
    deep = await send(api, "POST", CREATE, DEEP)
    assert (deep.code, deep.fields) == ("validation_failed", {"name"})
    text = r'{"name": "  \ud83c\udf1e \u00e9\ufffd  ", "description": "' + "y" * 1000 + '"}'
    answer = await send(api, "POST", CREATE, text.encode())
    assert answer.status == 201
    assert answer.data["name"] == "🌞 é\ufffd"
    assert answer.data["description"] == "y" * 1000


async def test_it_takes_a_body_whatever_the_case_and_charset_of_its_type(api: Api) -> None:
    for number, media in enumerate(
        ("application/json", "Application/JSON", "application/json; charset=utf-8")
    ):
        headers = {"Content-Type": media}
        raw = json.encode({"name": f"D{number}"})
        answer = await api.call("POST", CREATE, raw=raw, as_="admin", headers=headers)
        assert answer.status == 201
    for media in ("", "text/plain", "text/json", "application/x-www-form-urlencoded",
                  "multipart/form-data; boundary=x", "application/jsonp"):  # fmt: skip
        headers = {"Content-Type": media}
        answer = await api.call("POST", CREATE, raw=b'{"name": "X"}', as_="admin", headers=headers)
        assert (answer.status, answer.code) == (415, "unsupported_media_type")


def wrong_in_query(field: Field) -> Iterator[str]:
    """Quoted query values that the field does not take."""
    coerce = field.get("coerce")
    if coerce == "digits":
        yield from ("", "abc", "1.0", "1e0", "+1", "%201", "1_000", "%EF%BC%91", "%D9%A1", "0x1")
        yield from (str(field["min"] - 1), str(field["max"] + 1), "9" * 400)
    if coerce == "decimal":
        yield from ("", "abc", "1e0", "+1", "%201", "1_0", "1.", ".5", "NaN", "inf", "%D9%A1")
        yield from (str(field["min"] - 1), str(field["max"] + 1), "9" * 400)
    if coerce in BAD_TEXT:
        yield from map(quote, BAD_TEXT[coerce])
    if coerce == "query_flag":
        yield from ("", "yes", "2", "TRUE", "null")
    if "allowed" in field:
        yield from ("", "nonsense", field["allowed"][0].upper())
    if "maxlength" in field:
        yield "x" * (field["maxlength"] + 1)


def query_guard(route: Route) -> tuple[str, Query]:
    """The first method of a route that reads the query string, and how."""
    return next(
        (method, query)
        for method, guards in route.guards.items()
        if (query := query_of(guards)) is not None
    )


def test_it_refuses_bad_values_of_known_query_keys() -> None:
    with every() as case:
        for route in QUERIES:
            method, query = query_guard(route)
            for name, field in query.schema.items():
                needed = required_query(route.guards[method], but=name)
                values = [f"{name}={value}" for value in wrong_in_query(field)]
                for text in [*values, f"{name}=1&{name}=1"]:
                    with case(f"{route.path}?{text[:60]}"):
                        assert refusal(query.check, needed + text) == {name}


def test_it_refuses_query_strings_that_are_none() -> None:
    many = "&".join(f"k{number}=1" for number in range(201))
    with every() as case:
        for route in QUERIES:
            _, query = query_guard(route)
            for text in ("search=%00", "other=a%00b", "a%00b=1", "search=%ff", "other=%C0%80",
                         "search=%ED%A0%80", many):  # fmt: skip
                with case(f"{route.path}?{text[:60]}"):
                    assert refusal(query.check, text) is not None


@every_query
async def test_it_answers_what_is_wrong_with_a_query(api: Api, route: Route) -> None:
    method, query = query_guard(route)
    path = await existing_path(api, route.path)
    before = await stored(api)
    bad = {name: [*wrong_in_query(field)] for name, field in query.schema.items()}
    wrong = {name: values[-1] for name, values in bad.items() if values}
    text = "&".join(f"{name}={value}" for name, value in wrong.items())
    answer = await api.call(method, f"{path}?{text}", raw=b"", as_="admin")
    assert refused(answer)
    assert answer.fields >= wrong.keys()
    first = next(iter(query.schema))
    for text, field in ((f"{first}=1&{first}=1", first), ("other=%C0%80", None)):
        answer = await api.call(method, f"{path}?{text}", raw=b"", as_="admin")
        assert refused(answer, field), (text, answer.body)
    assert await stored(api) == before


@every_query
async def test_it_ignores_query_keys_it_does_not_know(api: Api, route: Route) -> None:
    path = await existing_path(api, route.path)
    needed = required_query(next(iter(route.guards.values())))
    text = f"{needed}nonsense=1&nonsense=2&Page=0&&=&%F0%9F%8C%9E"
    if "GET" in route.guards:
        assert (await api.get(f"{path}?{text}", as_="admin")).status == 200
    else:  # takes a file as well, whose type is asked for first
        answer = await api.call("POST", f"{path}?{text}", raw=b"", as_="admin")
        assert answer.status == 415


async def test_it_sorts_by_declared_fields_only(api: Api) -> None:
    for sort in ("nonsense", "name,name", "name,-name", "name;id", ",", "--name", "Name",
                 "name%20desc", "deleted_at"):  # fmt: skip
        assert refused(await api.get(f"{LIST}?sort={sort}", as_="admin"), "sort"), sort


async def test_it_bounds_a_page(api: Api) -> None:
    for text, field in (
        ("page=0", "page"), ("page=-1", "page"), (f"page={MAX_ID + 1}", "page"),
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=abc", "limit"),
        ("perPage=101", "perPage"), ("page=1&page=2", "page"), ("limit=&page=1", "limit"),
    ):  # fmt: skip
        assert refused(await api.get(f"{LIST}?{text}", as_="admin"), field), text
    for text in ("page=1", "page=007", f"page={MAX_ID}", "limit=1", "limit=100", "perPage=100"):
        assert (await api.get(f"{LIST}?{text}", as_="admin")).status == 200, text


@pytest.mark.parametrize("route", IDS, ids=name_of)
async def test_it_finds_nothing_under_an_id_that_no_row_can_have(api: Api, route: Route) -> None:
    ids: list[Any] = [
        0, MAX_ID + 1, 99999999999, "9" * 19, "9" * 5000, -1, "-0", "%00", "1%00", "1.0", "1e0",
        "+1", "%201", "1%20", "٣", "%D9%A3", "%ef%bc%91", "%31", "abc", "%ff", "%ED%A0%80", "%",
        "%2e%2e", "null",
    ]  # fmt: skip
    method = next(m for m in ("GET", "POST", "PUT", "DELETE") if m in route.guards)
    first = (await made_for(api, route.path, method))[:-1]
    payload = body_of(route.guards[method])
    body = filled(payload.schema) if payload else None
    before = await stored(api)
    paths = {id_: filled_path(route.path, *first, id_) for id_ in ids}
    # What leads to no route is not found, whatever it is: one of those, and all that leads to one.
    lost = [id_ for id_, path in paths.items() if handlers.routes.find(path) is None]
    assert 0 not in lost
    for id_, path in paths.items():
        if id_ not in lost[1:]:
            raw = path if path.isascii() else path.encode().decode("latin-1")
            answer = await api.call(method, raw, body, as_="admin")
            assert (answer.status, answer.code) == (404, "not_found"), (id_, answer.body)
    assert await stored(api) == before


async def test_it_refuses_ids_in_bodies_that_no_row_can_have(api: Api) -> None:
    before = await stored(api)
    for id_ in (0, -1, MAX_ID + 1, 10**18, MAX_ID):  # the last one could be, and is not
        body = {"name": "Somebody", "managerId": id_, "departmentId": id_, "positionId": id_}
        answer = await api.post("/api/employees", body, as_="admin")
        assert answer.status == 400
        assert answer.fields <= {"managerId", "departmentId", "positionId"}
    assert await stored(api) == before


async def test_it_survives_tokens_of_any_shape(api: Api) -> None:
    for token in ("x", "a.b.c", "é", "\xff.\xff.\xff", "." * 100, "x" * 10_000, "null", "Bearer x"):
        answer = await api.get("/api/auth/account", as_=token)
        assert (answer.status, answer.code) == (401, "not_signed_in")
