"""Partners: /api/mitra."""

import asyncio
from collections import Counter

import pytest

from tests.api import Api
from tests.factories import found
from tests.mitra.factories import PATH, document, partner

PARTNER = {
    "name": "PT Maju Jaya",
    "type": "supplier",
    "contactName": "Ani Lestari",
    "phone": "+62 21 555 0100",
    "email": "ani@majujaya.example",
    "address": "Jl. Sudirman 1, Jakarta",
}


async def test_it_is_made_read_changed_and_deleted(api: Api) -> None:
    made = await api.post(PATH, PARTNER, as_="admin")
    assert made.status == 201
    assert {name: made.data[name] for name in PARTNER} == PARTNER
    assert made.data["status"] == "active"
    path = f"{PATH}/{made.data['id']}"
    changed = await api.put(path, {"status": "inactive", "phone": None}, as_="admin")
    assert (changed.data["status"], changed.data["phone"]) == ("inactive", None)
    assert (await api.get(path, as_="manager")).data == changed.data
    assert (await api.delete(path, as_="admin")).status == 200
    assert (await api.get(path, as_="manager")).status == 404
    assert await api.events("mitra") == ["partner_created", "partner_updated", "partner_deleted"]
    assert await api.events() == []


async def test_its_name_is_its_own_until_it_is_deleted(api: Api) -> None:
    path = await partner(api, name="Maju Jaya")
    again = await api.post(PATH, {"name": "MAJU JAYA", "type": "agent"}, as_="admin")
    assert (again.status, again.code, again.fields) == (409, "partner_name_taken", {"name"})
    other = await partner(api, name="Other")
    renamed = await api.put(other, {"name": "maju jaya"}, as_="admin")
    assert (renamed.status, renamed.code) == (409, "partner_name_taken")
    assert await api.events("mitra") == ["partner_created"] * 2
    await api.delete(path, as_="admin")
    assert (await api.put(other, {"name": "maju jaya"}, as_="admin")).status == 200


async def test_of_many_who_take_a_name_one_has_it(api: Api) -> None:
    body = {"name": "Maju Jaya", "type": "supplier"}
    answers = await asyncio.gather(*(api.post(PATH, body, as_="admin") for _ in range(12)))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 11}
    assert await api.events("mitra") == ["partner_created"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Beta", "Alpha 100%", "Gamma"]),
        ("type=SUPPLIER", ["Beta", "Gamma"]),
        ("status=inactive", ["Gamma"]),
        ("type=supplier&status=active", ["Beta"]),
        ("search=ALPHA", ["Alpha 100%"]),
        ("search=0%25", ["Alpha 100%"]),
        ("search=%25", ["Alpha 100%"]),
        ("search=_", []),
        ("search=ani", ["Beta"]),
        ("search=gamma.example", ["Gamma"]),
        ("sort=-name", ["Gamma", "Beta", "Alpha 100%"]),
        ("sort=type,-id", ["Alpha 100%", "Gamma", "Beta"]),
        ("sort=-createdAt,name&limit=2&page=2", ["Beta"]),
        ("page=9", []),
    ],
)
async def test_it_is_found_by(api: Api, query: str, names: list[str]) -> None:
    await partner(api, name="Beta", contactName="Ani")
    await partner(api, name="Alpha 100%", type="agent")
    await partner(api, name="Gamma", status="inactive", email="a@gamma.example")
    answer = await api.get(f"{PATH}?{query}", as_="hr")
    assert [row["name"] for row in answer.data] == names
    if not query:
        assert answer.json["pagination"] == {"page": 1, "perPage": 20, "total": 3, "totalPages": 1}


async def test_it_stays_while_it_has_documents(either: Api) -> None:
    path = await partner(either)
    made = [await document(either, path) for _ in range(2)]
    refused = await either.delete(path, as_="admin")
    assert (refused.status, refused.code) == (409, "in_use")
    assert refused.json["message"] == "In use by 2 documents"
    assert "partner_deleted" not in await either.events("mitra")
    for row in made:
        assert (await either.delete(f"{path}/documents/{row['id']}", as_="admin")).status == 200
    assert (await either.delete(path, as_="admin")).status == 200
    assert await found(either, PATH) == []


async def test_a_grant_opens_it_to_anybody(api: Api) -> None:
    path = await partner(api)
    for who, reads, writes in [
        ("employee", 403, 403), ("manager", 200, 403), ("hr", 200, 403), ("admin", 200, 201),
    ]:  # fmt: skip
        assert (await api.get(path, as_=who)).status == reads
        body = {"name": f"Of {who}", "type": "agent"}
        assert (await api.post(PATH, body, as_=who)).status == writes
    grant = {"permissions": ["mitra:manage"]}
    await api.put(f"/api/users/{api.stranger.user_id}", grant, as_="admin")
    token = (await api.post(
        "/api/auth/login", {"username": "stranger", "password": "sunny-side-up-1"}
    )).json["token"]  # fmt: skip
    assert (await api.get(path, as_=token)).status == 200
    assert (await api.post(PATH, {"name": "Mine", "type": "agent"}, as_=token)).status == 201
    assert (
        await api.post(f"{path}/documents", {"title": "a", "kind": "b"}, as_=token)
    ).status == 201
