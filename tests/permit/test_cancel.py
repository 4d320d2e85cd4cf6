"""POST /api/permit/:id/cancel."""

import asyncio

import pytest

from tests.api import Api
from tests.conftest import Now
from tests.factories import make
from tests.permit.factories import approved, ask, asked, cancel, decide, status_of

MISSING = 2**31 - 1


async def test_it_is_withdrawn_while_it_is_pending(api: Api) -> None:
    made = await asked(api)  # of a day long over
    answer = await cancel(api, made["id"])
    assert (answer.status, answer.json["message"]) == (200, "Permit cancelled")
    assert answer.data == {
        **made, "status": "cancelled", "updatedAt": answer.data["updatedAt"],
    }  # fmt: skip
    assert await api.events() == ["permit_applied", "permit_cancelled"]
    assert (await ask(api)).status == 201, "its time is free again"


@pytest.mark.parametrize(
    ("hour", "minute", "status"), [(8, 59, 200), (9, 0, 409), (9, 1, 409), (23, 0, 409)]
)
async def test_once_approved_it_is_withdrawn_before_it_begins(
    api: Api, now: Now, hour: int, minute: int, status: int
) -> None:
    now.set(2024, 1, 14)
    made = await approved(api)
    now.set(2024, 1, 15, hour, minute)
    events = await api.events()
    answer = await cancel(api, made["id"])
    assert answer.status == status
    if status == 409:
        assert answer.code == "permit_begun"
        assert await status_of(api, made["id"]) == "approved"
        assert await api.events() == events
    else:
        assert answer.data["decidedBy"] == "Hr Person"


@pytest.mark.parametrize(
    ("timezone", "hour", "status"),
    [
        ("Asia/Jakarta", 1, 200), ("Asia/Jakarta", 2, 409),
        ("America/New_York", 13, 200), ("America/New_York", 14, 409),
    ],
)  # fmt: skip
async def test_it_begins_where_the_employee_is(
    api: Api, now: Now, timezone: str, hour: int, status: int
) -> None:
    now.set(2024, 1, 14)
    where = f"/api/employees/{api.employee.employee_id}"
    await api.put(where, {"timezone": timezone}, as_="hr")
    made = await approved(api)
    now.set(2024, 1, 15, hour)
    assert (await cancel(api, made["id"])).status == status


@pytest.mark.parametrize(("hour", "status"), [(1, 200), (2, 409)])
@pytest.mark.parametrize("by", ["shift", "placement"])
async def test_the_shift_and_the_place_say_where_that_is(
    api: Api, now: Now, by: str, hour: int, status: int
) -> None:
    now.set(2024, 1, 14)
    where = f"/api/employees/{api.employee.employee_id}"
    await api.put(where, {"timezone": "America/New_York"}, as_="hr")
    if by == "shift":
        office = await make(
            api, "/api/shifts", name="Office", startTime="09:00", endTime="17:00",
            timezone="Asia/Jakarta",
        )  # fmt: skip
        await make(api, f"{where}/shifts", shiftId=office["id"], **{"from": "2024-01-15"})
    else:
        hut = await make(
            api, "/api/attendance/locations", name="Hut", latitude=0, longitude=0,
            radiusMeters=10, timezone="Asia/Jakarta",
        )  # fmt: skip
        await make(api, f"{where}/placements", locationId=hut["id"], **{"from": "2024-01-15"})
    made = await approved(api)
    now.set(2024, 1, 15, hour)
    assert (await cancel(api, made["id"])).status == status


async def test_what_is_over_stays_so(api: Api) -> None:
    rejected, cancelled = await asked(api), await asked(api, date="2024-01-16")
    await decide(api, rejected["id"], "reject", "No")
    await cancel(api, cancelled["id"])
    events = await api.events()
    for made, status in ((rejected, "rejected"), (cancelled, "cancelled")):
        for caller in ("employee", "hr"):
            answer = await cancel(api, made["id"], caller)
            assert (answer.status, answer.code) == (409, "already_decided")
            assert answer.json["data"] == {"id": made["id"], "status": status}
    assert await api.events() == events


async def test_oneself_hr_and_admins_cancel(api: Api) -> None:
    for caller in ("employee", "hr", "admin"):
        assert (await cancel(api, (await asked(api))["id"], caller)).status == 200
    made = await asked(api)
    events = await api.events()
    for caller in ("manager", "stranger", "outsider"):
        answer = await cancel(api, made["id"], caller)
        assert (answer.status, answer.code) == (403, "not_allowed")
        assert (await cancel(api, MISSING, caller)).status == 403
    assert (await cancel(api, made["id"], None)).status == 401
    for caller in ("hr", "admin"):
        assert (await cancel(api, MISSING, caller)).status == 404
        assert (await cancel(api, (await asked(api, caller))["id"], caller)).status == 200
    assert (await api.events())[: len(events)] == events
    assert await status_of(api, made["id"]) == "pending"


async def test_of_twenty_at_once_one_cancels(api: Api) -> None:
    made = await asked(api)
    answers = await asyncio.gather(*(cancel(api, made["id"]) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 19
    assert await api.events() == ["permit_applied", "permit_cancelled"]
