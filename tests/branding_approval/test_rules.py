"""sunshine/modules/branding_approval/requests.py and reviews.py called as other rules do,
and what the tables refuse whoever asks."""

from typing import Any

import psycopg
import pytest

from sunshine.core.errors import Conflict, NotFound
from sunshine.modules.branding_approval import requests as rules
from sunshine.modules.branding_approval import reviews
from tests.api import Api
from tests.branding_approval.factories import LOGO, ids, join, review, revise, sent_back, submit
from tests.factories import principal


async def open_of(api: Api, name: str) -> list[str]:
    [id_] = ids(api, name)
    assert id_
    return [row["title"] for row in await rules.open_approvals(api.app.databases.sunshine, id_)]


async def test_open_is_what_one_asked_for_and_what_waits_for_ones_vote(api: Api) -> None:
    first = await submit(api, "manager", "stranger", title="First")
    second = await submit(api, "manager", "employee", as_="stranger", title="Second")
    assert await open_of(api, "employee") == ["First", "Second"]
    assert await open_of(api, "manager") == ["First", "Second"]
    assert await open_of(api, "hr") == await open_of(api, "admin") == []
    await review(api, first, "manager")
    assert await open_of(api, "manager") == ["Second"]
    assert await open_of(api, "employee") == ["First", "Second"]
    await review(api, first, "stranger", "reject")
    await review(api, second, "manager", "request_revision")
    for name in ("employee", "manager", "stranger"):
        assert await open_of(api, name) == [], "decided, or the requester's turn"
    await revise(api, second, as_="stranger", approvers=ids(api, "hr"))
    assert await open_of(api, "hr") == await open_of(api, "stranger") == ["Second"]
    assert await open_of(api, "manager") == await open_of(api, "employee") == []


async def test_rules_need_no_request(api: Api) -> None:
    requester, approver = principal(api, "employee"), principal(api, "manager")
    database = api.app.databases.sunshine
    values: dict[str, Any] = {**LOGO, "approvers": ids(api, "manager")}
    async with database.transaction(requester) as tx:
        request = await rules.submit(tx, values, actor=requester)
        assert await rules.open_approvals(tx, values["approvers"][0]) == [
            {"id": request["id"], "title": "New Logo"}
        ]
    async with database.transaction(approver) as tx:
        await reviews.review(tx, request["id"], {"action": "approve"}, actor=approver)
    found = await rules.find(database, request["id"], actor=requester)
    assert found["status"] == "approved"
    with pytest.raises(NotFound):
        await rules.find(database, request["id"] + 1, actor=principal(api, "admin"))


async def test_what_rolls_back_leaves_no_vote(api: Api) -> None:
    request = await submit(api, "manager", "stranger")
    approver = principal(api, "manager")

    async def vote_twice() -> None:
        async with api.app.databases.sunshine.transaction(approver) as tx:
            for _ in range(2):
                await reviews.review(tx, request["id"], {"action": "approve"}, actor=approver)

    with pytest.raises(Conflict) as caught:
        await vote_twice()
    assert caught.value.code == "already_reviewed"
    assert await api.sql("SELECT 1 FROM branding_vote") == []
    assert await api.events() == ["branding_submitted"]


async def insert_vote(api: Api, **values: Any) -> None:
    await api.sql(
        "INSERT INTO branding_vote"
        " (request_id, revision, approver_id, name, action, revision_notes, at) VALUES"
        " (%(request)s, %(revision)s, %(approver)s, 'X', %(action)s, %(notes)s, now())",
        **{"revision": 2, "action": "approve", "notes": None, **values},
    )


async def test_no_vote_is_stored_but_of_an_approver_of_that_revision(api: Api) -> None:
    await join(api, "next")
    request = await sent_back(api, "manager", "stranger")
    await revise(api, request, approvers=ids(api, "next", "stranger"))
    manager, stranger, hr, following = ids(api, "manager", "stranger", "hr", "next")
    id_ = request["id"]
    for values, constraint in (
        ({"approver": manager}, "branding_vote_approver_fkey"),
        ({"approver": hr}, "branding_vote_approver_fkey"),
        ({"approver": following, "revision": 1}, "branding_vote_approver_fkey"),
        ({"approver": stranger, "revision": 3}, "branding_vote_revision_fkey"),
        ({"approver": None, "revision": 3}, "branding_vote_revision_fkey"),
        ({"approver": manager, "revision": 1}, "branding_vote_once_key"),
        ({"approver": stranger, "action": "like"}, "branding_vote_action_check"),
        (
            {"approver": stranger, "action": "request_revision"},
            "branding_vote_revision_notes_check",
        ),
    ):
        with pytest.raises(psycopg.IntegrityError) as caught:
            await insert_vote(api, request=id_, **values)
        assert caught.value.diag.constraint_name == constraint, values
    await insert_vote(api, request=id_, approver=stranger)
    await insert_vote(api, request=id_, approver=None)
    with pytest.raises(psycopg.IntegrityError) as caught:
        await insert_vote(api, request=id_, approver=None)
    assert caught.value.diag.constraint_name == "branding_vote_once_key", "one override"
