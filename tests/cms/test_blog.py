"""Posts: /api/cms/blog, /:id and /slug/:slug."""

import asyncio
from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest

from sunshine.modules.cms import slugs as slug_rules
from sunshine.modules.cms.blog import posts
from tests.api import Api
from tests.cms.factories import BLOG, grant, make, recorded, seen, told
from tests.conftest import Now
from tests.factories import principal

LEAST = {"title": "Hello World", "content": "Text"}


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    made = await make(api, BLOG)
    place = f"{BLOG}/{made['id']}"
    assert (await api.get(place, as_="employee")).data == made
    same = await api.put(place, {"title": made["title"]}, as_="admin")
    assert same.data == made
    changed = await api.put(place, {"tags": ["a", "b"], "excerpt": None}, as_="admin")
    assert changed.data == made | {
        "tags": ["a", "b"], "revision": 2, "updatedAt": changed.data["updatedAt"]
    }  # fmt: skip
    assert (await api.delete(place, as_="admin")).status == 200
    for as_, status in (("admin", 404), ("employee", 403)):
        assert (await api.get(place, as_=as_)).status == status
        assert (await api.get(f"{BLOG}/slug/{made['slug']}", as_=as_)).status == status
    assert (await api.put(place, {"title": "x"}, as_="admin")).status == 404
    assert (await api.delete(place, as_="admin")).status == 404
    assert await seen(api, BLOG, "admin") == []
    assert await recorded(api) == ["blog_created", "blog_updated", "blog_deleted"]


async def test_it_names_who_saved_it(api: Api) -> None:
    made = await make(api, BLOG)
    [event] = await api.sql("SELECT actor_name, entity_id, after FROM event", "cms")
    assert (event["actor_name"], event["entity_id"]) == ("Admin Person", made["id"])
    assert event["after"] == made


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Company Update: 2024!", "company-update-2024"),
        ("München Ärger", "munchen-arger"),
        ("Новости", "novosti"),
        ("!!!", "post"),
        ("a" * 200, "a" * 180),
    ],
)
async def test_a_title_becomes_an_address(api: Api, title: str, slug: str) -> None:
    assert (await make(api, BLOG, title=title))["slug"] == slug
    assert (await make(api, BLOG, title=title))["slug"] == f"{slug}-2"
    assert (await make(api, BLOG, title=title))["slug"] == f"{slug}-3"


async def test_no_number_is_left_out_however_many_have_the_title(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slug_rules, "AT_ONCE", 2)
    slugs = [(await make(api, BLOG, title="News"))["slug"] for _ in range(6)]
    assert slugs == ["news", *(f"news-{number}" for number in range(2, 7))]


async def test_titles_racing_for_an_address_each_get_their_own(api: Api) -> None:
    body = {**LEAST, "status": "draft"}
    racers = [api.post(BLOG, body, as_="admin") for _ in range(12)]
    answers = await asyncio.gather(*racers)
    assert {answer.status for answer in answers} == {201}
    slugs = {answer.data["slug"] for answer in answers}
    assert slugs == {"hello-world", *(f"hello-world-{number}" for number in range(2, 13))}
    rows = await api.sql("SELECT s.slug FROM blog_slug s JOIN blog b USING (slug)", "cms")
    assert len(rows) == 12


async def test_racing_for_a_given_address_one_gets_it(api: Api) -> None:
    posts = [await make(api, BLOG) for _ in range(4)]
    racers = [api.post(BLOG, {**LEAST, "slug": "mine"}, as_="admin") for _ in range(6)]
    racers += [api.put(f"{BLOG}/{post['id']}", {"slug": "mine"}, as_="admin") for post in posts]
    answers = await asyncio.gather(*racers)
    count = Counter(answer.status for answer in answers)
    assert count[409] == 9
    assert {answer.code for answer in answers if answer.status == 409} == {"slug_taken"}
    assert len(await api.sql("SELECT id FROM blog WHERE slug = 'mine'", "cms")) == 1


async def test_an_address_that_is_taken_is_refused(api: Api) -> None:
    made = await make(api, BLOG, slug="one")
    other = await make(api, BLOG, slug="two")
    before = await recorded(api)
    for answer in (
        await api.post(BLOG, {**LEAST, "slug": "one"}, as_="admin"),
        await api.put(f"{BLOG}/{other['id']}", {"slug": "one", "title": "x"}, as_="admin"),
    ):
        assert (answer.status, answer.code, answer.fields) == (409, "slug_taken", {"slug"})
    assert await recorded(api) == before
    for slug in ("", "One", "a--b", "-a", "a-", "a b", "ä", "a" * 201):
        answer = await api.post(BLOG, {**LEAST, "slug": slug}, as_="admin")
        assert (answer.status, answer.fields) == (400, {"slug"}), slug
    await api.delete(f"{BLOG}/{made['id']}", as_="admin")
    assert (await make(api, BLOG, slug="one"))["id"] != made["id"]


