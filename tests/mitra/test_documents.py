"""Partners' documents: /api/mitra/:id/documents, wherever they are kept."""

import json
import random
from typing import Any

import pytest

from sunshine.core.fields import MAX_FREE_FORM
from tests.api import Api
from tests.factories import found
from tests.mitra.factories import CONTRACT, PATH, document, partner, recorded

JSON = {"Content-Type": "application/json"}
# Sent, and what comes back of it where that is not the same to the letter.
VALUES = [
    "null", "true", "false", "0", "-1", "1.0", "1.5", "-0.25", "2147483648", "9223372036854775807",
    "-9223372036854775808", "0.1", "1e-7", "5e-324", "1234567890123456.0",
    '""', '"  kept  "', '"2024-01-15"', '"2024-01-15T08:00:00.123456+07:00"', r'"\u001f\"\\"',
    '"🌞 é"', "[]", "{}", '[[], [{}], [1, 1.0, "1", true, null]]', '{"": {"": 1}}',
    '{"a.b": 1, ".": 2, "$": 3, "$ref": "x", "$id": 1, "$set": {"$oid": "y"}}',
    '{"%24": 1, "%2E": 2, "%": 3, "%25": 4, "_id": 5, "__proto__": 6, "key": 7}',
    '{"$date": "2024-01-15T00:00:00Z"}', '{"$numberLong": "1"}', '{"z": 1, "a": 2}',
]  # fmt: skip
AS_NUMBERS = ["1e16", "1e18", "1e19", "1e22", "1e23", "1.5e308", "-1.7976931348623157e308", "-0.0",
              "1.152921504606847e18", "123456789012345680.0", "123456789e3"]  # fmt: skip


def letters(value: Any) -> str:
    """JSON that differs where values do: Python takes true, 1 and 1.0 for the same."""
    return json.dumps(value, sort_keys=True)


async def sent(api: Api, path: str, fields: str, as_: str = "admin") -> Any:
    """A document whose fields are this JSON."""
    raw = f'{{"title": "t", "kind": "k", "fields": {fields}}}'.encode()
    return await api.call("POST", f"{path}/documents", raw=raw, as_=as_, headers=JSON)


async def test_it_is_made_read_changed_and_deleted(either: Api) -> None:
    path = await partner(either)
    answer = await either.post(f"{path}/documents", CONTRACT, as_="admin")
    made = answer.data
    assert answer.status == 201
    assert set(made) == {"id", "partnerId", "version", "createdAt", "updatedAt", *CONTRACT}
    assert {name: made[name] for name in CONTRACT} == CONTRACT
    assert (f"{PATH}/{made['partnerId']}", made["version"]) == (path, 1)
    one = f"{path}/documents/{made['id']}"
    assert (await either.get(one, as_="manager")).data == made
    assert await found(either, f"{path}/documents", as_="hr") == [made]

    changed = (await either.put(one, {"title": "Annex"}, as_="admin")).data
    assert changed == made | {
        "title": "Annex", "version": 2, "updatedAt": changed["updatedAt"],
    }  # fmt: skip
    assert changed["updatedAt"] > made["updatedAt"]
    replaced = await either.call("PATCH", one, {"fields": {"n": 1}}, as_="admin")
    assert (replaced.data["fields"], replaced.data["version"]) == ({"n": 1}, 3)
    assert (await either.get(one, as_="manager")).data == replaced.data
    assert (await either.delete(one, as_="admin")).json["message"] == "Document deleted"
    for call in (either.get, either.delete):
        assert (await call(one, as_="admin")).status == 404
    assert (await either.put(one, {"title": "x"}, as_="admin")).status == 404
    assert await found(either, f"{path}/documents") == []

    events = await recorded(either)
    assert [event["type"].removeprefix("partner_document_") for event in events] == [
        "created", "updated", "updated", "deleted",
    ]  # fmt: skip
    assert {event["entity_id"] for event in events} == {made["id"]}
    assert {event["actor_name"] for event in events} == {"Admin Person"}
    assert events[0]["after"] == made
    assert (events[1]["before"], events[1]["after"]) == (
        {"title": CONTRACT["title"], "version": 1}, {"title": "Annex", "version": 2},
    )  # fmt: skip
    assert events[2]["before"] == {"fields": CONTRACT["fields"], "version": 2}
    assert events[2]["after"] == {"fields": {"n": 1}, "version": 3}
    assert events[3]["before"] == replaced.data
    assert await either.events() == []


