"""GET /api/leave/balance/:employeeId and its entries; how a balance comes about."""

from collections.abc import Callable
from typing import Any

import pytest

from sunshine.core.errors import Invalid, NotFound
from sunshine.modules.leave import jobs
from sunshine.modules.leave import ledger as leave_ledger
from tests.api import Api
from tests.conftest import Now
from tests.factories import found, hire
from tests.leave.factories import (
    approved,
    ask,
    asked,
    balance,
    cancel,
    decide,
    holiday,
    ledger,
    run,
)

Policy = Callable[..., None]
NOTHING = {
    "total": 0, "used": 0, "remaining": 0, "pending": 0, "available": 0, "carriedForward": 0,
    "expiresAt": None,
}  # fmt: skip


async def adjust(api: Api, days: float, year: int = 2025, **more: Any) -> Any:
    values = {"leaveType": "annual", "year": year, "days": days, "reason": "Agreed"} | more
    id_ = api.employee.employee_id
    assert id_
    return await run(api, lambda tx: leave_ledger.adjust(tx, id_, values))


async def test_a_year_nobody_touched_is_shown_as_if_it_were_allocated(
    api: Api, january: Now
) -> None:
    for year in (None, 2024, 2025, 2026):
        assert await balance(api, year=year) == NOTHING | {
            "total": 12, "remaining": 12, "available": 12,
        }  # fmt: skip
    assert (await balance(api, kind="special"))["total"] == 5
    assert await api.sql("SELECT * FROM leave_entry") == []
    assert await api.events() == []


async def test_this_year_is_the_business_year(api: Api, now: Now, policy: Policy) -> None:
    from zoneinfo import ZoneInfo

    await asked(api, "2025-02-03")
    now.set(2024, 12, 31, 18)
    assert (await balance(api))["pending"] == 0
    policy(timezone=ZoneInfo("Asia/Jakarta"))
    assert (await balance(api))["pending"] == 1


@pytest.mark.parametrize("year", ["abc", "1899", "10000", "2025&year=2025", "20.5"])
async def test_it_refuses_what_is_no_year(api: Api, year: str) -> None:
    answer = await api.get(
        f"/api/leave/balance/{api.employee.employee_id}?year={year}", as_="employee"
    )
    assert (answer.status, answer.fields) == (400, {"year"})


async def test_the_first_change_of_a_year_writes_its_allocation_once(
    api: Api, january: Now
) -> None:
    before = await balance(api)
    await asked(api, "2025-02-03")
    await asked(api, "2025-02-04")
    rows = await api.sql("SELECT leave_type, year, kind, days FROM leave_entry ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        ("annual", 2025, "allocation", 12), ("special", 2025, "allocation", 5),
    ]  # fmt: skip
    assert await balance(api) == before | {"pending": 2, "available": 10}
    # A refusal leaves no trace, not even of that.
    await ask(api, "2024-06-03", "2024-06-28")
    assert len(await api.sql("SELECT * FROM leave_entry")) == 2


@pytest.mark.parametrize(
    ("joined", "annual", "special"),
    [
        ("2025-01-01", 12, 5), ("2025-01-31", 12, 5), ("2025-02-01", 11, 4.5),
        ("2025-04-15", 9, 4), ("2025-06-30", 7, 3), ("2025-12-31", 1, 0.5),
        ("2024-12-31", 12, 5), ("2026-01-01", 0, 0),
    ],
)  # fmt: skip
async def test_who_joins_late_may_have_less(
    api: Api, january: Now, policy: Policy, joined: str, annual: float, special: float
) -> None:
    person = await hire(api, joinDate=joined)
    whole = 0 if joined == "2026-01-01" else 12
    assert (await balance(api, person["id"]))["total"] == whole
    policy(leave_prorated=True)
    assert (await balance(api, person["id"]))["total"] == annual
    assert (await balance(api, person["id"], kind="special"))["total"] == special
    await run(api, jobs.allocate)
    assert (await balance(api, person["id"]))["total"] == annual
    assert (await balance(api, person["id"], 2026))["total"] == 12


