"""/api/branding-approval/:id: one request with its history, and its next revision."""

from typing import Any

import pytest

from tests.api import Api
from tests.branding_approval.factories import (
    PATH,
    find,
    ids,
    join,
    review,
    revise,
    sent_back,
    submit,
    told,
)

MISSING = 2**31 - 1
NO_VOTE = {"vote": None, "feedback": None, "revisionNotes": None, "at": None}


async def test_who_sees_it(api: Api) -> None:
    await join(api, "Brand", "branding:manage")
    request = await submit(api, "stranger")
    for caller, status in {
        "employee": 200,
        "stranger": 200,
        "admin": 200,
        "Brand": 200,
        "manager": 403,  # of the requester
        "hr": 403,
        "outsider": 403,
    }.items():
        answer = await api.get(f"{PATH}/{request['id']}", as_=caller)
        assert answer.status == status, caller
        if status == 200:
            assert answer.data == request
    assert (await api.get(f"{PATH}/{request['id']}")).status == 401


async def test_a_missing_one_is_missing_to_those_only_who_see_all(api: Api) -> None:
    await join(api, "Brand", "branding:manage")
    await submit(api, "stranger")
    events = await api.events()
    for caller, found, changed in (("admin", 404, 404), ("Brand", 404, 403), ("hr", 403, 403)):
        where = f"{PATH}/{MISSING}"
        assert (await api.get(where, as_=caller)).status == found
        assert (await api.put(where, {}, as_=caller)).status == changed
        vote = await api.post(f"{where}/review", {"action": "approve"}, as_=caller)
        assert vote.status == changed
    assert await api.events() == events


async def test_a_strangers_answer_is_that_of_a_missing_one(api: Api) -> None:
    request = await submit(api, "stranger")
    for method, end, body in (
        ("GET", "", None),
        ("PUT", "", {}),
        ("POST", "/review", {"action": "approve"}),
    ):
        answers = [
            await api.call(method, f"{PATH}/{id_}{end}", body, as_="hr")
            for id_ in (request["id"], MISSING)
        ]
        assert answers[0].status == 403
        assert answers[0].body == answers[1].body


async def test_a_revision_begins_anew_and_history_is_kept(api: Api) -> None:
    request = await submit(api, "manager", "stranger", "hr", description="Round")
    voted = (await review(api, request, "manager", feedback="Nice")).data
    back = (
        await review(
            api, request, "stranger", "request_revision", revisionNotes=" Too round ", feedback="Hm"
        )
    ).data
    answer = await revise(api, request, title="Newer Logo", files=["b", "a"], description=None)
    assert (answer.status, answer.json["message"]) == (200, "Revision submitted for approval")
    revised = answer.data
    content = {"title": "Newer Logo", "description": None, "category": "logo", "mode": "all"}
    assert revised == {
        **back,
        **content,
        "files": ["b", "a"],
        "status": "pending",
        "revision": 2,
        "approvers": [{**one, **NO_VOTE} for one in request["approvers"]],
        "updatedAt": revised["updatedAt"],
        "history": [
            {
                **request["history"][0],
                "votes": [
                    {
                        "employeeId": api.manager.employee_id, "name": "Manager Person",
                        "vote": "approve", "feedback": "Nice", "revisionNotes": None,
                        "override": False, "at": voted["updatedAt"],
                    },
                    {
                        "employeeId": api.stranger.employee_id, "name": "Stranger Person",
                        "vote": "request_revision", "feedback": "Hm",
                        "revisionNotes": "Too round", "override": False, "at": back["updatedAt"],
                    },
                ],
            },
            {
                "revision": 2, **content, "files": ["b", "a"], "submittedBy": "Employee Person",
                "at": revised["updatedAt"], "votes": [],
            },
        ],
    }  # fmt: skip
    assert await find(api, request) == revised


