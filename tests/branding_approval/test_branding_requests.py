"""/api/branding-approval: asking for approval, and the list of what was asked."""

import asyncio
from typing import Any

import pytest

from tests.api import Api
from tests.branding_approval.factories import (
    APPROVERS,
    LOGO,
    PATH,
    ids,
    join,
    review,
    revise,
    sent_back,
    submit,
)
from tests.factories import refused

MISSING = 2**31 - 1


async def listed(api: Api, as_: str, query: str = "") -> list[int]:
    return [row["id"] for row in (await api.get(f"{PATH}?{query}", as_=as_)).data]


# ---- Asking ------------------------------------------------------------------------------------


async def test_it_asks_in_the_callers_name(api: Api) -> None:
    for name in ("employee", "manager", "hr", "admin"):
        made = await submit(api, "stranger", as_=name)
        assert (made["requestedBy"], made["requester"]) == (
            api.cast[name].employee_id,
            f"{name.capitalize()} Person",
        )
        assert made["mode"] == "all"
    assert await api.events() == ["branding_submitted"] * 4


async def test_one_event_says_what_was_asked(api: Api) -> None:
    made = await submit(api, description=" Warm and round ", mode="any")
    assert (made["description"], made["mode"]) == ("Warm and round", "any")
    [event] = await api.sql("SELECT * FROM event")
    assert (event["entity"], event["entity_id"]) == ("branding_request", made["id"])
    assert (event["actor_id"], event["before"]) == (api.employee.user_id, None)
    del made["history"]
    assert event["after"] == made


async def test_approvers_stay_in_the_order_they_were_named(api: Api) -> None:
    names = ["stranger", "hr", "admin", "manager"]
    made = await submit(api, *names)
    assert [approver["employeeId"] for approver in made["approvers"]] == ids(api, *names)


async def test_nobody_asks_in_anothers_name(api: Api) -> None:
    for caller in ("manager", "hr", "stranger"):
        for requester in (api.employee.employee_id, MISSING):
            body = {**LOGO, "approvers": ids(api, "admin"), "requestedBy": requester}
            await refused(api, await api.post(PATH, body, as_=caller), 403, "not_allowed")
    body = {**LOGO, "approvers": ids(api, "admin")}
    await refused(api, await api.post(PATH, body, as_="outsider"), 403, "no_employee")


async def test_who_manages_branding_asks_in_anybodys_name(api: Api) -> None:
    await join(api, "Brand", "branding:manage")
    for caller in ("Brand", "admin"):
        made = await submit(api, as_=caller, requestedBy=api.employee.employee_id)
        assert made["requester"] == "Employee Person"
    body = {**LOGO, "approvers": ids(api, "manager"), "requestedBy": MISSING}
    answer = await api.post(PATH, body, as_="admin")
    assert (answer.status, answer.fields) == (400, {"requestedBy"})


async def test_an_admin_without_an_employee_names_who_asks(api: Api) -> None:
    await api.sql("UPDATE users SET employee_id = NULL WHERE username = 'admin'")
    api.app.principals.forget()
    answer = await api.post(PATH, {**LOGO, "approvers": ids(api, "manager")}, as_="admin")
    await refused(api, answer, 403, "no_employee")


async def test_approvers_are_employees_who_can_sign_in(api: Api) -> None:
    [nobody] = await api.sql("INSERT INTO employee (name) VALUES ('No User') RETURNING id")
    left = await join(api, "Left")
    await api.sql("UPDATE employee SET deleted_at = now() WHERE name = 'Left'")
    asleep = await join(api, "Asleep")
    await api.sql("UPDATE users SET active = false WHERE username = 'Asleep'")
    for unable in (nobody["id"], left.employee_id, asleep.employee_id, MISSING):
        body = {**LOGO, "approvers": [*ids(api, "manager"), unable]}
        answer = await api.post(PATH, body, as_="employee")
        assert (answer.status, answer.fields) == (400, {"approvers"})
        [error] = answer.json["errors"]
        assert error["message"].endswith(f": {unable}"), "the others are fine"
    assert await api.events() == []