async def test_no_date_of_joining_is_for_ever(api: Api, january: Now, policy: Policy) -> None:
    policy(leave_prorated=True)
    person = await hire(api)
    assert (await balance(api, person["id"]))["total"] == 12


async def test_what_is_left_moves_to_the_next_year(api: Api, now: Now, policy: Policy) -> None:
    policy(carry_forward_days=5)
    now.set(2024, 11, 4, 12)
    await approved(api, "2024-11-11", "2024-11-15")
    await approved(api, "2025-01-06")  # next year's: taken before that is opened
    assert (await balance(api, year=2025))["total"] == 12
    now.set(2025, 1, 1, 0, 1)
    shown = await balance(api)
    assert shown == NOTHING | {
        "total": 17, "used": 1, "remaining": 16, "available": 16, "carriedForward": 5,
    }  # fmt: skip
    await run(api, jobs.allocate)
    assert await balance(api) == shown
    assert (await balance(api, year=2024))["remaining"] == 2
    assert await ledger(api, year=2024) == [
        ("allocation", 12), ("taken", -5), ("carry_forward", -5),
    ]  # fmt: skip
    assert await ledger(api, year=2025) == [("taken", -1), ("allocation", 12), ("carry_forward", 5)]
    assert await run(api, jobs.allocate) == {
        "allocated": 0, "carriedForward": 0, "charged": 0,
    }  # fmt: skip


async def test_no_more_moves_than_is_left(api: Api, now: Now, policy: Policy) -> None:
    policy(carry_forward_days=5)
    now.set(2024, 11, 4, 12)
    await approved(api, "2024-11-11", "2024-11-20")  # 8 days
    await asked(api, "2024-12-02", halfDay="am")  # reserved until it is decided
    now.set(2025, 1, 2, 12)
    assert (await balance(api))["carriedForward"] == 3.5
    await asked(api, "2025-02-03")
    assert (await balance(api, year=2024)) == NOTHING | {
        "total": 8.5, "used": 8, "remaining": 0.5, "pending": 0.5,
    }  # fmt: skip


async def test_nothing_moves_from_a_year_before_the_company_came(
    api: Api, january: Now, policy: Policy
) -> None:
    policy(carry_forward_days=5)
    assert (await balance(api))["carriedForward"] == 0
    await asked(api, "2025-02-03")
    await asked(api, "2024-06-03")
    assert (await balance(api))["carriedForward"] == 0
    await asked(api, "2024-12-31", "2025-01-02", as_="stranger")
    assert (await balance(api, "stranger"))["carriedForward"] == 0


async def carrying(api: Api, now: Now, policy: Policy) -> None:
    """5 days came from 2024 and are good until 31 March 2025; it is January."""
    policy(carry_forward_days=5, carry_forward_expiry=(3, 31))
    now.set(2024, 11, 4, 12)
    await asked(api, "2024-11-11", halfDay="am")
    now.set(2025, 1, 13, 12)
    await run(api, jobs.allocate)
    assert (await balance(api))["total"] == 17
    assert (await balance(api))["expiresAt"] == "2025-03-31"


async def test_what_moved_lapses_unless_it_was_used(api: Api, now: Now, policy: Policy) -> None:
    await carrying(api, now, policy)
    await approved(api, "2025-02-03", "2025-02-04")
    late = await asked(api, "2025-03-31", "2025-04-01")
    now.set(2025, 3, 31, 23)
    assert (await balance(api))["total"] == 17
    now.set(2025, 4, 1, 0, 1)
    shown = await balance(api)
    assert (shown["total"], shown["remaining"], shown["available"]) == (15, 13, 11)
    assert await run(api, jobs.expire) == {
        "allocated": 0, "carriedForward": 0, "charged": 0, "expired": 1,
    }  # fmt: skip
    assert await balance(api) == shown
    assert (await ledger(api, year=2025))[-1] == ("expiry", -2)
    assert (await run(api, jobs.expire))["expired"] == 0
    assert (await api.events()).count("leave_expired") == 1
    # What waited for a decision and did not get it lapses as well.
    await decide(api, late, "reject")
    assert (await balance(api))["total"] == 14
    await run(api, jobs.expire)
    assert (await ledger(api, year=2025))[-1] == ("expiry", -1)
    # A day of February that is filed only now was theirs all the same.
    await approved(api, "2025-02-05")
    assert (await balance(api))["total"] == 15


