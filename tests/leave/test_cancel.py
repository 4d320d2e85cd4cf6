"""POST /api/leave/:id/cancel."""

import pytest

from tests.api import Api
from tests.conftest import Now
from tests.leave.factories import approved, ask, asked, balance, cancel, decide, found, ledger


async def test_a_pending_request_is_withdrawn(api: Api, january: Now) -> None:
    leave = await asked(api, "2025-02-03", "2025-02-07")
    answer = await cancel(api, leave)
    assert answer.data["status"] == "cancelled"
    assert answer.json["message"] == "Leave cancelled"
    assert (await balance(api))["available"] == 12
    assert await ledger(api) == [("allocation", 12)]
    assert (await api.events())[-2:] == ["leave_applied", "leave_cancelled"]


async def test_so_is_leave_that_has_not_begun(api: Api, january: Now) -> None:
    leave = await approved(api, "2025-01-14", "2025-01-16")
    answer = await cancel(api, leave)
    assert (answer.data["status"], answer.data["decidedBy"]) == ("cancelled", "Hr Person")
    assert (await balance(api))["available"] == 12
    assert await ledger(api) == [("allocation", 12), ("taken", -3), ("taken", 3)]


async def test_what_charged_two_years_gives_back_to_both(api: Api, now: Now) -> None:
    now.set(2024, 12, 1, 12)
    leave = await approved(api, "2024-12-31", "2025-01-02")
    await cancel(api, leave)
    assert await ledger(api, year=2024) == [("allocation", 12), ("taken", -1), ("taken", 1)]
    assert await ledger(api, year=2025) == [("taken", -2), ("taken", 2)]


@pytest.mark.parametrize("day", ["2025-01-13", "2025-01-10"])
async def test_leave_that_has_begun_is_taken(api: Api, january: Now, day: str) -> None:
    leave = await approved(api, day, "2025-01-17")
    events = await api.events()
    for caller in ("employee", "hr", "admin"):
        answer = await cancel(api, leave, as_=caller)
        assert (answer.status, answer.code) == (409, "leave_begun")
    assert await api.events() == events


async def test_today_is_where_the_business_is(api: Api, now: Now, policy) -> None:
    from zoneinfo import ZoneInfo

    policy(timezone=ZoneInfo("Asia/Jakarta"))
    now.set(2025, 1, 13, 16, 59)
    leave = await approved(api, "2025-01-14")
    now.set(2025, 1, 13, 17, 0)  # it is the 14th in Jakarta
    assert (await cancel(api, leave)).code == "leave_begun"
    now.set(2025, 1, 13, 16, 59)
    assert (await cancel(api, leave)).status == 200


async def test_a_pending_one_of_the_past_may_go(api: Api, january: Now) -> None:
    assert (await cancel(api, await asked(api, "2024-12-02"))).status == 200


@pytest.mark.parametrize("state", ["rejected", "cancelled"])
async def test_what_is_over_is_over(api: Api, january: Now, state: str) -> None:
    leave = await asked(api, "2025-02-03")
    await (decide(api, leave, "reject") if state == "rejected" else cancel(api, leave))
    events = await api.events()
    answer = await cancel(api, leave)
    assert (answer.status, answer.code) == (409, "already_decided")
    assert answer.json["data"]["status"] == state
    assert await api.events() == events


async def test_a_cancelled_one_is_decided_no_more(api: Api, january: Now) -> None:
    leave = await asked(api, "2025-02-03")
    await cancel(api, leave)
    for action in ("approve", "reject"):
        assert (await decide(api, leave, action)).code == "already_decided"
    assert (await ask(api, "2025-02-03")).status == 201


async def test_it_is_for_oneself_and_for_hr(api: Api, january: Now) -> None:
    leave = await asked(api, "2025-02-03")
    events = await api.events()
    for caller in ("manager", "stranger", "outsider"):
        assert (await cancel(api, leave, as_=caller)).status == 403
        assert (await cancel(api, {"id": 2**31 - 1}, as_=caller)).status == 403
    assert await api.events() == events
    assert (await found(api, leave))["status"] == "pending"
    for caller in ("hr", "admin"):
        other = await asked(api, "2025-02-04", as_="stranger")
        assert (await cancel(api, other, as_=caller)).status == 200
        assert (await cancel(api, {"id": 2**31 - 1}, as_=caller)).status == 404