@pytest.mark.parametrize("caller", ["employee", "admin"])
async def test_nobody_approves_their_own_request(api: Api, caller: str) -> None:
    requester = api.employee.employee_id
    body = {**LOGO, "approvers": ids(api, "manager", "employee"), "requestedBy": requester}
    answer = await api.post(PATH, body, as_=caller)
    assert (answer.status, answer.fields) == (400, {"approvers"})
    assert await api.events() == []
    own = {**LOGO, "approvers": ids(api, caller)}
    assert (await api.post(PATH, own, as_=caller)).fields == {"approvers"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"category": "poetry"}, "category"),
        ({"files": []}, "files"),
        ({"files": ["a"] * 2}, "files"),
        ({"files": [f"f{number}" for number in range(21)]}, "files"),
        ({"files": ["javascript:alert(1)"]}, "files"),
        ({"files": ["//elsewhere.example/a"]}, "files"),
        ({"approvers": []}, "approvers"),
        ({"approvers": [7, 7]}, "approvers"),
        ({"approvers": list(range(1, 22))}, "approvers"),
        ({"approvers": [True]}, "approvers"),
        ({"mode": "some"}, "mode"),
        ({"status": "approved"}, "status"),
        ({"revision": 2}, "revision"),
    ],
)
async def test_it_names_what_is_wrong(api: Api, change: dict[str, Any], field: str) -> None:
    body = {**LOGO, "approvers": ids(api, "manager"), **change}
    answer = await api.post(PATH, body, as_="employee")
    assert answer.status == 400
    assert {name.partition(".")[0] for name in answer.fields} == {field}
    assert await api.events() == []


async def test_a_retried_request_is_asked_once(api: Api) -> None:
    body = {**LOGO, "approvers": ids(api, "manager")}
    headers = {"Idempotency-Key": "once"}
    first = await api.post(PATH, body, as_="employee", headers=headers)
    again = await api.post(PATH, body, as_="employee", headers=headers)
    assert first.data == again.data
    assert await api.events() == ["branding_submitted"]


async def test_no_account_that_ended_is_asked(api: Api) -> None:
    for number in range(10):
        person = await join(api, f"P{number}")
        body = {**LOGO, "approvers": [person.employee_id]}
        ended, asked = await asyncio.gather(
            api.delete(f"/api/users/{person.user_id}", as_="admin"),
            api.post(PATH, body, as_="employee"),
        )
        assert ended.status == 200
        assert asked.status in (201, 400)
    [row] = await api.sql(
        "SELECT count(*) FROM event asked, branding_approver a, users u, event ended"
        " WHERE asked.type = 'branding_submitted' AND a.request_id = asked.entity_id"
        " AND u.employee_id = a.employee_id AND ended.type = 'user_updated'"
        " AND ended.entity_id = u.id AND ended.id < asked.id"
    )
    assert row["count"] == 0


# ---- The list ----------------------------------------------------------------------------------


async def test_each_sees_what_they_asked_for_or_were_asked(api: Api) -> None:
    await join(api, "Brand", "branding:manage")
    first = (await submit(api, "manager"))["id"]
    second = (await submit(api, "hr", as_="stranger"))["id"]
    for caller, seen in {
        "employee": [first],
        "manager": [first],
        "stranger": [second],
        "hr": [second],
        "outsider": [],
        "admin": [second, first],
        "Brand": [second, first],
    }.items():
        assert await listed(api, caller) == seen, caller


async def test_who_is_asked_no_more_sees_it_no_more_unless_they_voted(api: Api) -> None:
    request = await sent_back(api, "manager", "stranger")
    assert (await revise(api, request, approvers=ids(api, "hr"))).status == 200
    for caller, seen in {"hr": True, "manager": True, "stranger": False}.items():
        assert await listed(api, caller) == ([request["id"]] if seen else []), caller


