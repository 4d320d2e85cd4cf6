"""/api/branding-approval/:id/review: who votes, once, and what their votes amount to."""

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

OUTCOMES = {"approve": "approved", "reject": "rejected", "request_revision": "revision"}


async def test_all_must_approve(api: Api) -> None:
    request = await submit(api, "manager", "stranger", "hr")
    for caller, status in {"stranger": "pending", "hr": "pending", "manager": "approved"}.items():
        answer = await review(api, request, caller)
        assert (answer.data["status"], answer.json["message"]) == (status, "Review recorded")
        assert (answer.data["decidedAt"] is None) == (status == "pending")
    assert await api.events() == ["branding_submitted"] + ["branding_reviewed"] * 3


async def test_one_is_enough_where_any_may_approve(api: Api) -> None:
    request = await submit(api, "manager", "stranger", mode="any")
    assert (await review(api, request, "stranger")).data["status"] == "approved"
    answer = await review(api, request, "manager")
    assert (answer.status, answer.code) == (409, "already_decided")


@pytest.mark.parametrize("mode", ["all", "any"])
@pytest.mark.parametrize("action", ["reject", "request_revision"])
async def test_one_ends_it(api: Api, mode: str, action: str) -> None:
    request = await submit(api, "manager", "stranger", mode=mode)
    ended = (await review(api, request, "manager", action)).data
    assert ended["status"] == OUTCOMES[action]
    assert (ended["decidedAt"] is None) == (action == "request_revision")
    for caller, again in (("stranger", "approve"), ("manager", "approve"), ("admin", "reject")):
        answer = await review(api, request, caller, again)
        assert (answer.status, answer.code) == (409, "already_decided")
    assert await find(api, request) == ended


async def test_each_votes_once_per_revision(api: Api) -> None:
    request = await submit(api, "manager", "stranger")
    voted = (await review(api, request, "manager")).data
    events = await api.events()
    for action in OUTCOMES:
        answer = await review(api, request, "manager", action)
        assert (answer.status, answer.code) == (409, "already_reviewed")
    assert await find(api, request) == voted
    assert await api.events() == events


async def test_only_its_approvers_vote(api: Api) -> None:
    await join(api, "Brand", "branding:manage")
    request = await submit(api, "stranger")
    for caller in ("manager", "hr", "outsider", "Brand"):
        answer = await review(api, request, caller)
        assert (answer.status, answer.code) == (403, "not_allowed"), caller
    assert await api.events() == ["branding_submitted"]


@pytest.mark.parametrize("caller", ["employee", "admin"])
async def test_nobody_reviews_their_own_request(api: Api, caller: str) -> None:
    request = await submit(api, "manager", as_=caller)
    for action in OUTCOMES:
        answer = await review(api, request, caller, action)
        assert (answer.status, answer.code) == (403, "not_allowed")
    await review(api, request, "manager")
    assert (await review(api, request, caller)).status == 403, "decided or not"
    assert await api.events() == ["branding_submitted", "branding_reviewed"]


async def test_who_had_a_vote_in_an_earlier_revision_has_none_in_this(api: Api) -> None:
    request = await sent_back(api, "manager", "stranger")
    await revise(api, request, approvers=ids(api, "hr"))
    for caller in ("manager", "stranger"):
        assert (await review(api, request, caller)).status == 403
    assert (await review(api, request, "hr")).data["status"] == "approved"


@pytest.mark.parametrize("action", OUTCOMES)
@pytest.mark.parametrize("mode", ["all", "any"])
async def test_an_admin_who_is_no_approver_decides_at_once(
    api: Api, action: str, mode: str
) -> None:
    request = await submit(api, "manager", "stranger", mode=mode)
    decided = (await review(api, request, "admin", action, feedback="So be it")).data
    assert decided["status"] == OUTCOMES[action]
    assert [approver["vote"] for approver in decided["approvers"]] == [None, None]
    [vote] = decided["history"][0]["votes"]
    assert vote == {
        "employeeId": None, "name": "Admin Person", "vote": action, "feedback": "So be it",
        "revisionNotes": "More sun" if action == "request_revision" else None,
        "override": True, "at": decided["updatedAt"],
    }  # fmt: skip
    *_, event = await told(api)
    assert (event.actor_id, event.after["override"]) == (api.admin.user_id, True)