async def test_it_needs_no_fields(either: Api) -> None:
    path = await partner(either)
    answer = await either.post(f"{path}/documents", {"title": "Empty", "kind": "k"}, as_="admin")
    assert answer.data["fields"] == {}
    assert (await either.get(f"{path}/documents/{answer.data['id']}", as_="hr")).data[
        "fields"
    ] == {}


async def test_what_comes_back_is_what_was_sent(either: Api) -> None:
    path = await partner(either)
    whole = f'{{"all": [{", ".join(VALUES)}]}}'
    made = await sent(either, path, whole)
    for answer in (made, await either.get(f"{path}/documents/{made.data['id']}", as_="hr")):
        back = answer.data["fields"]["all"]
        assert [letters(value) for value in back] == [letters(json.loads(v)) for v in VALUES]
    [listed] = await found(either, f"{path}/documents")
    assert letters(listed) == letters(made.data)
    [event] = await recorded(either)
    assert letters(event["after"]["fields"]) == letters(made.data["fields"])


@pytest.mark.parametrize("number", AS_NUMBERS)
async def test_large_numbers_keep_their_value(either: Api, number: str) -> None:
    path = await partner(either)
    made = await sent(either, path, f'{{"n": {number}}}')
    back = (await either.get(f"{path}/documents/{made.data['id']}", as_="hr")).data
    assert made.data == back
    assert made.data["fields"]["n"] == float(number)
    again = await either.put(
        f"{path}/documents/{back['id']}", {"fields": back["fields"], "title": "x"}, as_="admin"
    )
    assert again.data["fields"] == back["fields"]


async def test_both_give_the_same_letters(api: Api, on_mongo: Api) -> None:
    path = await partner(api)
    fields = []
    for one in (api, on_mongo):
        made = await sent(one, path, f'{{"all": [{", ".join([*VALUES, *AS_NUMBERS])}]}}')
        answer = await one.get(f"{path}/documents/{made.data['id']}", as_="hr")
        fields.append([letters(value) for value in answer.data["fields"]["all"]])
    assert fields[0] == fields[1]


def anything(source: random.Random, depth: int = 0) -> Any:
    """A JSON value of any kind."""
    kinds = [
        lambda: None, lambda: source.random() < 0.5, lambda: source.randint(-(2**63), 2**63 - 1),
        lambda: source.randint(-9, 9), lambda: source.uniform(-1e3, 1e3),
        lambda: source.uniform(1, 10) * 10.0 ** source.randint(-300, 300),
        lambda: word(source),
        lambda: [anything(source, depth + 1) for _ in range(source.randint(0, 4))],
        lambda: {word(source): anything(source, depth + 1) for _ in range(source.randint(0, 4))},
    ]  # fmt: skip
    value: Any = source.choice(kinds if depth < 6 else kinds[:7])()
    return value


def word(source: random.Random) -> str:
    return "".join(source.choices("ab.$%25E4 é🌞\u0001\uffff\"\\/'", k=source.randint(0, 6)))