async def test_a_row_of_the_list_is_the_item_without_its_history(api: Api) -> None:
    request = await submit(api)
    await review(api, request, "manager", feedback="Fine")
    [row] = (await api.get(PATH, as_="employee")).data
    found = (await api.get(f"{PATH}/{request['id']}", as_="employee")).data
    assert found.pop("history")
    assert row == found


async def test_the_queue_is_what_waits_for_my_vote(api: Api) -> None:
    both = (await submit(api))["id"]
    one = (await submit(api, "manager", mode="any"))["id"]
    back = (await sent_back(api, "stranger", "manager"))["id"]
    assert await listed(api, "manager", "awaiting=true") == [one, both]
    assert await listed(api, "manager", "awaiting=false") == [back]
    assert await listed(api, "stranger", "awaiting=true") == [both]
    for nobody in ("employee", "admin", "outsider"):
        assert await listed(api, nobody, "awaiting=true") == []
    assert await listed(api, "admin", "awaiting=false") == [back, one, both]
    await review(api, {"id": both}, "manager")
    await review(api, {"id": one}, "manager")
    assert await listed(api, "manager", "awaiting=true") == []
    assert await listed(api, "stranger", "awaiting=true") == [both]
    await revise(api, {"id": back})
    assert await listed(api, "manager", "awaiting=true") == [back]
    assert await listed(api, "stranger", "awaiting=true") == [back, both]
    assert await listed(api, "stranger", "awaiting=true&status=approved") == []


async def test_it_narrows_by_who_asked_within_what_is_ones_own(api: Api) -> None:
    await join(api, "Brand", "branding:manage")
    mine = (await submit(api, "manager"))["id"]
    theirs = (await submit(api, "hr", as_="stranger"))["id"]
    employee, stranger, hr = ids(api, "employee", "stranger", "hr")
    assert await listed(api, "employee", f"requestedBy={employee}") == [mine]
    assert await listed(api, "manager", f"requestedBy={employee}") == [mine]
    assert await listed(api, "hr", f"requestedBy={stranger}&status=approved") == []
    assert await listed(api, "hr", f"requestedBy={hr}") == [], "oneself, although there is none"
    for caller in ("admin", "Brand"):
        assert await listed(api, caller, f"requestedBy={stranger}") == [theirs]
        assert await listed(api, caller, f"requestedBy={MISSING}") == []
    refusals = [
        await api.get(f"{PATH}?requestedBy={requester}", as_=caller)
        for caller in ("manager", "employee", "outsider")
        for requester in (stranger, MISSING)
    ]
    assert {(answer.status, answer.code) for answer in refusals} == {(403, "not_allowed")}
    assert len({answer.json["message"] for answer in refusals}) == 1


async def test_it_searches_title_and_description_to_the_letter(api: Api) -> None:
    first = (await submit(api, title="Brand_book ÜBER", description="100% round"))["id"]
    second = (await submit(api, title="Brandybook", description=None))["id"]
    for text, found in {
        "brand": [second, first],
        "brand_b": [first],
        "100%25": [first],
        "%C3%BCber": [first],
        "round": [first],
        "square": [],
    }.items():
        assert await listed(api, "employee", f"search={text}") == found, text


async def test_the_latest_comes_first_unless_sorted(api: Api) -> None:
    made = [(await submit(api, title=f"T{number}"))["id"] for number in range(3)]
    assert await listed(api, "employee") == made[::-1]
    assert await listed(api, "employee", "limit=2&page=2") == made[:1]
    assert await listed(api, "employee", "sort=createdAt") == made
    await review(api, {"id": made[0]}, APPROVERS[0])
    assert (await listed(api, "employee", "sort=-updatedAt"))[0] == made[0]
