"""Lists: pages, totals, order, search; the same for every list endpoint
(sunshine/database/pages.py)."""

from typing import Any

import handlers
from sunshine.database.pages import ListQuery, pattern
from sunshine.modules.employees.departments import departments
from sunshine.web.routes import Route
from tests.api import Answer, Api
from tests.route_matrix import existing_path, query_of

PATH = "/api/departments"
LISTS = [
    route
    for route in handlers.routes
    if "GET" in route.guards
    and (query := query_of(route.guards["GET"]))
    and "page" in query.schema
    and "format" not in query.schema
]
MANY = "INSERT INTO department (name) SELECT 'Unit ' || n FROM generate_series(1, %(n)s) n"


async def page(api: Api, text: str = "", *, path: str = PATH, as_: str = "admin") -> Answer:
    return await api.get(f"{path}?{text}", as_=as_)


async def names(api: Api, text: str) -> list[str]:
    return [row["name"] for row in (await page(api, text)).data]


async def make(api: Api, *made: str) -> None:
    departments.listing._estimates.clear()  # of another test's rows
    await api.sql("DELETE FROM department")
    for name in made:
        await api.sql("INSERT INTO department (name) VALUES (%(name)s)", name=name)


async def test_it_paginates_every_list_in_the_same_shape(api: Api) -> None:
    assert len(LISTS) >= 9
    for route in LISTS:
        path = await existing_path(api, route.path)
        answer = await page(api, path=path)
        assert list(answer.json) == ["success", "data", "pagination"], path
        found = answer.json["pagination"]
        assert list(found) == ["page", "perPage", "total", "totalPages"]
        assert (found["page"], found["perPage"]) == (1, 20)
        assert isinstance(answer.data, list)
        far = await page(api, "page=2147483647&limit=100", path=path)
        assert (far.status, far.data) == (200, [])
        assert far.json["pagination"]["total"] == found["total"]
        none = await page(api, "search=nothing-is-called-so", path=path)
        if "search" in schema(route):
            assert (none.data, none.json["pagination"]["totalPages"]) == ([], 0)


def schema(route: Route) -> dict[str, Any]:
    query = query_of(route.guards["GET"])
    assert query
    return query.schema


async def test_it_sorts_every_list_by_every_declared_field(api: Api) -> None:
    for route in LISTS:
        path = await existing_path(api, route.path)
        refusal = await page(api, "sort=nonsense", path=path)
        [error] = refusal.json["errors"]
        fields = error["message"].partition(": ")[2].split(", ")
        assert "id" in fields
        for sort in (*fields, *(f"-{field}" for field in fields), ",".join(fields)):
            assert (await page(api, f"sort={sort}", path=path)).status == 200, (path, sort)


async def test_it_divides_a_list_into_pages(api: Api) -> None:
    await make(api, *(f"D{number}" for number in range(7)))
    whole = await page(api, "limit=3")
    assert whole.json["pagination"] == {"page": 1, "perPage": 3, "total": 7, "totalPages": 3}
    pages = [await names(api, f"limit=3&page={number}") for number in (1, 2, 3, 4)]
    assert pages == [["D0", "D1", "D2"], ["D3", "D4", "D5"], ["D6"], []]
    assert await names(api, "perPage=2&page=2") == ["D2", "D3"]
    assert (await page(api, "limit=2&perPage=5")).json["pagination"]["perPage"] == 2
    last = (await page(api, "limit=3&page=9")).json["pagination"]
    assert last == {"page": 9, "perPage": 3, "total": 7, "totalPages": 3}


async def test_it_answers_an_empty_list(api: Api) -> None:
    await make(api)
    answer = await page(api)
    assert answer.data == []
    assert answer.json["pagination"] == {"page": 1, "perPage": 20, "total": 0, "totalPages": 0}
    assert (await page(api, "page=3")).json["pagination"]["total"] == 0


