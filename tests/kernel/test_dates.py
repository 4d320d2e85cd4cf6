"""The first and the last day there are, in every field and every query: a refusal or an answer, and
never a calendar that has come to its end."""

from typing import Any

import pytest

from sunshine.core.errors import Invalid
from sunshine.core.fields import Field, Schema, date
from sunshine.core.validation import Payload
from sunshine.web.routes import Route
from tests.api import Api
from tests.route_matrix import (
    body_of,
    endpoints,
    existing_path,
    filled,
    known_values,
    name_of,
    query_of,
    required_query,
)

ENDS: dict[str, tuple[str, ...]] = {
    "date": ("0001-01-01", "0001-01-02", "9998-12-31", "9999-12-31"),
    "instant": ("0002-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
}
YEARS = ("1", "1900", "9998", "9999")


def kind(field: Field) -> str:
    """`date`, `instant` or another coercion."""
    return str(field.get("coerce", ""))


def dated(schema: Schema) -> bool:
    """Whether it has a day, an instant or a year, of its own or further in."""
    return any(
        kind(field) in ENDS or name == "year" or dated(inner_of(field))
        for name, field in schema.items()
    )


def inner_of(field: Field) -> Schema:
    """The fields of a field that holds some."""
    return field.get("schema", {}) if field["type"] == "dict" else {}


def at_the_end(schema: Schema, number: int, whole: dict[str, Any]) -> dict[str, Any]:
    """A body with every day and instant at an end of the calendar."""
    for name, field in schema.items():
        if kind(field) in ENDS:
            ends = ENDS[kind(field)]
            whole[name] = ends[number % len(ends)]
        elif dated(inner_of(field)):
            whole[name] = at_the_end(inner_of(field), number, filled(inner_of(field)))
        elif name == "year":
            whole[name] = min(int(YEARS[number]), field["max"])
    return whole


BODIES = [
    (route, method)
    for route, method in endpoints()
    if (payload := body_of(route.guards[method])) and dated(payload.schema)
]
QUERIES = [
    route
    for route, method in endpoints()
    if method == "GET" and (query := query_of(route.guards[method])) and dated(query.schema)
]


@pytest.mark.parametrize(("route", "method"), BODIES, ids=name_of)
async def test_no_day_of_a_body_is_one_too_many(api: Api, route: Route, method: str) -> None:
    payload = body_of(route.guards[method])
    assert payload
    for number in range(4):
        path = await existing_path(api, route.path, method)
        known = await known_values(api, payload.schema)
        body = at_the_end(payload.schema, number, filled(payload.schema, known))
        answer = await api.call(method, path, body, as_="admin")
        assert answer.status < 500, (body, answer.body)


@pytest.mark.parametrize("route", QUERIES, ids=name_of)
async def test_no_day_of_a_query_is_one_too_many(api: Api, route: Route) -> None:
    query = query_of(route.guards["GET"])
    assert query
    path = await existing_path(api, route.path)
    names = [name for name, field in query.schema.items() if kind(field) in ENDS or name == "year"]
    needed = required_query(route.guards["GET"])
    for number in range(4):
        asked = needed
        for name in names:
            ends = ENDS.get(kind(query.schema[name]), YEARS)
            asked = "&".join(part for part in asked.split("&") if not part.startswith(f"{name}="))
            asked += f"&{name}={ends[number % len(ends)]}"
        answer = await api.get(f"{path}?{asked.strip('&')}", as_="admin")
        assert answer.status < 500, (asked, answer.body)


async def test_a_holiday_at_the_end_of_the_calendar_is_refused(api: Api) -> None:
    day = {"date": "9999-12-31", "name": "The last", "kind": "public"}
    answer = await api.post("/api/leave/holidays", day, as_="hr")
    assert (answer.status, answer.fields) == (400, {"date"})
    made = await api.post("/api/leave/holidays", day | {"date": "9998-12-31"}, as_="hr")
    moved = await api.put(f"/api/leave/holidays/{made.data['id']}", day, as_="hr")
    assert (moved.status, moved.fields) == (400, {"date"})
    assert await api.events() == ["holiday_created"]


def test_a_day_has_a_day_after_it() -> None:
    payload = Payload({"on": date()})
    assert payload.check({"on": "9998-12-31"})
    with pytest.raises(Invalid) as refusal:
        payload.check({"on": "9999-01-01"})
    assert refusal.value.errors[0]["message"] == "must be from 0001-01-01 to 9998-12-31"
