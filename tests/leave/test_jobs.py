"""What happens to leave by itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sunshine.core.principals import System
from sunshine.modules.leave import jobs
from tests.api import Api
from tests.conftest import Now
from tests.factories import hire
from tests.leave.factories import (
    approved,
    asked,
    balance,
    cancel,
    decide,
    found,
    holiday,
    ledger,
    run,
)

Policy = Callable[..., None]


async def test_it_rejects_what_nobody_decided_in_time(api: Api, january: Now) -> None:
    late = await asked(api, "2025-01-14")  # decided until the 16th
    later = await asked(api, "2025-01-17")
    done = await asked(api, "2025-01-15")
    await decide(api, done)
    gone = await asked(api, "2025-01-16")
    await cancel(api, gone)
    january.set(2025, 1, 16, 23, 59)
    assert await run(api, jobs.auto_reject) == {"rejected": 0}
    january.set(2025, 1, 17, 0, 5)
    events = await api.events()
    assert await run(api, jobs.auto_reject) == {"rejected": 1}
    row = await found(api, late)
    assert (row["status"], row["decidedBy"], row["decidedById"], row["decidedAt"]) == (
        "rejected", "system", None, "2025-01-17T00:05:00Z",
    )  # fmt: skip
    assert row["notes"] == "Not decided by 2025-01-16, the deadline"
    for other, status in ((later, "pending"), (done, "approved"), (gone, "cancelled")):
        assert (await found(api, other))["status"] == status
    assert (await balance(api))["available"] == 10
    assert await api.events() == [*events, "leave_rejected"]
    [event] = await api.sql("SELECT * FROM event WHERE type = 'leave_rejected'")
    assert (event["actor_type"], event["actor_name"]) == ("system", "system")
    assert (event["entity"], event["entity_id"]) == ("leave", late["id"])
    assert event["after"]["decidedBy"] == "system"
    assert await run(api, jobs.auto_reject) == {"rejected": 0}


async def test_it_catches_up_after_weeks(api: Api, january: Now) -> None:
    for day in ("2025-01-20", "2025-01-27", "2025-02-03"):
        await asked(api, day)
    january.set(2025, 3, 1, 12)
    assert await run(api, jobs.auto_reject) == {"rejected": 3}


async def test_the_day_ends_where_the_business_is(api: Api, january: Now, policy: Policy) -> None:
    from zoneinfo import ZoneInfo

    policy(timezone=ZoneInfo("Asia/Jakarta"))
    await asked(api, "2025-01-14")
    january.set(2025, 1, 16, 16, 59)
    assert await run(api, jobs.auto_reject) == {"rejected": 0}
    january.set(2025, 1, 16, 17, 0)
    assert await run(api, jobs.auto_reject) == {"rejected": 1}


async def test_as_of_another_day_it_does_what_is_due_then(api: Api, january: Now) -> None:
    await asked(api, "2025-01-14")
    database = api.app.databases.sunshine
    then = datetime(2025, 6, 1, tzinfo=UTC)
    async with database.transaction(System(), now=then) as tx:
        assert await jobs.auto_reject(tx) == {"rejected": 1}


async def test_a_year_is_allocated_to_the_active(api: Api, january: Now) -> None:
    await hire(api, status="inactive")
    await hire(api, joinDate="2026-01-01")
    deleted = await hire(api)
    await api.delete(f"/api/employees/{deleted['id']}", as_="hr")
    events = await api.events()
    counts = {"allocated": 10, "carriedForward": 0, "charged": 0}
    assert await run(api, jobs.allocate) == counts
    rows = await api.sql("SELECT DISTINCT employee_id, year, kind FROM leave_entry")
    cast = {person.employee_id for person in api.cast.values()} - {None}
    assert {row["employee_id"] for row in rows} == cast
    assert {(row["year"], row["kind"]) for row in rows} == {(2025, "allocation")}
    assert await api.events() == events + ["leave_allocated"] * 10
    assert (await run(api, jobs.allocate))["allocated"] == 0


@pytest.mark.parametrize(
    ("person", "charged"),
    [
        ({}, 1),
        ({"joinDate": "2025-01-31"}, 1),
        ({"joinDate": "2025-02-01"}, 0),
        ({"status": "inactive"}, 0),
    ],
)
async def test_who_comes_after_a_collective_day_was_entered_pays_too(
    api: Api, january: Now, person: dict[str, Any], charged: int
) -> None:
    await holiday(api, "2025-01-31", "collective")
    late = await hire(api, **person)
    await api.sql("UPDATE employee SET created_at = '2025-01-13'")
    shown = await balance(api, late["id"])
    assert shown["used"] == charged
    january.set(2025, 1, 14, 0, 10)
    assert (await run(api, jobs.allocate))["charged"] == charged
    assert (await run(api, jobs.allocate))["charged"] == 0
    assert await balance(api, late["id"]) == shown
    assert ("leave_charged" in await api.events()) == bool(charged)


@pytest.mark.parametrize(
    ("entered", "as_of", "charged"),
    [
        ("2025-01-31 12:00", "2025-01-31", 1),
        ("2025-01-31 12:00", "2025-02-03", 1),  # the server was down meanwhile
        ("2025-02-01 12:00", "2025-02-03", 0),  # nobody pays for a day before they came
        ("2025-01-13 12:00", "2025-02-08", 0),  # long past: they were away on the day
    ],
)
async def test_they_pay_for_days_they_were_there(
    api: Api, january: Now, entered: str, as_of: str, charged: int
) -> None:
    await holiday(api, "2025-01-31", "collective")
    person = await hire(api)
    await api.sql(f"UPDATE employee SET created_at = '{entered}Z' WHERE id = {person['id']}")
    january.set(*(int(part) for part in as_of.split("-")), 0, 10)
    assert (await run(api, jobs.allocate))["charged"] == charged


async def test_a_lapse_waits_for_its_day(api: Api, now: Now, policy: Policy) -> None:
    policy(carry_forward_days=3, carry_forward_expiry=(12, 31))
    now.set(2024, 6, 3, 12)
    await approved(api, "2024-06-10")
    now.set(2025, 1, 1, 0, 10)
    await run(api, jobs.allocate)
    await approved(api, "2025-12-31")
    now.set(2025, 12, 31, 12)
    assert (await run(api, jobs.expire))["expired"] == 0
    now.set(2026, 1, 1, 0, 15)
    assert await run(api, jobs.allocate) == {
        "allocated": 10, "carriedForward": 5, "charged": 0,
    }  # fmt: skip
    assert (await run(api, jobs.expire))["expired"] == 1
    # 12 and 3 from 2024, one of those used, two lapsed; three of the rest went on.
    assert await ledger(api, year=2025) == [
        ("allocation", 12), ("carry_forward", 3), ("taken", -1), ("carry_forward", -3),
        ("expiry", -2),
    ]  # fmt: skip
    assert (await balance(api, year=2025))["remaining"] == 9


async def test_without_a_day_of_lapse_nothing_does(api: Api, now: Now, policy: Policy) -> None:
    policy(carry_forward_days=3)
    now.set(2024, 6, 3, 12)
    await asked(api, "2024-06-10")
    now.set(2025, 12, 31, 12)
    await run(api, jobs.allocate)
    assert (await run(api, jobs.expire))["expired"] == 0
    assert (await balance(api))["expiresAt"] is None