async def test_an_address_that_it_had_still_finds_it(api: Api) -> None:
    made = await make(api, BLOG, slug="first")
    place = f"{BLOG}/{made['id']}"
    for slug in ("second", "third"):
        assert (await api.put(place, {"slug": slug}, as_="admin")).data["slug"] == slug
    for old in ("first", "second"):
        answer = await api.get(f"{BLOG}/slug/{old}", as_="employee")
        assert (answer.data["id"], answer.data["slug"]) == (made["id"], "third")
        assert answer.data["movedTo"] == "third"
        # Nobody else gets it, given or made.
        assert (await api.post(BLOG, {**LEAST, "slug": old}, as_="admin")).status == 409
        assert (await make(api, BLOG, title=old))["slug"] == f"{old}-2"
    assert "movedTo" not in (await api.get(f"{BLOG}/slug/third", as_="employee")).data
    assert (await api.put(place, {"slug": "first"}, as_="admin")).data["slug"] == "first"
    assert (await api.get(f"{BLOG}/slug/third", as_="employee")).data["movedTo"] == "first"
    assert (await api.put(place, {"title": "Another title"}, as_="admin")).data["slug"] == "first"


async def test_it_is_seen_at_the_second_of_publish_at_without_any_job(api: Api, now: Now) -> None:
    now.set(2024, 6, 1, 12)
    begins, ends = "2024-06-02T08:00:00+07:00", "2024-06-03T01:00:00Z"
    body = {"title": "Soon", "content": "x", "status": "published", "publishAt": begins,
            "unpublishAt": ends}  # fmt: skip
    made = (await api.post(BLOG, body, as_=told(api))).data
    assert made["publishAt"] == made["publishedAt"] == "2024-06-02T01:00:00Z"

    async def is_seen() -> bool:
        reader = told(api, "employee")
        item = await api.get(f"{BLOG}/{made['id']}", as_=reader)
        at = await api.get(f"{BLOG}/slug/soon", as_=reader)
        listed = await seen(api, BLOG, reader)
        found = await seen(api, BLOG, reader, "search=soon")
        statuses = {item.status, at.status}
        assert statuses in ({200}, {403})
        assert listed == found == ([made["id"]] if statuses == {200} else [])
        return statuses == {200}

    for moment, visible in (
        ((2024, 6, 1, 12), False),
        ((2024, 6, 2, 0, 59, 59, 999999), False),
        ((2024, 6, 2, 1, 0, 0), True),
        ((2024, 6, 3, 0, 59, 59, 999999), True),
        ((2024, 6, 3, 1, 0, 0), False),
    ):
        now.set(*moment)
        assert await is_seen() == visible, moment
        assert await seen(api, BLOG, told(api)) == [made["id"]]
    assert await recorded(api) == ["blog_created"]


async def test_when_it_was_first_seen_is_said_once(api: Api, now: Now) -> None:
    now.set(2024, 6, 1, 12)
    made = (await api.post(BLOG, LEAST, as_=told(api))).data
    assert (made["status"], made["publishedAt"]) == ("draft", None)
    place = f"{BLOG}/{made['id']}"

    async def put(**body: Any) -> str | None:
        at: str | None = (await api.put(place, body, as_=told(api))).data["publishedAt"]
        return at

    later, first = "2024-06-05T00:00:00Z", "2024-06-04T00:00:00Z"
    assert await put(publishAt=later) is None  # a draft's schedule is a wish
    assert await put(status="published") == later
    assert await put(publishAt=first) == first  # nobody has seen it yet
    assert await put(status="draft") is None
    assert await put(status="published") == first
    now.set(2024, 6, 4, 0, 0, 1)
    for body in ({"status": "draft"}, {"status": "published"}, {"publishAt": later},
                 {"publishAt": None}, {"title": "New"}):  # fmt: skip
        assert await put(**body) == first
    assert await put(publishAt=later) == first
    assert await seen(api, BLOG, told(api, "employee")) == []


async def test_a_date_of_the_past_publishes_now(api: Api, now: Now) -> None:
    now.set(2024, 6, 1, 12)
    body = {**LEAST, "status": "published", "publishAt": "2020-01-01T00:00:00Z"}
    made = (await api.post(BLOG, body, as_=told(api))).data
    assert made["publishedAt"] == "2024-06-01T12:00:00Z"


async def test_the_end_comes_after_the_beginning(api: Api) -> None:
    at = "2024-06-01T00:00:00Z"
    answer = await api.post(BLOG, {**LEAST, "publishAt": at, "unpublishAt": at}, as_="admin")
    assert (answer.status, answer.fields) == (400, {"unpublishAt"})
    made = await make(api, BLOG, unpublishAt=at)
    answer = await api.put(f"{BLOG}/{made['id']}", {"publishAt": at}, as_="admin")
    assert (answer.status, answer.fields) == (400, {"unpublishAt"})


