"""Two at once, and what is left of a change that ended half way."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from pymongo.synchronous.collection import Collection

from sunshine.core.errors import NotFound
from sunshine.core.principals import System
from sunshine.modules.mitra import documents as rules
from sunshine.modules.mitra.contents import sweep
from tests.api import Api
from tests.conftest import Now
from tests.factories import found
from tests.mitra.factories import CONTRACT, document, partner, recorded

Contents = Collection[dict[str, Any]]


async def ids(api: Api) -> set[int]:
    """The documents that the event log says are there."""
    there = set()
    for event in await recorded(api):
        if event["type"].endswith("created"):
            there.add(event["entity_id"])
        elif event["type"].endswith("deleted"):
            there.remove(event["entity_id"])
    return there


async def test_of_many_who_change_what_they_read_each_change_is_whole(either: Api) -> None:
    path = await partner(either)
    made = await document(either, path, fields={"by": 0})
    one = f"{path}/documents/{made['id']}"
    bodies = [{"title": f"By {n}", "fields": {"by": n}} for n in range(1, 25)]
    answers = await asyncio.gather(*(either.put(one, body, as_="admin") for body in bodies))
    counts = Counter(answer.status for answer in answers)
    assert counts.keys() <= {200, 409}
    assert counts[200] >= 1
    assert {a.code for a in answers if a.status == 409} <= {"changed_meanwhile"}
    last = (await either.get(one, as_="hr")).data
    assert last["version"] == 1 + counts[200]
    assert last["title"] == f"By {last['fields']['by']}"
    _, *changes = await recorded(either)
    assert [event["after"]["version"] for event in changes] == [*range(2, 2 + counts[200])]
    assert last["fields"] == changes[-1]["after"]["fields"]
    for before, after in zip([{"after": made}, *changes], changes, strict=False):
        assert after["before"]["fields"] == before["after"]["fields"]


async def test_of_many_who_delete_it_one_does(either: Api) -> None:
    path = await partner(either)
    made = await document(either, path)
    one = f"{path}/documents/{made['id']}"
    answers = await asyncio.gather(*(either.delete(one, as_="admin") for _ in range(12)))
    assert Counter(answer.status for answer in answers) == {200: 1, 404: 11}
    assert [event["type"] for event in await recorded(either)] == [
        "partner_document_created", "partner_document_deleted",
    ]  # fmt: skip


async def test_a_change_and_a_deletion_at_once_leave_one_story(either: Api) -> None:
    path = await partner(either)
    for _ in range(10):
        made = await document(either, path)
        one = f"{path}/documents/{made['id']}"
        changed, deleted = await asyncio.gather(
            either.put(one, {"title": "x"}, as_="admin"), either.delete(one, as_="admin")
        )
        assert (changed.status, deleted.status) in {(200, 200), (200, 409), (404, 200)}
        rows = await found(either, f"{path}/documents")
        assert [row["id"] for row in rows] == ([] if deleted.status == 200 else [made["id"]])
        if rows:
            await either.delete(one, as_="admin")
    assert await ids(either) == set()


async def test_no_document_is_made_for_a_partner_who_is_deleted_meanwhile(either: Api) -> None:
    outcomes = []
    for number in range(12):
        path = await partner(either, name=f"Partner {number}")
        made, deleted = await asyncio.gather(
            either.post(f"{path}/documents", CONTRACT, as_="admin"),
            either.delete(path, as_="admin"),
        )
        outcomes.append((made.status, deleted.status))
    assert set(outcomes) <= {(201, 409), (404, 200)}
    assert await either.sql(
        "SELECT 1 FROM partner_document d JOIN partner p ON p.id = d.partner_id"
        " WHERE p.deleted_at IS NOT NULL",
        "mitra",
    ) == []  # fmt: skip
    assert len(await ids(either)) == outcomes.count((201, 409))


async def test_the_same_key_at_once_makes_one_document(either: Api) -> None:
    path = f"{await partner(either)}/documents"
    key = {"Idempotency-Key": "k"}
    posts = (either.post(path, CONTRACT, as_="admin", headers=key) for _ in range(8))
    answers = await asyncio.gather(*posts)
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.data["id"] for answer in answers if answer.status == 201}) == 1
    assert len(await found(either, path)) == len(await recorded(either)) == 1


async def drafted(api: Api, path: str, values: dict[str, Any]) -> rules.Draft:
    """A draft, as a process leaves it that ends before its transaction."""
    partner_id, _, rest = path.removeprefix("/api/mitra/").partition("/documents/")
    if rest:
        return await rules.redraft(api.app.databases, int(partner_id), int(rest), values)
    return await rules.draft(api.app.databases, int(partner_id), values)


async def test_what_was_only_drafted_is_not_there(either: Api) -> None:
    path = await partner(either)
    made = await document(either, path)
    one = f"{path}/documents/{made['id']}"
    await drafted(either, path, CONTRACT)
    await drafted(either, one, {"title": "Other", "fields": {"n": 2}})
    assert await found(either, f"{path}/documents") == [made]
    assert (await either.get(one, as_="hr")).data == made
    assert len(await recorded(either)) == 1


async def test_a_draft_of_what_has_changed_since_is_refused(either: Api) -> None:
    path = await partner(either)
    made = await document(either, path)
    one = f"{path}/documents/{made['id']}"
    new = await drafted(either, path, CONTRACT)
    draft = await drafted(either, one, {"title": "Late"})
    await either.delete(one, as_="admin")
    await either.delete(path, as_="admin")
    before = await recorded(either)
    database = either.app.databases["mitra"]
    acts: list[tuple[Callable[..., Awaitable[Any]], Any]] = [
        (rules.change, draft), (rules.create, new), (rules.delete, made),
    ]  # fmt: skip
    for act, argument in acts:
        with pytest.raises(NotFound):
            async with database.transaction(System()) as tx:
                await act(tx, argument)
    assert await recorded(either) == before


async def test_what_is_rolled_back_leaves_neither_event_nor_document(either: Api) -> None:
    path = await partner(either)
    made = await document(either, path)
    one = f"{path}/documents/{made['id']}"
    database = either.app.databases["mitra"]
    draft = await drafted(either, one, {"fields": {"n": 2}})
    with suppress(ZeroDivisionError):
        async with database.transaction(System()) as tx:
            await rules.change(tx, draft)
            raise ZeroDivisionError
    assert (await either.get(one, as_="hr")).data == made
    assert len(await recorded(either)) == 1


def keys(contents: Contents) -> set[str]:
    return {str(content["_id"]) for content in contents.find()}


async def key_of(api: Api, made: dict[str, Any]) -> str:
    [row] = await api.sql(
        "SELECT content_key FROM partner_document WHERE id = %(id)s", "mitra", id=made["id"]
    )
    return str(row["content_key"])


async def test_what_no_row_names_is_swept_after_an_hour(
    on_mongo: Api, contents: Contents, now: Now
) -> None:
    path = await partner(on_mongo)
    made, deleted = await document(on_mongo, path), await document(on_mongo, path)
    one = f"{path}/documents/{made['id']}"
    await on_mongo.put(one, {"title": "Second"}, as_="admin")
    await on_mongo.delete(f"{path}/documents/{deleted['id']}", as_="admin")
    await drafted(on_mongo, path, CONTRACT)
    kept = {await key_of(on_mongo, made), await key_of(on_mongo, deleted)}
    everything = keys(contents)
    assert len(everything) == 4
    run = on_mongo.app.jobs.run
    now.shift(days=400)  # how old it is does not matter, but for how long nobody names it
    assert (await run("cleanup"))["contents"] == 0
    now.shift(minutes=59)
    assert (await run("cleanup"))["contents"] == 0
    assert keys(contents) == everything
    now.shift(minutes=1)
    assert (await run("cleanup", dry_run=True)).get("contents") is None
    assert keys(contents) == everything
    assert (await run("cleanup"))["contents"] == 2
    assert keys(contents) == kept
    assert (await run("cleanup"))["contents"] == 0
    now.reset()
    assert (await on_mongo.get(one, as_="hr")).data["title"] == "Second"


async def test_a_content_that_is_named_again_is_not_swept(
    on_mongo: Api, contents: Contents, now: Now
) -> None:
    """The commit came after the first sweep, or a restore brought the row back."""
    path = await partner(on_mongo)
    draft = await drafted(on_mongo, path, CONTRACT)
    await on_mongo.app.jobs.run("cleanup")
    assert [content["orphanedAt"] is not None for content in contents.find()] == [True]
    async with on_mongo.app.databases["mitra"].transaction(System()) as tx:
        made = await rules.create(tx, draft)
    now.shift(hours=2)
    assert (await on_mongo.app.jobs.run("cleanup"))["contents"] == 0
    assert await found(on_mongo, f"{path}/documents") == [
        made | {name: made[name].isoformat(timespec="microseconds").replace("+00:00", "Z")
                for name in ("createdAt", "updatedAt")}
    ]  # fmt: skip


async def test_the_sweep_looks_through_more_than_a_batch(
    on_mongo: Api, contents: Contents, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sunshine.database.mongo.KEYS_AT_ONCE", 3)
    path = await partner(on_mongo)
    for number in range(8):
        await drafted(on_mongo, path, CONTRACT)
        if number % 2:
            await document(on_mongo, path)
    await sweep(on_mongo.app.databases, now())
    later = now() + timedelta(hours=1)
    assert await sweep(on_mongo.app.databases, later) == {"contents": 8}
    assert contents.count_documents({}) == 4
    assert len(await found(on_mongo, f"{path}/documents")) == 4


async def test_without_mongodb_there_is_nothing_to_sweep(api: Api, now: Now) -> None:
    path = await partner(api)
    made = await document(api, path)
    await sweep(api.app.databases, now())
    assert await sweep(api.app.databases, now() + timedelta(days=1)) == {"contents": 0}
    assert await found(api, f"{path}/documents") == [made]