async def test_what_will_lapse_pays_for_nothing_later(api: Api, now: Now, policy: Policy) -> None:
    await carrying(api, now, policy)
    answer = await ask(api, "2025-04-01", "2025-04-17")  # 13 days
    assert (answer.status, answer.code) == (409, "insufficient_balance")
    assert answer.json["data"]["available"] == 12
    await approved(api, "2025-04-01", "2025-04-16")
    await approved(api, "2025-03-24", "2025-03-28")
    now.set(2025, 4, 1, 12)
    await run(api, jobs.expire)
    assert await balance(api) == NOTHING | {
        "total": 17, "used": 17, "carriedForward": 5, "expiresAt": "2025-03-31",
    }  # fmt: skip


async def test_an_approval_counts_early_days_once(api: Api, now: Now, policy: Policy) -> None:
    await carrying(api, now, policy)
    leave = await asked(api, "2025-02-03", "2025-02-05")
    now.set(2025, 4, 1, 12)
    await adjust(api, -13)
    # 12 and 5 less 13; 2 of the 5 have lapsed.
    answer = await decide(api, leave)
    assert (answer.status, answer.code) == (409, "insufficient_balance")
    assert answer.json["data"]["available"] == 2
    await adjust(api, 1)
    assert (await decide(api, leave)).status == 200
    assert (await balance(api))["remaining"] == 0


async def test_a_collective_day_uses_what_would_lapse(api: Api, now: Now, policy: Policy) -> None:
    await carrying(api, now, policy)
    await holiday(api, "2025-03-31", "collective")
    await holiday(api, "2025-04-02", "collective")
    now.set(2025, 4, 3, 12)
    assert (await balance(api))["total"] == 13


async def test_an_adjustment_adds_and_takes(api: Api, january: Now) -> None:
    assert (await adjust(api, 2.5))["annualLeave"]["total"] == 14.5
    assert (await adjust(api, -1, leaveType="special"))["specialLeave"]["total"] == 4
    assert (await adjust(api, -20))["annualLeave"]["available"] == -5.5
    rows = await found(api, f"/api/leave/balance/{api.employee.employee_id}/entries")
    adjusted = [row for row in rows if row["kind"] == "adjustment"]
    assert adjusted[-1] == {
        "id": adjusted[-1]["id"], "leaveType": "annual", "year": 2025, "kind": "adjustment",
        "days": 2.5, "leaveId": None, "holidayId": None, "notes": "Agreed",
        "createdAt": "2025-01-13T12:00:00Z",
    }  # fmt: skip
    assert (await api.events())[-1] == "leave_adjusted"


@pytest.mark.parametrize("days", [0, 0.3, -0.25, 1.75])
async def test_an_adjustment_is_in_half_days(api: Api, days: float) -> None:
    with pytest.raises(Invalid):
        await adjust(api, days)
    assert await api.events() == []


async def test_nobody_is_adjusted_who_is_not_there(api: Api) -> None:
    values = {"leaveType": "annual", "year": 2025, "days": 1.0, "reason": "-"}
    with pytest.raises(NotFound):
        await run(api, lambda tx: leave_ledger.adjust(tx, 2**31 - 1, values))


async def test_the_ledger_tells_how_it_came_about(api: Api, january: Now) -> None:
    leave = await approved(api, "2025-02-03", "2025-02-04")
    collective = await holiday(api, "2025-05-30", "collective")
    await cancel(api, leave)
    await asked(api, "2024-06-03")
    path = f"/api/leave/balance/{api.employee.employee_id}/entries"
    rows = await found(api, f"{path}?year=2025&leaveType=annual", "employee")
    assert [(row["kind"], row["days"], row["leaveId"], row["holidayId"]) for row in rows] == [
        ("taken", 2, leave["id"], None),
        ("taken", -1, None, collective["id"]),
        ("taken", -2, leave["id"], None),
        ("allocation", 12, None, None),
    ]
    assert len(await found(api, path, "manager")) == 7
    assert (await api.get(f"{path}?limit=1", as_="hr")).json["pagination"]["total"] == 7
