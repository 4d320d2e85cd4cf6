"""Votes and revisions at once: on real connections, each ending in what is stored."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from tests.api import Answer, Api
from tests.branding_approval.factories import find, ids, join, review, revise, sent_back, submit

ROUNDS = 5


def outcomes(answers: list[Answer]) -> Counter[Any]:
    """How many of each: 200, or the code of the refusal."""
    return Counter(answer.status if answer.status == 200 else answer.code for answer in answers)


async def panel(api: Api, size: int = 10) -> list[str]:
    names = [f"P{number}" for number in range(size)]
    for name in names:
        await join(api, name)
    return names


async def final_events(api: Api, id_: int) -> list[str]:
    rows = await api.sql(
        "SELECT after ->> 'status' AS status FROM event WHERE entity_id = %(id)s"
        " AND entity = 'branding_request' AND after ->> 'status' IN ('approved', 'rejected')",
        id=id_,
    )
    return [row["status"] for row in rows]


async def check_stored(api: Api) -> None:
    """What must hold of every request, however its votes came in."""
    broken = await api.sql(
        """
        WITH vote AS (
            SELECT *, row_number() OVER (PARTITION BY request_id, revision ORDER BY id DESC) = 1
                AS is_last
            FROM branding_vote
        ), counted AS (
            SELECT r.id, r.status, r.mode, r.revision,
                (SELECT count(*) FROM branding_approver a
                 WHERE a.request_id = r.id AND a.revision = r.revision) AS named,
                (SELECT count(*) FROM vote v WHERE v.request_id = r.id
                 AND v.revision = r.revision AND action = 'approve') AS approvals,
                (SELECT count(*) FROM event e WHERE e.entity = 'branding_request'
                 AND e.entity_id = r.id AND e.type = 'branding_reviewed') AS told,
                (SELECT count(*) FROM vote v WHERE v.request_id = r.id) AS votes,
                (SELECT action FROM vote v WHERE v.request_id = r.id
                 AND v.revision = r.revision AND is_last) AS last
            FROM branding_request r
        )
        SELECT * FROM counted WHERE votes <> told OR NOT CASE status
            WHEN 'approved' THEN approvals = CASE mode WHEN 'all' THEN named ELSE 1 END
            WHEN 'rejected' THEN last = 'reject'
            WHEN 'revision' THEN last = 'request_revision'
            ELSE approvals < named AND coalesce(last, 'approve') = 'approve' END
        UNION ALL
        SELECT request_id, action, NULL, revision, 0, 0, 0, 0, NULL FROM vote
        WHERE action <> 'approve' AND NOT is_last
        """
    )
    assert broken == []


async def test_twenty_votes_of_one_approver_count_once(api: Api) -> None:
    for round_ in range(ROUNDS):
        request = await submit(api, "manager", "stranger")
        answers = await asyncio.gather(*(review(api, request, "manager") for _ in range(20)))
        assert outcomes(answers) == {200: 1, "already_reviewed": 19}, round_
        rows = await api.sql(
            "SELECT 1 FROM branding_vote WHERE request_id = %(id)s", id=request["id"]
        )
        assert len(rows) == 1
        assert (await find(api, request))["status"] == "pending"
    assert (await api.events()).count("branding_reviewed") == ROUNDS
    await check_stored(api)


async def test_twenty_last_votes_decide_once(api: Api) -> None:
    for round_ in range(ROUNDS):
        request = await submit(api, "manager")
        actions = ("approve", "reject") * 10
        answers = await asyncio.gather(
            *(review(api, request, "manager", action) for action in actions)
        )
        assert outcomes(answers) == {200: 1, "already_decided": 19}, round_
        [decided] = [answer.data for answer in answers if answer.status == 200]
        assert await find(api, request) == decided
        assert await final_events(api, request["id"]) == [decided["status"]]
    await check_stored(api)


async def test_ten_approvals_decide_once_and_all_count(api: Api) -> None:
    names = await panel(api)
    for _ in range(ROUNDS):
        request = await submit(api, *names)
        answers = await asyncio.gather(*(review(api, request, name) for name in names))
        assert outcomes(answers) == {200: 10}
        assert Counter(answer.data["status"] for answer in answers) == {"pending": 9, "approved": 1}
        assert (await find(api, request))["status"] == "approved"
        assert await final_events(api, request["id"]) == ["approved"]
    await check_stored(api)


async def test_of_ten_approvals_one_is_enough_where_any_may(api: Api) -> None:
    names = await panel(api)
    for _ in range(ROUNDS):
        request = await submit(api, *names, mode="any")
        answers = await asyncio.gather(*(review(api, request, name) for name in names))
        assert outcomes(answers) == {200: 1, "already_decided": 9}
        assert await final_events(api, request["id"]) == ["approved"]
    await check_stored(api)


@pytest.mark.parametrize("mode", ["all", "any"])
async def test_ten_who_disagree_end_in_one_state(api: Api, mode: str) -> None:
    dice = random.Random(mode)
    names = await panel(api)
    for _ in range(ROUNDS):
        request = await submit(api, *names, mode=mode)
        actions = ["reject", *("approve" for _ in names[2:]), dice.choice(["approve", "reject"])]
        dice.shuffle(actions)
        pairs = zip(names, actions, strict=True)
        answers = await asyncio.gather(*(review(api, request, *pair) for pair in pairs))
        assert set(outcomes(answers)) <= {200, "already_decided"}
        ended = await find(api, request)
        assert ended["status"] == "rejected" if mode == "all" else ended["decidedAt"]
        assert await final_events(api, request["id"]) == [ended["status"]]
        counted = [answer for answer in answers if answer.status == 200]
        assert len(ended["history"][0]["votes"]) == len(counted)
    await check_stored(api)


async def test_an_override_and_votes_decide_once(api: Api) -> None:
    for action in ("approve", "reject", "request_revision") * 2:
        request = await submit(api, "manager", "stranger", "hr")
        answers = await asyncio.gather(
            *(review(api, request, name) for name in ("manager", "stranger", "hr")),
            review(api, request, "admin", action),
        )
        assert set(outcomes(answers)) <= {200, "already_decided"}
        ended = await find(api, request)
        last = ended["history"][0]["votes"][-1]
        assert last["override"] == (answers[-1].status == 200)
        final = await final_events(api, request["id"])
        assert final == ([ended["status"]] if ended["decidedAt"] else [])


async def test_a_vote_counts_for_the_revision_it_met(api: Api) -> None:
    met = Counter[Any]()
    for _ in range(20):
        request = await sent_back(api, "manager", "stranger")
        revised, late, blind = await asyncio.gather(
            revise(api, request, files=["new"]),
            review(api, request, "stranger", revision=1),
            review(api, request, "manager"),
        )
        assert revised.status == 200
        assert late.code in ("already_decided", "revised"), "it was made for what was replaced"
        ended = await find(api, request)
        votes = [vote["vote"] for vote in ended["history"][1]["votes"]]
        assert votes == (["approve"] if blind.status == 200 else [])
        assert (ended["status"], ended["revision"]) == ("pending", 2)
        met[blind.status if blind.status == 200 else blind.code] += 1
    assert set(met) <= {200, "already_decided"}
    rows = await api.sql("SELECT DISTINCT action FROM branding_vote WHERE revision = 1")
    assert rows == [{"action": "request_revision"}]
    await check_stored(api)


async def test_of_ten_revisions_one_is_made(api: Api) -> None:
    for _ in range(ROUNDS):
        request = await sent_back(api)
        answers = await asyncio.gather(
            *(revise(api, request, title=f"T{number}") for number in range(10))
        )
        assert outcomes(answers) == {200: 1, "no_revision_requested": 9}
        [made] = [answer.data for answer in answers if answer.status == 200]
        assert await find(api, request) == made
        assert [one["revision"] for one in made["history"]] == [1, 2]
    assert (await api.events()).count("branding_revised") == ROUNDS
    await check_stored(api)


async def test_no_revision_names_who_is_leaving(api: Api) -> None:
    for number in range(10):
        person = await join(api, f"P{number}")
        request = await sent_back(api, "manager")
        ended, revised = await asyncio.gather(
            api.delete(f"/api/users/{person.user_id}", as_="admin"),
            revise(api, request, approvers=ids(api, "stranger", f"P{number}")),
        )
        assert ended.status == 200
        assert revised.status in (200, 400)
        assert (await find(api, request))["revision"] == (2 if revised.status == 200 else 1)
    [row] = await api.sql(
        "SELECT count(*) FROM event revised, branding_approver a, users u, event ended"
        " WHERE revised.type = 'branding_revised' AND a.request_id = revised.entity_id"
        " AND u.employee_id = a.employee_id AND ended.type = 'user_updated'"
        " AND ended.entity_id = u.id AND ended.id < revised.id"
    )
    assert row["count"] == 0
