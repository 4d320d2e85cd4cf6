"""What it costs to refuse a body is bounded by its schema, whatever was sent: counted, not timed.
The clock's version: `benchmarks/run.py bounds`."""

import json
from contextlib import suppress
from functools import lru_cache
from typing import Any

import pytest

from sunshine.core import json as strict
from sunshine.core.errors import MAX_NAMED, Invalid
from sunshine.core.fields import Field, Schema, list_of, text, whole
from sunshine.core.validation import Payload
from sunshine.modules.cms import schemas as cms
from sunshine.modules.fleet import schemas as fleet
from sunshine.modules.meeting_rooms import schemas as meeting_rooms
from sunshine.modules.sales import schemas as sales
from sunshine.modules.users import auth_schemas
from tests.api import Api
from tests.bounds import Counted, bad_bodies, checked, guard_of, unknown_keys
from tests.route_matrix import body_of, endpoints

KIB = 1024


def things(schema: Schema) -> int:
    """How many fields and items a document of this schema may have at most."""
    return sum(1 + _inside(field) for field in schema.values())


def _inside(field: Field) -> int:
    if "schema" not in field:
        return 0
    if field["type"] == "list":
        return int(field["maxlength"]) * (1 + _inside(field["schema"]))
    return things(field["schema"])


@lru_cache
def most_things() -> dict[str, int]:
    """By route: how many things its body may hold."""
    found = {}
    for route, method in endpoints():
        if payload := body_of(route.guards[method]):
            many = next((guard.many for guard in route.guards[method] if guard.many), 1) or 1
            found[f"{method} {route.path}"] = many * (2 + things(payload.schema))
    return found


# What such a body may be after all: a text that is trimmed, an object of whatever one likes.
FINE = {
    "a long text", "a long text of blanks", "a long text of escapes", "a long key inside",
    "an object of many keys",
}  # fmt: skip


def test_each_bad_body_costs_what_its_schema_does() -> None:
    dear, seen, taken = [], set(), set()
    for bad in bad_bodies(4 * KIB):
        guard_of(bad)  # what is made once is no part of it
        with Counted() as counts:
            problem = checked(bad)
        kind = bad.kind.lstrip("0123456789 ").partition(" in ")[0]
        seen.add(kind)
        taken |= set() if problem else {kind}
        if counts.comparisons or counts.all > 4 * most_things()[bad.route]:
            dear.append((bad[:3], most_things()[bad.route], vars(counts)))
    assert dear == []
    assert taken <= FINE
    assert seen >= {"unknown keys", "a key twice", "a deep list", "objects of many keys"}


@pytest.mark.parametrize("size", [64 * KIB, 640 * KIB])
def test_unknown_keys_cost_nothing(size: int) -> None:
    payload = Payload(auth_schemas.LOGIN)
    document = strict.decode(unknown_keys(size).encode())
    with suppress(Invalid):  # what is made once is no part of it
        payload.check({})
    with Counted() as counts, pytest.raises(Invalid) as refusal:
        payload.check(document)
    assert counts.all <= 10
    assert len(refusal.value.errors) == MAX_NAMED
    assert refusal.value.omitted == len(document) + 2 - MAX_NAMED  # the two that are required