NASTY = {
    '<script>alert(1)</script><p onclick="x()">Hi</p>': "<p>Hi</p>",
    '<a href="javascript:x">a</a>': '<a rel="noopener noreferrer">a</a>',
    '<a href="data:text/html,x">a</a>': '<a rel="noopener noreferrer">a</a>',
    '<a href="magnet:?x">a</a>': '<a rel="noopener noreferrer">a</a>',
    '<a href="tel:1">a</a>': '<a href="tel:1" rel="noopener noreferrer">a</a>',
    '<img src="/images/x.png" onerror=x>': '<img src="/images/x.png">',
    '<svg><style><img src=x onerror=x></style></svg>y': "y",
    "<iframe src=x></iframe>y": "y",
    "R&D is < fun": "R&amp;D is &lt; fun",
}  # fmt: skip


@pytest.mark.parametrize("html", NASTY)
async def test_nothing_that_runs_is_kept(api: Api, html: str) -> None:
    made = await make(api, BLOG, content=html)
    assert made["content"].replace('<img src="x">', "") == NASTY[html]
    put = await api.put(f"{BLOG}/{made['id']}", {"content": f"{html}!"}, as_="admin")
    assert put.data["content"].replace('<img src="x">', "") == f"{NASTY[html]}!"
    for path, field, least in (
        ("/api/cms/vacancies", "description", {"title": "x", "type": "contract"}),
        ("/api/cms/career", "content", {"title": "x"}),
        ("/api/cms/training", "content", {"title": "x"}),
        ("/api/cms/department", "content", {"name": "x"}),
    ):
        row = (await api.post(path, {**least, field: html}, as_="admin")).data
        assert row[field] == made["content"]


async def test_content_of_nothing_or_of_too_many_tags_is_refused(api: Api) -> None:
    for html in ("<script>alert(1)</script>", "<p>" * 5001, "x" * 100_001, " "):
        answer = await api.post(BLOG, {**LEAST, "content": html}, as_="admin")
        assert (answer.status, answer.fields) == (400, {"content"}), html[:20]
    assert await recorded(api) == []
    assert (await make(api, BLOG, content="<b>x" * 5000))["revision"] == 1


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        ("quarterly", True),
        ("QUARTERLY", True),
        ("café", True),
        ("cafe", True),
        ("résumé", True),
        ("resume quarterly", True),
        ('"quarterly numbers"', True),
        ('"numbers quarterly"', False),
        ("quarterly -numbers", False),
        ("nothing or quarterly", True),
        ("quarter", False),  # words, not parts of them
        ("strong", False),  # a tag is no word
        ("50%_x", False),
        ("%", False),
        ("'", False),
    ],
)
async def test_it_finds_words(api: Api, search: str, finds: bool) -> None:
    made = await make(api, BLOG, title="Quarterly numbers", excerpt="Résumé of the Café",
                      content="<strong>Text</strong>")  # fmt: skip
    await make(api, BLOG, title="Another thing")
    assert await seen(api, BLOG, query=f"search={quote(search)}") == [made["id"]] * finds


async def test_it_filters_by_category_tag_author_and_status(api: Api) -> None:
    one = await make(api, BLOG, categories=["news", "it"], tags=["2024"])
    two = await make(api, BLOG, categories=["it"], tags=["2025"],
                     author=api.stranger.employee_id)  # fmt: skip
    await make(api, BLOG, status="draft", categories=["news"])
    both = [two["id"], one["id"]]
    for query, expected in (
        ("category=news", [one["id"]]), ("category=it", both), ("category=new", []),
        ("tag=2025", [two["id"]]), ("tag=2024&category=it", [one["id"]]),
        (f"author={api.stranger.employee_id}", [two["id"]]), ("status=published", both),
        ("sort=title,-id", both), ("sort=publishedAt", both[::-1]), ("", both),
    ):  # fmt: skip
        assert await seen(api, BLOG, query=query) == expected, query
    for field, values in (("categories", ["Not A Slug"]), ("tags", ["a", "a"]), ("tags", [" "])):
        answer = await api.post(BLOG, {**LEAST, field: values}, as_="admin")
        assert answer.status == 400


async def test_the_largest_post_of_the_widest_letters_is_kept(api: Api) -> None:
    wide = " ".join(chr(0x20000 + number % 40_000) for number in range(50_000))
    made = await make(api, BLOG, content=wide)
    assert await seen(api, BLOG, query="search=%F0%A0%80%81") == [made["id"]]


async def revisions_of(api: Api, id_: int, as_: str = "admin") -> list[Any]:
    rows: list[Any] = (await api.get(f"{BLOG}/{id_}/revisions", as_=as_)).data
    return rows