async def test_anything_comes_back(either: Api) -> None:
    path = await partner(either)
    source = random.Random(7)
    values = [anything(source) for _ in range(600)]
    made = await sent(either, path, json.dumps({"all": values}))
    back = (await either.get(f"{path}/documents/{made.data['id']}", as_="hr")).data
    assert back["fields"]["all"] == values
    assert letters(back) == letters(made.data)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('{"a": [0, {"b": 9223372036854775808}]}', "of more than 64 bits at a.1.b"),
        ('{"a": -9223372036854775809}', "of more than 64 bits at a"),
        ('{"a": 123456789012345678901234567890}', "of more than 64 bits at a"),
        (json.dumps({"a": "x" * (MAX_FREE_FORM - 7)}), "at most 256 KiB"),
        (json.dumps({"é" * 100_000: "é" * 40_000}), "at most 256 KiB"),
        ("[]", "must be of dict type"),
        ("null", "null value not allowed"),
        ('"{}"', "must be of dict type"),
    ],
)  # fmt: skip
async def test_it_refuses_fields_that_cannot_be_kept(
    either: Api, fields: str, message: str
) -> None:
    path = await partner(either)
    made = await document(either, path)
    for method, where in (("POST", "documents"), ("PUT", f"documents/{made['id']}")):
        raw = f'{{"title": "t", "kind": "k", "fields": {fields}}}'.encode()
        answer = await either.call(method, f"{path}/{where}", raw=raw, as_="admin", headers=JSON)
        assert (answer.status, answer.fields) == (400, {"fields"})
        assert message in answer.json["errors"][0]["message"]
    assert len(await recorded(either)) == 1


async def test_it_takes_as_much_as_it_promises(either: Api) -> None:
    path = await partner(either)
    for fields in (
        json.dumps({"a": "x" * (MAX_FREE_FORM - 8)}),
        '{"a":[' + ",".join(["1"] * ((MAX_FREE_FORM - 8) // 2)) + "]}",
        '{"%":' + "[" * 30 + "]" * 30 + "}",
    ):
        made = await sent(either, path, fields)
        assert made.status == 201, made.body[:200]
        back = await either.get(f"{path}/documents/{made.data['id']}", as_="hr")
        assert back.data["fields"] == json.loads(fields)
    deeper = await sent(either, path, '{"a":' + "[" * 31 + "]" * 31 + "}")
    assert (deeper.status, deeper.code) == (400, "invalid_json")


@pytest.mark.parametrize("fields", ['{"a": true}', '{"a": 1.0}', '{"a": "1"}', '{"a": [1]}', "{}"])
async def test_what_python_takes_for_the_same_is_a_change(either: Api, fields: str) -> None:
    path = await partner(either)
    made = (await sent(either, path, '{"a": 1}')).data
    one = f"{path}/documents/{made['id']}"
    raw = f'{{"fields": {fields}}}'.encode()
    changed = await either.call("PUT", one, raw=raw, as_="admin", headers=JSON)
    assert changed.data["version"] == 2
    assert letters((await either.get(one, as_="hr")).data["fields"]) == letters(json.loads(fields))
    [_, event] = await recorded(either)
    assert letters(event["after"]) == letters({"fields": json.loads(fields), "version": 2})


async def test_what_changes_nothing_is_not_recorded(either: Api) -> None:
    path = await partner(either)
    made = await document(either, path, fields={"a": {"x": 1, "bb": [1.5]}, "c": None})
    one = f"{path}/documents/{made['id']}"
    bodies: list[dict[str, Any]] = [
        {}, {"title": f" {made['title']} "}, {"fields": {"c": None, "a": {"bb": [1.5], "x": 1}}},
        {"version": 1},
    ]  # fmt: skip
    for body in bodies:
        answer = await either.put(one, body, as_="admin")
        assert answer.data == made
    assert len(await recorded(either)) == 1


async def test_who_knows_an_older_version_overwrites_nothing(either: Api) -> None:
    path = await partner(either)
    made = await document(either, path)
    one = f"{path}/documents/{made['id']}"
    second = (await either.put(one, {"title": "b", "version": 1}, as_="admin")).data
    late = await either.put(one, {"title": "c", "version": 1}, as_="admin")
    assert (late.status, late.code) == (409, "changed_meanwhile")
    assert late.json["data"] == second
    assert (await either.get(one, as_="hr")).data == second
    assert len(await recorded(either)) == 2


async def test_it_is_found_below_its_own_partner_only(either: Api) -> None:
    path, other = await partner(either), await partner(either, name="Other")
    made = await document(either, path)
    assert await found(either, f"{other}/documents") == []
    for method in ("GET", "PUT", "DELETE"):
        body = {"title": "x"} if method == "PUT" else None
        for base in (other, f"{PATH}/2147483647"):
            answer = await either.call(method, f"{base}/documents/{made['id']}", body, as_="admin")
            assert (answer.status, answer.code) == (404, "not_found")
    nobodys = f"{PATH}/2147483647/documents"
    for answer in (
        await either.get(nobodys, as_="admin"), await either.post(nobodys, CONTRACT, as_="admin"),
    ):  # fmt: skip
        assert (answer.status, answer.code) == (404, "not_found")
    assert len(await recorded(either)) == 1


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", "Beta Alpha Beta_2 Gamma"),
        ("kind=CONTRACT", "Beta Gamma"),
        ("kind=contrac", ""),
        ("search=BETA", "Beta Beta_2"),
        ("search=_", "Beta_2"),
        ("search=%25", ""),
        ("kind=permit&search=beta", "Beta_2"),
        ("sort=title", "Alpha Beta Beta_2 Gamma"),
        ("sort=-title", "Gamma Beta_2 Beta Alpha"),
        ("sort=kind", "Beta Gamma Alpha Beta_2"),
        ("sort=kind,-id", "Gamma Beta Beta_2 Alpha"),
        ("sort=-createdAt", "Gamma Beta_2 Alpha Beta"),
        ("sort=-updatedAt&limit=1", "Alpha"),
        ("limit=3&page=2", "Gamma"),
        ("limit=3&page=3", ""),
    ],
)
async def test_it_is_found_by(either: Api, query: str, titles: str) -> None:
    path = await partner(either)
    await document(either, await partner(either, name="Other"))
    for title, kind in [
        ("Beta", "contract"), ("Alpha", "permit"), ("Beta_2", "permit"), ("Gamma", "contract"),
    ]:  # fmt: skip
        made = await document(either, path, title=title, kind=kind, fields={"is": title})
        if title == "Alpha":
            second = made
    await either.put(f"{path}/documents/{second['id']}", {"fields": {"is": "Alpha", "n": 2}},
                     as_="admin")  # fmt: skip
    rows = await found(either, f"{path}/documents?{query}", as_="manager")
    assert " ".join(row["title"] for row in rows) == titles
    assert [row["fields"]["is"] for row in rows] == titles.split()
    assert all("contentKey" not in row for row in rows)