async def test_an_admin_decides_what_an_approver_who_left_cannot(api: Api) -> None:
    request = await submit(api, "manager", "stranger")
    await review(api, request, "manager")
    await api.delete(f"/api/users/{api.stranger.user_id}", as_="admin")
    assert (await review(api, request, "stranger")).status == 401
    assert (await find(api, request))["status"] == "pending", "nobody's silence is a yes"
    decided = (await review(api, request, "admin")).data
    assert decided["status"] == "approved"
    assert [vote["override"] for vote in decided["history"][0]["votes"]] == [False, True]


async def test_an_admin_who_is_an_approver_has_one_vote(api: Api) -> None:
    request = await submit(api, "admin", "stranger")
    voted = (await review(api, request, "admin")).data
    assert voted["status"] == "pending"
    assert voted["approvers"][0]["vote"] == "approve"
    assert voted["history"][0]["votes"][0]["override"] is False
    answer = await review(api, request, "admin")
    assert (answer.status, answer.code) == (409, "already_reviewed")


async def test_an_admin_without_an_employee_may_decide(api: Api) -> None:
    await api.sql("UPDATE users SET employee_id = NULL WHERE username = 'admin'")
    api.app.principals.forget()
    request = await submit(api, "manager")
    decided = (await review(api, request, "admin", "reject")).data
    assert (decided["status"], decided["history"][0]["votes"][0]["name"]) == (
        "rejected",
        "Admin Person",
    )


async def test_one_event_says_how_they_voted(api: Api) -> None:
    request = await submit(api, "manager", "stranger")
    await review(api, request, "manager", feedback=" Fine ", revisionNotes="")
    *_, event = await told(api)
    assert (event.type, event.entity, event.entity_id) == (
        "branding_reviewed", "branding_request", request["id"],
    )  # fmt: skip
    assert event.before == {"status": "pending"}
    assert event.after == {
        "status": "pending", "revision": 1, "approver": "Manager Person", "override": False,
        "action": "approve", "feedback": "Fine", "revisionNotes": None,
    }  # fmt: skip


async def test_what_is_left_blank_is_nothing(api: Api) -> None:
    request = await submit(api, "manager")
    voted = (await review(api, request, "manager", feedback=" ", revisionNotes="")).data
    assert (voted["approvers"][0]["feedback"], voted["approvers"][0]["revisionNotes"]) == (
        None,
    ) * 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "request_revision"}, "revisionNotes"),
        ({"action": "request_revision", "revisionNotes": ""}, "revisionNotes"),
        ({"action": "request_revision", "revisionNotes": " \n"}, "revisionNotes"),
        ({"action": "request_revision", "revisionNotes": None}, "revisionNotes"),
        ({"action": "approved"}, "action"),
        ({}, "action"),
        ({"action": "approve", "feedback": 5}, "feedback"),
        ({"action": "approve", "revision": 0}, "revision"),
        ({"action": "approve", "status": "approved"}, "status"),
    ],
)
async def test_it_names_what_is_wrong(api: Api, body: dict[str, Any], field: str) -> None:
    request = await submit(api, "manager")
    for caller in ("manager", "hr", "admin"):  # before it is asked whether they may
        answer = await api.post(f"{PATH}/{request['id']}/review", body, as_=caller)
        assert (answer.status, answer.fields) == (400, {field})
    assert await api.events() == ["branding_submitted"]


async def test_a_vote_on_what_was_replaced_does_not_count(api: Api) -> None:
    request = await sent_back(api, "manager", "stranger")
    await revise(api, request, files=["another"])
    events = await api.events()
    for revision in (1, 3):
        answer = await review(api, request, "stranger", revision=revision)
        assert (answer.status, answer.code) == (409, "revised")
    assert await api.events() == events
    assert (await review(api, request, "stranger", revision=2)).status == 200


async def test_a_retried_vote_counts_once_and_answers_the_same(api: Api) -> None:
    request = await submit(api, "manager", "stranger")
    where, body = f"{PATH}/{request['id']}/review", {"action": "approve"}
    headers = {"Idempotency-Key": "once"}
    first = await api.post(where, body, as_="manager", headers=headers)
    again = await api.post(where, body, as_="manager", headers=headers)
    assert (first.status, first.data) == (again.status, again.data)
    assert await api.events() == ["branding_submitted", "branding_reviewed"]
