"""GET /api/events: the audit trail."""

import pytest

from sunshine.core.principals import System
from tests.api import Api

SHOWN = {
    "seq", "at", "type", "entity", "entityId", "actor", "requestId", "before", "after",
}  # fmt: skip


async def happen(api: Api, *types: str, database: str = "sunshine", each: int = 1) -> None:
    """Record events of the given types about one thing each, in transactions of `each`."""
    database_ = api.app.databases[database]
    for start in range(0, len(types), each):
        async with database_.transaction(System("test")) as tx:
            for number, type_ in enumerate(types[start : start + each], start + 1):
                await tx.record(type_, "thing", number, after={"n": number})


@pytest.mark.parametrize(
    ("who", "status"),
    [("admin", 200), ("hr", 403), ("manager", 403), ("employee", 403), ("outsider", 403)],
)
async def test_only_an_admin_reads_it(api: Api, who: str, status: int) -> None:
    assert (await api.get("/api/events", as_=who)).status == status
    assert (await api.get("/api/events")).status == 401


async def test_it_tells_who_did_what_when_before_and_after(api: Api) -> None:
    headers = {"X-Request-Id": "from-a-test"}
    change = {"name": "New"}
    await api.put(f"/api/users/{api.hr.user_id}", change, as_="admin", headers=headers)
    answer = await api.get("/api/events", as_="admin")
    [event] = answer.data
    assert set(event) == SHOWN
    assert event["actor"] == {"type": "user", "id": api.admin.user_id, "name": "Admin Person"}
    assert (event["type"], event["entity"]) == ("user_updated", "users")
    assert event["entityId"] == api.hr.user_id
    assert (event["before"], event["after"]) == ({"name": "Hr Person"}, {"name": "New"})
    assert event["requestId"] == "from-a-test"
    assert event["at"].endswith("Z")
    assert answer.json["pagination"]["total"] == 1


async def test_the_latest_come_first(api: Api) -> None:
    await happen(api, *(f"t{n}" for n in range(5)))
    answer = await api.get("/api/events?limit=3", as_="admin")
    assert answer.json["pagination"] == {"page": 1, "perPage": 3, "total": 5, "totalPages": 2}
    events = answer.data
    assert [event["type"] for event in events] == ["t4", "t3", "t2"]
    more = (await api.get("/api/events?limit=3&page=2", as_="admin")).data
    assert [event["type"] for event in more] == ["t1", "t0"]


async def test_a_cursor_replays_in_order_without_gap_or_repeat(api: Api) -> None:
    expected = [f"t{n}" for n in range(1, 251)]
    await happen(api, "first")
    [first] = (await api.get("/api/events", as_="admin")).data
    await happen(api, *expected, each=3)
    since, seen = first["seq"], []
    while events := (await api.get(f"/api/events?since={since}&limit=100", as_="admin")).data:
        seen += [event["type"] for event in events]
        since = events[-1]["seq"]
    assert seen == expected
    assert (await api.get(f"/api/events?since={since}", as_="admin")).data == []
    await happen(api, "later")
    later = (await api.get(f"/api/events?since={since}", as_="admin")).data
    assert [event["type"] for event in later] == ["later"]


async def test_everything_follows_the_smallest_cursor_and_nothing_the_largest(api: Api) -> None:
    await happen(api, "a", "b")
    everything = (await api.get("/api/events?since=0-0", as_="admin")).data
    assert [event["type"] for event in everything] == ["a", "b"]
    last = "999999999999999999-999999999999999999"
    assert (await api.get(f"/api/events?since={last}", as_="admin")).data == []


async def test_filters_narrow_it(api: Api) -> None:
    await happen(api, "a", "b", "a")
    await api.get("/api/auth/logout", as_="employee")

    async def types(query: str) -> list[str]:
        return [e["type"] for e in (await api.get(f"/api/events?{query}", as_="admin")).data]

    assert await types("type=a") == ["a", "a"]
    assert await types("entity=users") == ["user_signed_out"]
    assert await types("entity=thing&entityId=2") == ["b"]
    assert await types(f"actorId={api.employee.user_id}") == ["user_signed_out"]
    assert await types("since=0-0&type=a&entityId=3") == ["a"]
    assert await types("type=unknown") == []


async def test_each_database_has_its_own(api: Api) -> None:
    await happen(api, "moved", database="fleet")
    fleet = (await api.get("/api/events?database=fleet", as_="admin")).data
    assert [event["type"] for event in fleet] == ["moved"]
    assert (await api.get("/api/events", as_="admin")).data == []


@pytest.mark.parametrize(
    "query",
    [
        "since=", "since=x", "since=1", "since=1-2-3", "since=-1-2", "since=1-", "since=-",
        "since=1.5-2", "since=1-2%00", "since=99999999999999999999-1", "since=%D9%A1-1",
        "since=1_0-1", "since=0-0&since=1-1",
    ],
)  # fmt: skip
async def test_a_bad_cursor_is_named(api: Api, query: str) -> None:
    answer = await api.get(f"/api/events?{query}", as_="admin")
    assert answer.status == 400
    assert answer.fields == {"since"} or "%00" in query


@pytest.mark.parametrize(
    "query", ["database=other", "entityId=x", "entityId=0", "actorId=2147483648", "limit=101"]
)
async def test_a_bad_filter_is_refused(api: Api, query: str) -> None:
    assert (await api.get(f"/api/events?{query}", as_="admin")).status == 400


async def test_reading_records_nothing(api: Api) -> None:
    await api.get("/api/events", as_="admin")
    assert await api.events() == []


async def test_nobody_changes_it(api: Api) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = await api.call(method, "/api/events", {}, as_="admin")
        assert (answer.status, answer.code) == (405, "method_not_allowed")
