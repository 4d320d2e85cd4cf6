"""The strict validator and the strict JSON by themselves: what passes, as what; what does not."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from cerberus import SchemaError

from sunshine.core import fields
from sunshine.core import json as strict
from sunshine.core.errors import Invalid
from sunshine.core.fields import Field
from sunshine.core.validation import Payload, Query

PASSES: list[tuple[Field, Any, Any]] = [
    (fields.text(3), " abc ", "abc"),
    (fields.text(3), "", ""),
    (fields.text(3), "😀😀😀", "😀😀😀"),
    (fields.text(3, nullable=True), None, None),
    (fields.choice("a", "b"), "b", "b"),
    (fields.email(), " A.b+c@example.co.id ", "A.b+c@example.co.id"),
    (fields.whole(0, 5), 0, 0),
    (fields.whole(0, 5), 5, 5),
    (fields.number(-1, 1), 0.5, 0.5),
    (fields.number(-1, 1), -1, -1),
    (fields.flag(), False, False),
    (fields.row_id(), 2**31 - 1, 2**31 - 1),
    (fields.date(), "2024-02-29", date(2024, 2, 29)),
    (fields.date(nullable=True), None, None),
    (fields.time(), "00:00", time(0, 0)),
    (fields.time(), "23:59", time(23, 59)),
    (fields.instant(), "2024-01-15T08:00:00Z", datetime(2024, 1, 15, 8, tzinfo=UTC)),
    (fields.instant(), "2024-01-15t08:00:00.5+07:00", datetime(2024, 1, 15, 1, 0, 0, 500000, UTC)),
    (fields.timezone(), "Asia/Jakarta", "Asia/Jakarta"),
    (fields.list_of(fields.whole(1), 2), [1, 2], [1, 2]),
    (fields.list_of(fields.whole(1), 2), [], []),
]
REFUSED: list[tuple[Field, Any]] = [
    (fields.text(3), "abcd"),
    (fields.text(3), None),
    (fields.text(3, required=True), " \t\u2003"),
    (fields.text(regex=r"\S+"), "a\n b"),
    (fields.choice("a"), "A"),
    (fields.choice("a"), "a\n"),
    (fields.email(), "a@b"),
    (fields.email(), "a b@example.com"),
    (fields.email(), "a@b@example.com"),
    (fields.email(), "a@example.com\nBcc: x@example.com"),
    (fields.email(), "a" * 250 + "@b.co"),
    (fields.whole(0, 5), True),
    (fields.whole(0, 5), 1.0),
    (fields.whole(0, 5), "1"),
    (fields.whole(0, 5), 6),
    (fields.whole(0, 5), -1),
    (fields.number(-1, 1), True),
    (fields.number(-1, 1), float("nan")),
    (fields.number(-1e400, 1e400), float("inf")),
    (fields.number(-1, 1), "0"),
    (fields.number(-1, 1), 1.0000001),
    (fields.flag(), 1),
    (fields.flag(), "true"),
    (fields.row_id(), 0),
    (fields.row_id(), 2**31),
    (fields.date(), "2023-02-29"),
    (fields.date(), "2024-1-5"),
    (fields.date(), "20240115"),
    (fields.date(), "2024-W03-1"),
    (fields.date(), "2024-01-15\n"),
    (fields.date(), 20240115),
    (fields.time(), "24:00"),
    (fields.time(), "9:00"),
    (fields.time(), "09:00:00"),
    (fields.instant(), "2024-01-15T08:00:00"),
    (fields.instant(), "2024-01-15 08:00:00Z"),
    (fields.instant(), "2024-01-15T08:00Z"),
    (fields.instant(), "2024-01-15T25:00:00Z"),
    (fields.instant(), "2024-01-15T08:00:00+25:00"),
    (fields.instant(), "0001-01-01T00:00:00+10:00"),
    (fields.instant(), "2024-01-15T08:00:00+0700"),
    (fields.instant(), 1705305600),
    (fields.timezone(), "asia/jakarta"),
    (fields.timezone(), "Asia/Jakarta\n"),
    (fields.timezone(), "/etc/passwd"),
    (fields.timezone(), "localtime"),
    (fields.timezone(), "posix/UTC"),
    (fields.timezone(), "zone.tab"),
    (fields.timezone(), "Asia"),
    (fields.timezone(), "../etc/passwd"),
    (fields.timezone(), "Nowhere/At-all"),
    (fields.list_of(fields.whole(1), 2), [1, 2, 3]),
    (fields.list_of(fields.whole(1), 2), [True]),
    (fields.list_of(fields.whole(1), 2), {"0": 1}),
    (fields.list_of(fields.whole(1), 2), "12"),
    (fields.list_of(fields.whole(1), 2, check_with="distinct"), [1, 1]),
]


@pytest.mark.parametrize(("field", "given", "kept"), PASSES)
def test_it_takes_what_is_right(field: Field, given: Any, kept: Any) -> None:
    checked = Payload({"it": field}).check({"it": given})["it"]
    assert (type(checked), checked) == (type(kept), kept)


@pytest.mark.parametrize(("field", "given"), REFUSED)
def test_it_refuses_what_is_not(field: Field, given: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        Payload({"it": field}).check({"it": given})
    assert {error["field"].partition(".")[0] for error in refusal.value.errors} == {"it"}
    assert all(error["message"] for error in refusal.value.errors)


def test_it_names_a_field_inside_a_list() -> None:
    item: Field = {"type": "dict", "schema": {"price": fields.whole(0, required=True)}}
    with pytest.raises(Invalid) as refusal:
        Payload({"items": fields.list_of(item)}).check({"items": [{"price": 1}, {"price": -1}, {}]})
    named = [error["field"] for error in refusal.value.errors]
    assert named == ["items.1.price", "items.2.price"]


def test_it_says_first_what_is_wrong_first() -> None:
    with pytest.raises(Invalid) as refusal:
        Payload({"on": fields.date()}).check({"on": "tomorrow"})
    assert refusal.value.errors == [{"field": "on", "message": "must be a date as YYYY-MM-DD"}]


def test_it_keeps_nothing_from_one_check_to_the_next() -> None:
    payload = Payload({"a": fields.text(), "b": fields.whole(0)})
    with pytest.raises(Invalid):
        payload.check({"b": "x"})
    document = {"a": " x "}
    assert payload.check(document) == {"a": "x"}
    assert document == {"a": " x "}
    assert payload.check({}) == {}


@pytest.mark.parametrize("document", [[], None, "x", 1, [{"a": 1}]])
def test_it_wants_an_object(document: Any) -> None:
    with pytest.raises(Invalid, match="object"):
        Payload({"a": fields.text()}).check(document)


def test_it_refuses_a_schema_that_is_none() -> None:
    for schema in ({"a": {"type": "strin"}}, {"a": {"nonsense": 1}}):
        with pytest.raises(SchemaError):
            Payload(schema).check({})


def test_it_asks_less_of_a_change() -> None:
    create = {"name": fields.text(5, required=True), "kind": fields.choice("a", default="a")}
    change = Payload(fields.changes(create))
    assert change.check({}) == {}
    for document in ({"name": ""}, {"name": None}, {"name": "  "}):
        with pytest.raises(Invalid):
            change.check(document)


def test_it_reads_a_query() -> None:
    query = Query({
        "page": fields.digits(1, 9, default="1"), "on": fields.query_flag(), "id": fields.query_id()
    })  # fmt: skip
    assert query.check("") == {"page": 1}
    assert query.check("page=2&on=0&id=7&unknown=x&unknown=y") == {"page": 2, "on": False, "id": 7}
    for raw in ("page=", "page=%F0%9D%9F%99", "on=yes", "id=0", "page=1&page=1", "x=%00", "x=%ff"):
        with pytest.raises(Invalid):
            query.check(raw)


def test_it_gives_each_caller_a_query_of_its_own() -> None:
    query = Query({"page": fields.digits(1, 9, default="1")})
    query.check("page=2")["page"] = 3
    assert query.check("page=2") == {"page": 2}


JSON = [
    ('{"a": 1}', {"a": 1}), ("[]", []), ('"x"', "x"), ("1e3", 1000.0), (r'"\ud83c\udf1e"', "🌞"),
    ("null", None), (" 1 ", 1), ("-0", 0), ("9007199254740993", 9007199254740993),
    ("[" * 32 + "]" * 32, json.loads("[" * 32 + "]" * 32)), ('{"a": {"b": 1}, "b": 2}', None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), JSON)
def test_it_reads_json(text: str, value: Any) -> None:
    assert strict.decode(text.encode()) == (json.loads(text) if value is None else value)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"NaN", b"-Infinity", b"1e400", b"-1e999", b"9" * 5000, b'{"a":1,"a":1}',
     rb'{"a":1,"\u0061":1}', b"[" * 33 + b"]" * 33, b"[" * 100_000, rb'"\u0000"', rb'"\ud800"',
     rb'{"\udfff":1}', b'"\xff"', b"\xef\xbb\xbf1", b"01", b"1 2", b"'a'", b'"\x01"', b"\x00",
     rb'["\\u0000", "\u0000"]'],
)  # fmt: skip
def test_it_refuses_loose_json(body: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        strict.decode(body)
    assert refusal.value.code == "invalid_json"
    strict.encode({"message": refusal.value.message, "errors": refusal.value.errors})


def test_it_names_the_place_of_a_character_that_is_not_allowed() -> None:
    with pytest.raises(Invalid) as refusal:
        strict.decode(rb'{"a": [{"b": "\u0000"}]}')
    assert [error["field"] for error in refusal.value.errors] == ["a.0.b"]
    assert strict.decode(rb'"\\u0000"') == r"\u0000"


def test_it_writes_numbers_dates_and_money_as_the_api_has_them() -> None:
    values = {
        "money": Decimal("10.50"), "at": datetime(2024, 1, 15, 8, tzinfo=UTC),
        "on": date(2024, 1, 15), "text": "é\u2028",
    }  # fmt: skip
    assert strict.encode(values).decode() == (
        '{"money":10.50,"at":"2024-01-15T08:00:00Z","on":"2024-01-15","text":"é\u2028"}'
    )