class Text(str):
    """A key that counts how often it is compared."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Text.compared += 1
        return str.__eq__(self, other)


def test_a_key_twice_is_found_in_one_pass() -> None:
    pairs: list[tuple[str, Any]] = [(Text(f"k{n}"), 1) for n in range(15_000)]
    Text.compared = 0
    with pytest.raises(Invalid, match="'k14999' twice"):
        strict._object([*pairs, (Text("k14999"), 2)])
    assert Text.compared <= 40_000


LISTS: list[tuple[Schema, str, list[Any], int]] = [
    (sales.CREATE, "items", [{"x": 1}] * 500, 2000),
    (sales.CREATE, "items", [{"productId": "a", "quantity": "b", "price": "c"}] * 500, 1500),
    (meeting_rooms.BOOK, "attendees", ["x"] * 1000, 1000),
    (meeting_rooms.BOOK, "attendees", ["x"] * 2000, 1),
    (cms.BLOG, "tags", [1] * 50, 50),
    (cms.BLOG, "tags", [1] * 2000, 1),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "field", "items", "faults"), LISTS)
def test_the_first_are_named_and_the_others_counted(
    schema: Schema, field: str, items: list[Any], faults: int
) -> None:
    alone = {field: {**schema[field], "required": True}}
    with pytest.raises(Invalid) as refusal:
        Payload(alone).check({field: items})
    named = [error["field"] for error in refusal.value.errors]
    assert len(named) == len(set(named)) == min(faults, MAX_NAMED)
    assert len(named) + refusal.value.omitted == faults
    if faults == 1:
        assert refusal.value.errors[0]["message"].startswith("max length is ")
    else:
        assert named[0].startswith(f"{field}.0")


def test_what_is_wrong_with_known_fields_is_named_before_unknown_ones() -> None:
    body = {f"k{n}": 1 for n in range(100)} | {"name": 1}
    with pytest.raises(Invalid) as refusal:
        Payload({"name": text(), "size": whole(1, required=True)}).check(body)
    named = [error["field"] for error in refusal.value.errors]
    assert named == sorted(named)
    assert {"name", "size"} <= set(named)
    assert refusal.value.omitted == 102 - MAX_NAMED


def test_a_list_that_is_too_long_is_not_missing() -> None:
    lines = {"lines": list_of(whole(1), 2, required=True, minlength=1, check_with="distinct")}
    wrong: list[Any] = [[0] * 3, {"a": 1}, [[]] * 100_000]
    for bad in wrong:
        with pytest.raises(Invalid) as refusal:
            Payload(lines).check({"lines": bad})
        assert [error["field"] for error in refusal.value.errors] == ["lines"]


def test_what_is_long_is_repeated_in_brief() -> None:
    field = {"kind": {"type": "string", "allowed": ["a"]}}
    for body in ({"kind": "x" * 100_000}, {"x" * 100_000: 1}):
        with pytest.raises(Invalid) as refusal:
            Payload(field).check(body)
        assert len(json.dumps(refusal.value.errors)) < 1000
    with pytest.raises(Invalid) as refusal:
        strict.decode(b'{"' + b"x" * 100_000 + b'":1,"' + b"x" * 100_000 + b'":1}')
    assert len(refusal.value.message) < 1000


def test_the_document_is_left_as_it_is() -> None:
    point = {"type": "dict", "schema": {"x": whole(0)}}
    document = {"points": [{"x": 1}, {"x": 2, "y": 3}], "z": 1}
    with pytest.raises(Invalid) as refusal:
        Payload({"points": list_of(point)}).check(document)
    assert [error["field"] for error in refusal.value.errors] == ["z", "points.1.y"]
    assert document == {"points": [{"x": 1}, {"x": 2, "y": 3}], "z": 1}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" + b"{}," * 20_000 + b"1]", "invalid_json"),
        (b'{"a":[' + b"1," * 150_000 + b"1]}", "invalid_json"),
        (b'{"a":["\\"",' + b'"","\\\\",' * 75_000 + b"1]}", "invalid_json"),
        (b"{" + b",".join(b'"%d":1' % n for n in range(150_001)) + b"}", "invalid_json"),
    ],
)
def test_more_than_anybody_sends_is_not_read(body: bytes, code: str) -> None:
    with pytest.raises(Invalid, match="more than") as refusal:
        strict.decode(body)
    assert refusal.value.code == code


async def test_a_stranger_gets_the_first_twenty_and_the_number_of_the_others(api: Api) -> None:
    body = unknown_keys(640 * KIB).encode()
    number = len(json.loads(body))
    headers = {"Content-Type": "application/json"}
    answer = await api.call("POST", "/api/auth/login", raw=body, headers=headers)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert len(answer.json["errors"]) == MAX_NAMED
    assert answer.json["errorsOmitted"] == number + 2 - MAX_NAMED
    few = await api.post("/api/auth/login", {"x": 1})
    assert "errorsOmitted" not in few.json


async def test_every_point_of_a_burst_is_looked_at(api: Api) -> None:
    points = [{"latitude": 0, "longitude": 0, "timestamp": "never"}] * fleet.MOST_POINTS
    path = f"/api/fleet/drivers/{await _driver(api)}/location"
    answer = await api.post(path, [*points[:-1], 1], as_="admin")
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "0.timestamp")
    assert answer.json["errorsOmitted"] == fleet.MOST_POINTS - MAX_NAMED


async def _driver(api: Api) -> int:
    driver = {"name": "Dian", "licenseNumber": "DL1"}
    made = await api.post("/api/fleet/drivers", driver, as_="admin")
    return int(made.data["id"])


async def test_a_file_names_its_first_faults_and_counts_the_others(api: Api) -> None:
    headers = {"Content-Type": "text/csv"}
    wide = ",".join(f"c{n}" for n in range(20_000))
    for text_, faults in (
        (f"name,{wide}\nA,{wide}\n", 20_000),
        ("name,joinDate\n" + "A,never\n" * 1000, 1000),
        ("name,email\n" + "A,a@example.com\n" * 1000, 999),
    ):
        path = "/api/employees/import?dryRun=true"
        answer = await api.call("POST", path, raw=text_.encode(), as_="hr", headers=headers)
        assert answer.status == 400
        assert len(answer.json["errors"]) == MAX_NAMED
        assert answer.json["errorsOmitted"] == faults - MAX_NAMED


async def test_a_query_of_many_keys_is_refused(api: Api) -> None:
    many = "&".join(f"a{n}=1" for n in range(5000))
    for path in ("/api/employees", "/api/leave/calendar.ics", "/api/static/employee/a.png"):
        answer = await api.get(f"{path}?{many}", as_="hr")
        assert answer.status == 400, path


NUMBERS = [
    (b"[" + b"9" * 1001 + b"]", False),
    (b"[" + b"9" * 1000 + b"]", True),
    (b"[" + b"9" * 1001 + b"]" + b" " * 70_000, False),
    (b"[1." + b"5" * 1000 + b"]", False),
    (b'["' + b"9" * 100_000 + b'"]', True),
]


@pytest.mark.parametrize(("body", "is_read"), NUMBERS)
def test_a_number_has_a_thousand_digits_at_most(body: bytes, is_read: bool) -> None:
    if is_read:
        strict.decode(body)
    else:
        with pytest.raises(Invalid, match="number out of range") as refusal:
            strict.decode(body)
        assert refusal.value.code == "invalid_json"


@pytest.mark.parametrize("text", [",", "[", "]", "{}", '\\"', "\\\\", '\\",[', '\\\\\\\\\\",{'])
def test_what_texts_say_counts_neither_as_values_nor_as_depth(text: str) -> None:
    for number in (40, 200_000):
        body = f'{{"a": ["{text * number}", "{text}"], "{text}": {{"b": [1]}}}}'
        assert strict.decode(body.encode()) == json.loads(body)


def test_depth_is_that_of_objects_and_lists_in_any_order() -> None:
    for opened, closed in (("[", "]"), ('{"a":', "}"), ('[{"a":', "}]"), ('{"]":[', "]}")):
        each = 2 if len(closed) == 2 else 1
        for depth, is_read in ((32, True), (34, False)):
            inner = opened * (depth // each) + "1" + closed * (depth // each)
            body = f"{inner}".encode()
            if is_read:
                assert strict.decode(body) == json.loads(body)
            else:
                with pytest.raises(Invalid, match="nested deeper than 32"):
                    strict.decode(body)