async def test_a_list_is_paged_in_a_stable_order(either: Api) -> None:
    path = await partner(either)
    for number in range(23):
        await document(either, path, title="Same", kind="k", fields={"n": number})
    seen = []
    for page in (1, 2, 3, 4):
        answer = await either.get(f"{path}/documents?sort=title&limit=10&page={page}", as_="hr")
        assert answer.json["pagination"] == {
            "page": page, "perPage": 10, "total": 23, "totalPages": 3,
        }  # fmt: skip
        seen += [row["fields"]["n"] for row in answer.data]
    assert seen == list(range(23))


async def test_a_retry_with_its_key_is_one_document(either: Api) -> None:
    path = f"{await partner(either)}/documents"
    key = {"Idempotency-Key": "k"}
    first = await either.post(path, CONTRACT, as_="admin", headers=key)
    again = await either.post(path, CONTRACT, as_="admin", headers=key)
    assert (again.status, again.body) == (201, first.body)
    other = await either.post(path, CONTRACT | {"title": "x"}, as_="admin", headers=key)
    assert (other.status, other.code) == (400, "idempotency_key_reused")
    assert len(await found(either, path)) == 1
    assert len(await recorded(either)) == 1


@pytest.mark.parametrize("who", ["employee", "manager", "hr"])
async def test_only_who_manages_partners_writes(either: Api, who: str) -> None:
    path = await partner(either)
    made = await document(either, path)
    one = f"{path}/documents/{made['id']}"
    for method, where, body in (
        ("POST", f"{path}/documents", CONTRACT),
        ("PUT", one, {"title": "x"}),
        ("DELETE", one, None),
    ):
        answer = await either.call(method, where, body, as_=who)
        assert (answer.status, answer.code) == (403, "not_allowed")
    status = 403 if who == "employee" else 200
    for where in (one, f"{path}/documents"):
        assert (await either.get(where, as_=who)).status == status
    assert len(await recorded(either)) == 1
