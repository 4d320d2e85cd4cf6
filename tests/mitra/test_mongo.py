"""Documents in MongoDB: what it holds, moving there and back, copies for a backup."""

from typing import Any

import pytest
from bson import ObjectId
from pymongo.synchronous.collection import Collection
from structlog.testing import capture_logs

from sunshine.core.environment import SettingsError, load
from sunshine.database import mongo
from tests.api import Api
from tests.factories import found
from tests.mitra.factories import CONTRACT, document, partner, recorded

Contents = Collection[dict[str, Any]]
STRANGE = {"a.b": 1, "$ref": {"$id": [{"%": 2**40}]}, "plain": None}


async def row_of(api: Api, made: dict[str, Any]) -> dict[str, Any]:
    """What PostgreSQL has of a document."""
    [row] = await api.sql(
        "SELECT * FROM partner_document WHERE id = %(id)s", "mitra", id=made["id"]
    )
    found_: dict[str, Any] = row
    return found_


async def test_mongodb_has_the_whole_document_and_the_row_its_key(
    on_mongo: Api, contents: Contents
) -> None:
    path = await partner(on_mongo)
    made = await document(on_mongo, path)
    [content] = contents.find()
    row = await row_of(on_mongo, made)
    assert (row["fields"], row["content_key"]) == (None, str(content.pop("_id")))
    assert content == {"id": made["id"], "partnerId": made["partnerId"], **CONTRACT}
    await on_mongo.put(f"{path}/documents/{made['id']}", {"title": "Annex"}, as_="admin")
    row = await row_of(on_mongo, made)
    after = contents.find_one({"_id": ObjectId(row["content_key"])})
    assert after
    assert (after["title"], after["fields"]) == ("Annex", CONTRACT["fields"])
    assert contents.count_documents({}) == 2


async def test_keys_that_mean_something_to_mongodb_mean_nothing(
    on_mongo: Api, contents: Contents
) -> None:
    path = await partner(on_mongo)
    await document(on_mongo, path, fields=STRANGE)
    [content] = contents.find()
    assert content["fields"] == {
        "a%2Eb": 1, "%24ref": {"%24id": [{"%25": 2**40}]}, "plain": None,
    }  # fmt: skip


async def test_what_was_written_without_mongodb_is_read_and_moves_when_it_changes(
    api: Api, on_mongo: Api, contents: Contents
) -> None:
    path = await partner(api)
    made = await document(api, path, fields={"n": 1e22})
    one = f"{path}/documents/{made['id']}"
    other = await document(on_mongo, path)
    assert (await on_mongo.get(one, as_="hr")).data == made
    assert await found(on_mongo, f"{path}/documents") == [made, other]
    assert contents.count_documents({}) == 1
    changed = await on_mongo.put(one, {"title": "Moved"}, as_="admin")
    assert changed.data["fields"] == made["fields"]
    row = await row_of(on_mongo, made)
    assert row["fields"] is None
    assert contents.count_documents({"_id": ObjectId(row["content_key"])}) == 1


async def test_without_mongo_mitra_what_is_there_is_unavailable(api: Api, on_mongo: Api) -> None:
    path = await partner(api)
    here, there = await document(api, path), await document(on_mongo, path)
    before = await recorded(api)
    one = f"{path}/documents/{there['id']}"
    for answer in (
        await api.get(one, as_="hr"),
        await api.get(f"{path}/documents", as_="hr"),
        await api.put(one, {"title": "x"}, as_="admin"),
        await api.delete(one, as_="admin"),
    ):
        assert (answer.status, answer.code) == (503, "documents_unavailable")
        assert "MONGO_MITRA is not set" in answer.json["message"]
        assert answer.headers["Retry-After"]
    assert (await api.get(f"{path}/documents/{here['id']}", as_="hr")).data == here
    assert await recorded(api) == before


async def test_a_content_that_is_lost_is_told_and_can_be_replaced(
    on_mongo: Api, contents: Contents
) -> None:
    path = await partner(on_mongo)
    made, other = await document(on_mongo, path), await document(on_mongo, path)
    contents.delete_one({"id": made["id"]})
    one = f"{path}/documents/{made['id']}"
    with capture_logs() as logs:
        assert await found(on_mongo, f"{path}/documents") == [made | {"fields": None}, other]
    [line] = [line for line in logs if line["event"] == "content lost"]
    assert line["document"] == made["id"]
    assert (await on_mongo.get(one, as_="hr")).data["fields"] is None
    replaced = await on_mongo.put(one, {"fields": {"n": 1}}, as_="admin")
    assert replaced.data["fields"] == {"n": 1}
    assert (await on_mongo.get(one, as_="hr")).data == replaced.data


async def test_a_copy_brings_everything_back(
    on_mongo: Api, contents: Contents, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo, "CONTENTS_AT_ONCE", 5)
    path = await partner(on_mongo)
    made = [await document(on_mongo, path, fields={**STRANGE, "n": n}) for n in range(12)]
    async with mongo.opened(address) as documents:
        await documents.ping()
        copied = [content async for content in documents.dump()]
        before = [*contents.find()]
        contents.delete_many({"fields.n": {"$lt": 8}})
        contents.update_many({}, {"$set": {"title": "Damaged", "orphanedAt": 1}})
        assert await documents.load(iter(copied)) == 12
        assert await documents.load([]) == 0
    assert [content["id"] for content in copied] == [row["id"] for row in made]
    assert copied[0] == {
        "key": (await row_of(on_mongo, made[0]))["content_key"], "id": made[0]["id"],
        "partnerId": made[0]["partnerId"], "title": CONTRACT["title"], "kind": CONTRACT["kind"],
        "fields": {**STRANGE, "n": 0},
    }  # fmt: skip
    assert [*contents.find().sort("_id")] == before
    assert await found(on_mongo, f"{path}/documents") == made


@pytest.mark.parametrize(
    "address",
    [
        "localhost:27017", "postgres://host/db", "mongodb://", "mongodb://me:p@ss@host/db",
        "mongodb://host:99999/db", "mongodb://host/db?tls=perhaps",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_told_at_start(address: str, tmp_path: Any) -> None:
    with pytest.raises(SettingsError) as error:
        load({"MONGO_MITRA": address}, home=tmp_path)
    [line] = error.value.lines
    assert line.startswith("MONGO_MITRA: ")
    assert "p@ss" not in line


def test_an_address_is_taken_as_it_is(tmp_path: Any) -> None:
    for address in (
        "mongodb://sunshine:p%40ss@host:27017/mitra_db?authSource=admin",
        "mongodb://a,b:27018/?replicaSet=rs0", "mongodb+srv://cluster.example.com/db",
    ):  # fmt: skip
        assert load({"MONGO_MITRA": address}, home=tmp_path).mongo_mitra == address
    assert load({}, home=tmp_path).mongo_mitra == ""