async def test_all_vote_anew_on_a_revision(api: Api) -> None:
    request = await submit(api, "manager", "stranger")
    await review(api, request, "manager")
    await review(api, request, "stranger", "request_revision")
    await revise(api, request)
    assert (await review(api, request, "stranger")).data["status"] == "pending"
    assert (await review(api, request, "manager")).data["status"] == "approved"


async def test_one_event_says_what_the_revision_changed(api: Api) -> None:
    request = await sent_back(api, "manager", "stranger")
    await revise(api, request, category="marketing", title=request["title"])
    *_, event = await told(api)
    assert (event.type, event.entity_id) == ("branding_revised", request["id"])
    assert event.actor_id == api.employee.user_id
    changed = {"category", "status", "revision", "approvers"}
    assert set(event.before) == set(event.after) == changed
    assert (event.before["status"], event.after["status"]) == ("revision", "pending")
    assert (event.before["revision"], event.after["revision"]) == (1, 2)


async def test_a_revision_may_change_nothing(api: Api) -> None:
    request = await sent_back(api)
    revised = (await revise(api, request)).data
    assert (revised["revision"], revised["files"]) == (2, request["files"])
    assert (await api.call("PATCH", f"{PATH}/{request['id']}", {}, as_="employee")).status == 409


async def test_a_revision_may_name_others(api: Api) -> None:
    request = await sent_back(api, "manager", "stranger")
    revised = (await revise(api, request, approvers=ids(api, "hr", "stranger"), mode="any")).data
    assert [one["name"] for one in revised["approvers"]] == ["Hr Person", "Stranger Person"]
    assert (await review(api, request, "manager")).status == 403
    assert (await review(api, request, "hr")).data["status"] == "approved"


@pytest.mark.parametrize("caller", ["manager", "stranger", "hr", "admin", "outsider", "Brand"])
async def test_nobody_else_revises_it(api: Api, caller: str) -> None:
    await join(api, "Brand", "branding:manage")
    request = await sent_back(api)
    events = await api.events()
    answer = await revise(api, request, as_=caller, title="Mine")
    assert (answer.status, answer.code) == (403, "not_allowed")
    assert await api.events() == events


async def test_it_is_revised_only_when_asked(api: Api) -> None:
    pending = await submit(api)
    approved = (await review(api, await submit(api, "manager"), "manager")).data
    rejected = (await review(api, await submit(api, "manager"), "manager", "reject")).data
    events = await api.events()
    for request in (pending, approved, rejected):
        answer = await revise(api, request, title="Newer Logo")
        assert (answer.status, answer.code) == (409, "no_revision_requested")
        assert await find(api, request) == request
    assert await api.events() == events


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"category": None}, "category"),
        ({"files": []}, "files"),
        ({"approvers": []}, "approvers"),
        ({"approvers": [MISSING]}, "approvers"),
        ({"mode": None}, "mode"),
        ({"requestedBy": 1}, "requestedBy"),
        ({"status": "approved"}, "status"),
        ({"revision": 7}, "revision"),
    ],
)
async def test_it_names_what_is_wrong(api: Api, change: dict[str, Any], field: str) -> None:
    request = await sent_back(api)
    events = await api.events()
    answer = await revise(api, request, **change)
    assert (answer.status, answer.fields) == (400, {field})
    assert await api.events() == events
    assert await find(api, request) == request


async def test_the_requester_does_not_become_an_approver(api: Api) -> None:
    request = await sent_back(api)
    answer = await revise(api, request, approvers=ids(api, "manager", "employee"))
    assert (answer.status, answer.fields) == (400, {"approvers"})


async def test_approvers_who_left_meanwhile_must_be_replaced(api: Api) -> None:
    request = await sent_back(api, "manager", "stranger")
    await api.delete(f"/api/users/{api.stranger.user_id}", as_="admin")
    answer = await revise(api, request)
    assert (answer.status, answer.fields) == (400, {"approvers"})
    assert str(api.stranger.employee_id) in answer.json["errors"][0]["message"]
    assert (await revise(api, request, approvers=ids(api, "manager"))).status == 200