async def test_it_has_a_stable_order(api: Api) -> None:
    await make(api, *(f"D{number:02d}" for number in range(30)))
    await api.sql("UPDATE department SET created_at = '2024-01-01', active = true")
    await api.sql("UPDATE department SET description = 'moved' WHERE name < 'D10'")
    everything = [f"D{number:02d}" for number in range(30)]
    for sort, expected in (
        ("", everything), ("sort=createdAt", everything), ("sort=-createdAt", everything),
        ("sort=-name", everything[::-1]), ("sort=-id", everything[::-1]),
        ("sort=createdAt,-id", everything[::-1]), ("sort=createdAt,-name", everything[::-1]),
    ):  # fmt: skip
        found = [
            name
            for number in range(1, 11)
            for name in await names(api, f"{sort}&limit=3&page={number}")
        ]
        assert found == expected, sort


async def test_it_finds_what_is_searched_to_the_letter(api: Api) -> None:
    await make(api, "100% Wool", "100 Wool", "A_B", "AXB", r"Back\slash", "Straße", "ÉCOLE")
    for text, expected in (
        ("100%25", ["100% Wool"]), ("_", ["A_B"]), ("%25", ["100% Wool"]), ("a_b", ["A_B"]),
        ("%5C", [r"Back\slash"]), ("%5C%25", []), ("WOOL", ["100% Wool", "100 Wool"]),
        ("%20wool%20", ["100% Wool", "100 Wool"]), ("%C3%A9cole", ["ÉCOLE"]), ("'", []),
        ("100%25%20w", ["100% Wool"]), ("stra%C3%9Fe", ["Straße"]),
    ):  # fmt: skip
        answer = await page(api, f"search={text}")
        assert [row["name"] for row in answer.data] == expected, text
        assert answer.json["pagination"]["total"] == len(expected)
    assert len(await names(api, "search=")) == 7
    assert pattern("50%_\\ A") == r"%50\%\_\\ A%"


async def test_it_combines_filters(api: Api) -> None:
    await make(api, "Alpha", "Alpine", "Beta")
    await api.sql("UPDATE department SET active = false WHERE name = 'Alpine'")
    assert await names(api, "search=alp&active=true") == ["Alpha"]
    assert await names(api, "search=alp&active=0") == ["Alpine"]
    assert await names(api, "active=1&sort=-name") == ["Beta", "Alpha"]


async def test_it_does_not_list_what_is_deleted(api: Api) -> None:
    await make(api, "Kept", "Gone")
    await api.sql("UPDATE department SET deleted_at = now() WHERE name = 'Gone'")
    assert await names(api, "") == ["Kept"]
    assert (await page(api)).json["pagination"]["total"] == 1


async def test_it_counts_to_10_000_and_estimates_beyond(api: Api) -> None:
    await make(api)
    await api.sql(MANY, n=10_000)
    exact = (await page(api)).json["pagination"]
    assert exact == {"page": 1, "perPage": 20, "total": 10_000, "totalPages": 500}
    await api.sql("INSERT INTO department (name) SELECT 'More ' || n FROM generate_series(1, 50) n")
    await api.sql("ANALYZE department")
    for text in ("", "page=503", "page=9999&limit=100"):
        found = (await page(api, text)).json["pagination"]
        assert found["totalIsEstimate"] is True
        assert 10_000 < found["total"] < 11_000
        assert found["totalPages"] == -(-found["total"] // found["perPage"])
    last = await page(api, "page=101&limit=100")
    assert len(last.data) == 50
    few = (await page(api, "search=more")).json["pagination"]
    assert few == {"page": 1, "perPage": 20, "total": 50, "totalPages": 3}


async def test_it_never_estimates_less_than_it_has_seen(api: Api) -> None:
    await make(api)
    await api.sql("ANALYZE department")  # the planner believes the table empty
    await api.sql(MANY, n=10_050)
    found = (await page(api)).json["pagination"]
    assert found["totalIsEstimate"] is True
    assert found["total"] > 10_000


async def test_it_compiles_a_page_once(api: Api) -> None:
    listing: ListQuery = departments.listing
    for _ in range(2):
        await page(api, "sort=-name&search=x")
    before = listing._statements.cache_info()
    await page(api, "sort=-name&search=y&page=2")
    after = listing._statements.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)
