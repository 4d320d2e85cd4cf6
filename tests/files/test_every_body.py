"""An upload's URL in every field of every body: what its rows keep is kept, all else is refused."""

from collections.abc import Iterator
from typing import Any

import pytest

from sunshine.core.fields import Field, Schema
from sunshine.files import columns as file_columns
from sunshine.files import integrity
from sunshine.identity.signed_urls import ROUTE
from sunshine.web.routes import Route
from tests.api import Api
from tests.conftest import Now
from tests.files.columns import COLUMNS
from tests.files.forms import PNG, place_of, uploaded
from tests.route_matrix import body_of, endpoints, filled, filled_path, known_values, valid
from tests.row_factories import made_for, statement_of

BODIES = [(route, method) for route, method in endpoints() if body_of(route.guards[method])]
# What a rule asks for beside the schema, so that a row is made.
NEEDED = {"leaveType": "annual", "startDate": "2031-01-06", "endDate": "2031-01-06"}


def fields_of(route: Route) -> set[str]:
    """The fields of a route's bodies whose rows keep files."""
    filing = getattr(route.handler, "filing", None)
    return {*filing.fields, *filing.html, *filing.texts} if filing else set()


def places(field: Field, url: str, name: str) -> Iterator[tuple[str, Any]]:
    """Each place in a field that takes a text, with a value that has the URL there."""
    kind = field["type"]
    if kind == "string" and "allowed" not in field:
        yield name, url
    elif kind == "list":
        for place, value in places(field["schema"], url, f"{name}.0"):
            yield place, [value, *(valid(field["schema"]) for _ in range(1, _least(field)))]
    elif "schema" in field:
        for part, inner in field["schema"].items():
            for place, value in places(inner, url, f"{name}.{part}"):
                yield place, {**filled(field["schema"]), part: value}
    elif kind == "dict":
        yield f"{name}.deep.0.file", {"deep": [{"file": url}]}


def _least(field: Field) -> int:
    return int(field.get("minlength", 1))


def as_html(field: str, route: Route, value: Any) -> Any:
    is_html = field in route.handler.filing.html  # type: ignore[attr-defined]
    return f'<p>See <a href="{value}">this</a></p>' if is_html else value


async def whole(api: Api, route: Route, method: str, schema: Schema) -> dict[str, Any]:
    """A body that is taken."""
    body = filled(schema, await known_values(api, schema))
    return body | {name: value for name, value in NEEDED.items() if name in body}


async def texts_with(api: Api, word: str) -> list[str]:
    """Every column of every database that has a word in it, but for the table of uploads."""
    found = []
    for name, database in api.app.databases.items():
        parts = [
            f"SELECT '{column.table.name}.{column.name}' AS place FROM \"{column.table.name}\""
            f" WHERE strpos(CAST(\"{column.name}\" AS text), :word) > 0"
            for column in file_columns.texts(name) if column.table.name != "upload"
        ]  # fmt: skip
        statement = statement_of(" UNION ALL ".join(parts))
        found += [row["place"] for row in await database.all(statement, word=word)]
    return found


async def kept(api: Api) -> set[str]:
    """The files that rows name and that are there; none of those there may be of no use."""
    storage, databases = api.app.application.storage, api.app.databases
    later = api.app.application.clock()
    assert await integrity.orphans(storage, databases, now=later) == []
    problems = await integrity.check(storage, databases, now=later)
    assert problems == []
    return {found.place async for found in storage.files("static")}


async def test_every_field_keeps_an_upload_or_refuses_it(disk: Api, now: Now) -> None:
    refused, taken = 0, 0
    spare = await uploaded(disk, PNG, "spare.png", as_="admin")
    for route, method in BODIES:
        schema = body_of(route.guards[method]).schema  # type: ignore[union-attr]
        keeping = fields_of(route)
        me = disk.admin.employee_id if keeping & schema.keys() else None
        path = filled_path(route.path, *await made_for(disk, route.path, method, me))
        for name, field in schema.items():
            for place, value in places(field, spare, name):
                if name in keeping:
                    taken += await _takes(disk, route, method, path, name, place)
                    continue
                body = await whole(disk, route, method, schema) | {name: value}
                answer = await disk.call(method, path, body, as_="admin")
                assert answer.status == 400, (route.path, method, place, answer.body)
                assert any(named.split(".")[0] == name for named in answer.fields), answer.body
                refused += 1
    assert refused > 150
    assert taken >= 38
    assert await texts_with(disk, place_of(spare).removeprefix("temp/")) == []
    # What was taken opens when uploads have come to their end.
    paths = {row["path"] for row in await disk.sql("SELECT path FROM stored_file")}
    now.shift(hours=25)
    await disk.app.jobs.run("temp-files")
    assert {place.removeprefix("static/") for place in await kept(disk)} == paths
    now.reset()  # the token would have ended
    for stored in paths:
        opened = await disk.get(f"{ROUTE}{stored}", as_="admin")
        assert (opened.status, opened.body) == (200, PNG), stored


async def _takes(api: Api, route: Route, method: str, path: str, name: str, place: str) -> int:
    """A field that keeps files keeps one."""
    schema = body_of(route.guards[method]).schema  # type: ignore[union-attr]
    before = await api.sql("SELECT count(*) AS count FROM stored_file")
    url = await uploaded(api, PNG, "kept.png", as_="admin")
    value = next(value for at, value in places(schema[name], url, name) if at == place)
    body = await whole(api, route, method, schema)
    answer = await api.call(method, path, body | {name: as_html(name, route, value)}, as_="admin")
    assert answer.status in (200, 201), (route.path, method, place, answer.body)
    after = await api.sql("SELECT count(*) AS count FROM stored_file")
    assert after[0]["count"] == before[0]["count"] + 1, (route.path, method, place)
    upload = place_of(url).removeprefix("temp/")
    assert await texts_with(api, upload) == [], (route.path, method, place)
    assert (await api.get(f"/api/temp/{upload}")).status == 404
    return 1


# ---- Which columns those are ------------------------------------------------------------------


def test_every_column_with_room_for_a_url_is_accounted_for() -> None:
    """Whoever adds one decides: `info=files()` in models/, or its field refuses them.

    The test above then holds either.
    """
    found: dict[str, list[str]] = {}
    for database in ("sunshine", "fleet", "cms", "mitra"):
        for column in file_columns.texts(database):
            kind = file_columns.kind_of(column)
            said = f"{column.name}:{kind}" if kind else column.name
            found.setdefault(f"{database}.{column.table.name}", []).append(said)
    assert {name: sorted(columns) for name, columns in found.items()} == {
        name: sorted(columns.split()) for name, columns in COLUMNS.items()
    }


@pytest.mark.parametrize(("route", "method"), BODIES, ids=lambda it: getattr(it, "path", it))
def test_a_field_that_is_a_url_keeps_files(route: Route, method: str) -> None:
    schema = body_of(route.guards[method]).schema  # type: ignore[union-attr]
    items = {name: field.get("schema", field) for name, field in schema.items()}
    urls = {name for name, field in items.items() if "https?" in str(field.get("regex"))}
    assert urls <= fields_of(route)
