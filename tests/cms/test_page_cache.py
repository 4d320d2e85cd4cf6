"""Pages of the blog that a process keeps: never older than what anybody has changed."""

import asyncio
from typing import Any

import pytest

from sunshine.database.database import Database
from sunshine.database.statements import Statement
from sunshine.modules.cms.blog import posts
from sunshine.modules.cms.cache import MAX_PAGES
from tests.api import Api
from tests.cms.factories import BLOG, grant, make, public_read, seen, told
from tests.conftest import Now
from tests.factories import principal


@pytest.fixture
def reads(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements on the cms database that read posts."""
    posts._pages._cached.clear()
    found: list[str] = []
    all_ = Database.all

    async def noted(self: Database, statement: Statement[Any], **values: Any) -> Any:
        if b"FROM blog" in statement.text and b"content" in statement.text:
            found.append(statement.text.decode())
        return await all_(self, statement, **values)

    monkeypatch.setattr(Database, "all", noted)
    return found


async def test_a_page_is_read_once_while_nothing_happens(api: Api, reads: list[str]) -> None:
    made = await make(api, BLOG)
    for _ in range(3):
        assert await seen(api, BLOG) == [made["id"]]
        assert await seen(api, BLOG, "stranger") == [made["id"]]
        with public_read(api):
            assert await seen(api, BLOG, None) == [made["id"]]
    assert len(reads) == 1
    for _ in range(2):
        assert await seen(api, BLOG, "admin") == [made["id"]]
        assert await seen(api, BLOG, query="sort=title") == [made["id"]]
    assert len(reads) == 3
    for _ in range(2):  # what hardly anybody asks for again is not kept
        assert await seen(api, BLOG, query="search=words") == [made["id"]]
    assert len(reads) == 5


async def test_what_anybody_changes_is_seen_at_once_everywhere(
    api: Api, second: Api, reads: list[str]
) -> None:
    made = await make(api, BLOG)
    place = f"{BLOG}/{made['id']}"
    for body in ({"title": "A"}, {"status": "draft"}, {"status": "published"}, {"title": "B"}):
        for server in (api, second):
            assert len(await seen(server, BLOG, "admin")) == 1
            await seen(server, BLOG)
        row = (await second.put(place, body, as_="admin")).data
        for server in (api, second):
            assert (await server.get(BLOG, as_="admin")).data == [row]
            public = [row] if row["status"] == "published" else []
            assert (await server.get(BLOG, as_="employee")).data == public
    await second.delete(place, as_="admin")
    for server in (api, second):
        assert await seen(server, BLOG) == await seen(server, BLOG, "admin") == []


async def test_a_change_that_commits_late_is_not_missed(api: Api, reads: list[str]) -> None:
    """Its event has an earlier id than one that was there when the page was read."""
    await make(api, BLOG)
    slow, quick = await make(api, BLOG, title="Slow"), await make(api, BLOG, title="Quick")
    actor, people = principal(api, "admin"), api.app.databases.sunshine
    cms = api.app.databases["cms"]
    async with cms.transaction(actor) as tx:
        await posts.change(tx, slow["id"], {"title": "Late"}, actor=actor, people=people)
        await api.put(f"{BLOG}/{quick['id']}", {"title": "Early"}, as_="admin")
        for _ in range(2):
            titles = [row["title"] for row in (await api.get(BLOG, as_="employee")).data]
            assert titles == ["Early", "Slow", "Words"]
    titles = [row["title"] for row in (await api.get(BLOG, as_="employee")).data]
    assert titles == ["Early", "Late", "Words"]


async def test_a_page_stands_until_a_post_is_due(api: Api, now: Now, reads: list[str]) -> None:
    now.set(2024, 6, 1, 12)
    at = {"publishAt": "2024-06-01T12:00:10Z", "unpublishAt": "2024-06-01T12:00:20Z"}
    made = await make(api, BLOG, as_=told(api), **at)
    for second, visible, read in (
        (0, False, 1), (9, False, 1), (10, True, 2), (19, True, 2), (20, False, 3), (79, False, 3),
        (80, False, 4),
    ):  # fmt: skip
        now.set(2024, 6, 1, 12, second // 60, second % 60)
        assert await seen(api, BLOG, told(api, "employee")) == ([made["id"]] if visible else [])
        assert len(reads) == read, second
    now.set(2024, 6, 1, 12, 0, 15)
    assert await seen(api, BLOG, told(api, "employee")) == [made["id"]]


async def test_what_writers_see_is_theirs(api: Api, reads: list[str]) -> None:
    await grant(api, "employee", "cms:write")
    await grant(api, "stranger", "cms:write")
    mine = (await api.post(BLOG, {"title": "Mine", "content": "x"}, as_="employee")).data
    for _ in range(2):
        assert await seen(api, BLOG, "employee") == [mine["id"]]
        for name in ("stranger", "manager", "outsider"):
            assert await seen(api, BLOG, name) == []
    assert await seen(api, BLOG, "admin") == [mine["id"]]


async def test_only_so_much_is_kept(api: Api, reads: list[str]) -> None:
    for _ in range(3):
        await make(api, BLOG, content="x" * 100_000)
    for _ in range(2):
        assert len(await seen(api, BLOG)) == 3
    assert len(reads) == 2
    await asyncio.gather(
        *(api.get(f"{BLOG}?page={page}&limit=1", as_="employee") for page in range(1, 150))
    )
    assert 0 < len(posts._pages._cached) <= MAX_PAGES