async def test_each_save_of_what_it_says_is_a_revision(api: Api) -> None:
    made = await make(api, BLOG, title="One", content="a", status="draft")
    place = f"{BLOG}/{made['id']}"
    for body, revision in (
        ({"title": "Two"}, 2), ({"status": "published"}, 2), ({"title": "Two"}, 2),
        ({"slug": "other"}, 2), ({"content": "b", "tags": ["x"]}, 3),
    ):  # fmt: skip
        assert (await api.put(place, body, as_="admin")).data["revision"] == revision
    rows = await revisions_of(api, made["id"])
    assert [(row["revision"], row["title"], row["content"]) for row in rows] == [
        (3, "Two", "b"), (2, "Two", "a"), (1, "One", "a"),
    ]  # fmt: skip
    assert {row["by"] for row in rows} == {"Admin Person"}
    back = await api.post(f"{place}/revert", {"revision": 1}, as_="admin")
    assert (back.status, back.json["message"]) == (200, "Blog post reverted")
    data = back.data
    assert (data["title"], data["content"], data["tags"]) == ("One", "a", [])
    assert (data["revision"], data["status"], data["slug"]) == (4, "published", "other")
    assert len(await revisions_of(api, made["id"])) == 4
    again = await api.post(f"{place}/revert", {"revision": 4}, as_="admin")
    assert again.data == data
    assert (await recorded(api))[-2:] == ["blog_updated", "blog_reverted"]
    before = await recorded(api)
    answer = await api.post(f"{place}/revert", {"revision": 5}, as_="admin")
    assert (answer.status, answer.fields) == (400, {"revision"})
    assert await recorded(api) == before


async def test_revisions_are_for_those_who_write_it(api: Api) -> None:
    await grant(api, "employee", "cms:write")
    await grant(api, "stranger", "cms:write")
    made = (await api.post(BLOG, LEAST, as_="employee")).data
    place = f"{BLOG}/{made['id']}"
    await api.put(place, {"title": "Second"}, as_="employee")
    assert len(await revisions_of(api, made["id"], "employee")) == 2
    for path in (place, f"{BLOG}/{2**31 - 1}"):
        assert (await api.get(f"{path}/revisions", as_="stranger")).code == "not_allowed"
        answer = await api.post(f"{path}/revert", {"revision": 1}, as_="stranger")
        assert answer.code == "not_allowed"
    assert (await api.get(f"{place}/revisions", as_="hr")).code == "not_allowed"
    body = {"revision": 1}
    assert (await api.post(f"{place}/revert", body, as_="employee")).data["title"] == "Hello World"
    await api.put(place, {"status": "published"}, as_="admin")
    # What is public is read by everybody, what it said before is not.
    assert (await api.get(f"{place}/revisions", as_="stranger")).code == "not_allowed"
    assert len(await revisions_of(api, made["id"], "employee")) == 3
    assert (await api.post(f"{place}/revert", body, as_="employee")).code == "not_allowed"


async def test_saves_at_once_lose_nothing(api: Api) -> None:
    made = await make(api, BLOG)
    place = f"{BLOG}/{made['id']}"
    bodies: list[dict[str, Any]] = [{"title": f"Title {number}"} for number in range(5)]
    bodies += [{"content": f"Content {number}"} for number in range(5)]
    answers = await asyncio.gather(*(api.put(place, body, as_="admin") for body in bodies))
    assert {answer.status for answer in answers} == {200}
    rows = await revisions_of(api, made["id"])
    assert [row["revision"] for row in rows] == list(range(11, 0, -1))
    row = (await api.get(place, as_="admin")).data
    assert (row["title"], row["content"]) == (rows[0]["title"], rows[0]["content"])
    assert {row["title"] for row in rows} == {"Words", *(f"Title {n}" for n in range(5))}


async def test_a_retry_makes_one_post(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await api.post(BLOG, LEAST, as_="admin", headers=headers)
    again = await api.post(BLOG, LEAST, as_="admin", headers=headers)
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert await recorded(api) == ["blog_created"]


async def test_a_writer_who_saves_while_it_is_published_comes_too_late(api: Api) -> None:
    await grant(api, "employee", "cms:write")
    made = (await api.post(BLOG, LEAST, as_="employee")).data
    place, actor = f"{BLOG}/{made['id']}", principal(api, "admin")
    people = api.app.databases.sunshine
    async with api.app.databases["cms"].transaction(actor) as tx:
        body = {"status": "published"}
        await posts.change(tx, made["id"], body, actor=actor, people=people)
        late = asyncio.create_task(api.put(place, {"title": "Sneaked in"}, as_="employee"))
        await api.somebody_waits("cms")
    assert ((await late).status, (await late).code) == (403, "not_allowed")
    assert (await api.get(place, as_="admin")).data["title"] == LEAST["title"]
