"""Many at once, over HTTP on real connections of two servers; the database has the last word."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from sunshine.modules.leave import jobs, ledger
from tests.api import Answer, Api
from tests.conftest import Now
from tests.factories import hire
from tests.leave.factories import APPLY, HOLIDAYS, approved, ask, asked, cancel, decide, run

ROUNDS = range(3)

# What must hold whatever happened, as rows that break it.
BROKEN = {
    "a request is charged for what it takes, once it is approved": """
        SELECT id FROM leave WHERE
          (SELECT coalesce(sum(days), 0) FROM leave_entry WHERE leave_id = leave.id)
          <> CASE status WHEN 'approved' THEN
            -(SELECT coalesce(sum(portion), 0) FROM leave_day WHERE leave_id = leave.id)
            ELSE 0 END""",
    "no open request takes a holiday": """
        SELECT leave.id FROM leave JOIN leave_day ON leave_id = leave.id
        JOIN holiday ON date = day AND deleted_at IS NULL
        WHERE status IN ('pending', 'approved')""",
    "every open request takes each of its other working days": """
        SELECT leave.id FROM leave,
          generate_series(start_date::timestamp, end_date, '1 day') AS at
        WHERE status IN ('pending', 'approved') AND extract(isodow FROM at) < 6
        AND NOT EXISTS (SELECT FROM holiday WHERE date = at::date AND deleted_at IS NULL)
        AND NOT EXISTS (SELECT FROM leave_day WHERE leave_id = leave.id AND day = at::date)""",
    "everybody pays each collective day, once": """
        SELECT employee.id FROM employee, holiday WHERE
          (SELECT coalesce(sum(days), 0) FROM leave_entry
           WHERE holiday_id = holiday.id AND employee_id = employee.id)
          <> CASE WHEN deducts_annual AND holiday.deleted_at IS NULL THEN -1 ELSE 0 END""",
    "a decision is recorded once": """
        SELECT entity_id FROM event WHERE type IN ('leave_approved', 'leave_rejected')
        GROUP BY entity_id HAVING count(*) > 1""",
}


async def holds(api: Api) -> None:
    for said, query in BROKEN.items():
        assert await api.sql(query) == [], said


async def at_once(calls: list[Awaitable[Answer]]) -> list[Answer]:
    """The answers, none of which took three seconds."""

    async def timed(call: Awaitable[Answer]) -> tuple[Answer, float]:
        begun = time.monotonic()
        return await call, time.monotonic() - begun

    told = await asyncio.gather(*(timed(call) for call in calls))
    assert max(seconds for _, seconds in told) < 3
    return [answer for answer, _ in told]


def codes(answers: list[Answer]) -> Counter[tuple[int, str]]:
    return Counter((a.status, "" if a.status < 300 else a.code) for a in answers)


async def test_of_fifty_decisions_one_counts(api: Api, second: Api, january: Now) -> None:
    for round_ in ROUNDS:
        leave = await asked(api, f"2025-0{round_ + 2}-03", f"2025-0{round_ + 2}-05")
        answers = await at_once(
            [
                decide(
                    (api, second)[number % 2],
                    leave,
                    ("approve", "reject")[number // 2 % 2],
                    as_=("manager", "hr", "admin")[number % 3],
                )
                for number in range(50)
            ]
        )
        assert codes(answers) == {(200, ""): 1, (409, "already_decided"): 49}
        [given] = [answer.data for answer in answers if answer.status == 200]
        [row] = await api.sql("SELECT * FROM leave WHERE id = %(id)s", id=leave["id"])
        assert (row["status"], row["decided_by"]) == (given["status"], given["decidedBy"])
        await holds(api)


@pytest.mark.parametrize("length", [1, 2, 3])
async def test_fifty_requests_take_no_more_than_there_is(
    api: Api, second: Api, january: Now, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    servers = (api, second)
    policy = replace(api.app.settings.policy, annual_leave_days=5)
    for each in servers:
        monkeypatch.setattr(each.app.databases.sunshine, "policy", policy)
    mondays = [date(2025, 1, 20) + timedelta(weeks=number) for number in range(50)]
    fit = 5 // length
    for name in ("employee", "stranger", "manager"):
        answers = await at_once(
            [
                ask(servers[n % 2], str(day), str(day + timedelta(length - 1)), as_=name)
                for n, day in enumerate(mondays)
            ]
        )
        assert codes(answers) == {(201, ""): fit, (409, "insufficient_balance"): 50 - fit}
        [row] = await api.sql(
            "SELECT sum(portion) FROM leave_day JOIN leave ON leave.id = leave_id"
            " WHERE employee_id = %(id)s",
            id=api.cast[name].employee_id,
        )
        assert row["sum"] == fit * length
        await holds(api)
    assert len(await api.sql("SELECT 1 FROM leave_entry WHERE kind = 'allocation'")) == 6


async def test_of_twenty_same_requests_one_is_made(api: Api, second: Api, january: Now) -> None:
    for round_ in ROUNDS:
        answers = await at_once(
            [
                ask((api, second)[number % 2], f"2025-0{round_ + 2}-03", f"2025-0{round_ + 2}-05")
                for number in range(20)
            ]
        )
        assert codes(answers) == {(201, ""): 1, (409, "leave_overlap"): 19}
        [made] = [answer.data for answer in answers if answer.status == 201]
        for answer in answers:
            if answer.status == 409:
                assert answer.json["data"]["id"] == made["id"]


async def test_a_cancellation_and_a_decision_do_not_both_count(api: Api, january: Now) -> None:
    for number in range(10):
        day = date(2025, 2, 3) + timedelta(weeks=number)
        leave = await asked(api, str(day))
        cancelled, decided = await at_once([cancel(api, leave), decide(api, leave)])
        # Approved first, it can still be cancelled; cancelled first, it cannot be approved.
        assert cancelled.status == 200
        assert decided.status in (200, 409)
        await holds(api)
    assert await api.sql("SELECT 1 FROM leave WHERE status <> 'cancelled'") == []


async def test_the_job_and_a_decision_do_not_both_count(api: Api, january: Now) -> None:
    for number in range(10):
        january.set(2025, 1, 13, 12)
        leave = await asked(api, str(date(2024, 3, 4) + timedelta(weeks=number)))
        january.set(2025, 1, 31, 12)
        rejected, answer = await asyncio.gather(run(api, jobs.auto_reject), decide(api, leave))
        assert (rejected["rejected"], answer.status) in ((1, 409), (0, 200))
        await holds(api)


async def test_two_jobs_at_once_allocate_once(api: Api, second: Api, january: Now) -> None:
    counts = await asyncio.gather(*(run(each, jobs.allocate) for each in (api, second) * 3))
    assert sum(count["allocated"] for count in counts) == 10
    assert len(await api.sql("SELECT 1 FROM leave_entry")) == 10


async def test_holidays_requests_and_adjustments_agree(api: Api, second: Api, january: Now) -> None:
    """Everything at once, in an order drawn by a seed; two weeks, so that they meet."""
    people = [(await hire(api))["id"] for _ in range(4)] + [api.employee.employee_id]
    for seed in ROUNDS:
        draw = random.Random(seed)
        days = [str(date(2025, 2, 3) + timedelta(days=number)) for number in range(14)]
        known = [
            (await approved(api, f"2025-03-{seed * 7 + 3:02}", as_="hr", employeeId=id_))
            for id_ in people[:2]
            if id_
        ]

        def act(api: Api, draw: random.Random, days: list[str], known: list[Any]) -> Any:
            first, last = sorted(draw.choices(days, k=2))
            body = {
                "employeeId": draw.choice(people), "leaveType": "annual", "startDate": first,
                "endDate": last, "reason": "Rest",
            }  # fmt: skip
            kind = draw.choice(["public", "collective"])
            acts: list[Callable[[], Awaitable[Any]]] = [
                lambda: _ask_and_approve(api, body),
                lambda: api.post(APPLY, body, as_="hr"),
                lambda: _hold(api, {"date": first, "name": "Day Off", "kind": kind}),
                lambda: _adjust(api, draw.choice(people)),
                lambda: cancel(api, draw.choice(known), as_="admin"),
            ]
            return draw.choice(acts)()

        calls = [act((api, second)[n % 2], draw, days, known) for n in range(60)]
        answers = await at_once(calls)
        assert {answer.status for answer in answers} <= {200, 201, 400, 409}
        assert not any(a.status == 409 and a.code == "busy" for a in answers)
        await holds(api)
        assert (await api.events()).count("holiday_created") > 0


async def _ask_and_approve(api: Api, body: dict[str, Any]) -> Answer:
    answer = await api.post(APPLY, body, as_="hr")
    if answer.status != 201:
        return answer
    await asyncio.sleep(0)
    return await decide(api, answer.data, as_="admin")


async def _hold(api: Api, body: dict[str, Any]) -> Answer:
    """A holiday that comes, and goes again."""
    answer = await api.post(HOLIDAYS, body, as_="hr")
    if answer.status != 201 or body["kind"] == "public":
        return answer
    return await api.delete(f"{HOLIDAYS}/{answer.data['id']}", as_="admin")


async def _adjust(api: Api, employee_id: int) -> Answer:
    values = {"leaveType": "annual", "year": 2025, "days": 1.0, "reason": "-"}
    await run(api, lambda tx: ledger.adjust(tx, employee_id, values))
    return await api.get(f"/api/leave/balance/{employee_id}", as_="hr")
