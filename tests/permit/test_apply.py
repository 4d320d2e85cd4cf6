"""POST /api/permit/apply."""

import asyncio
import time
from typing import Any

import pytest

from tests.api import Answer, Api
from tests.factories import hire, refused
from tests.permit.factories import ask, asked, cancel, decide, leave

MISSING = 2**31 - 1


async def test_it_answers_and_records_the_permit(api: Api) -> None:
    answer = await ask(api)
    assert (answer.status, answer.json["message"]) == (201, "Permit application submitted")
    made = answer.data
    assert made == {
        "id": made["id"], "employeeId": api.employee.employee_id, "employee": "Employee Person",
        "date": "2024-01-15", "startTime": "09:00", "endTime": "11:00", "type": "sick",
        "reason": "Doctor appointment", "status": "pending", "decidedById": None,
        "decidedBy": None, "decidedAt": None, "notes": None,
        "createdAt": made["createdAt"], "updatedAt": made["createdAt"],
    }  # fmt: skip
    [event] = await api.sql("SELECT * FROM event")
    assert (event["type"], event["entity"], event["entity_id"]) == (
        "permit_applied", "permit", made["id"],
    )  # fmt: skip
    assert (event["actor_id"], event["after"]) == (api.employee.user_id, made)


async def test_one_asks_for_oneself(api: Api) -> None:
    for name in ("employee", "manager", "stranger", "hr", "admin"):
        for fields in ({}, {"employeeId": api.cast[name].employee_id, "date": "2024-01-16"}):
            made = await asked(api, name, **fields)
            assert made["employeeId"] == api.cast[name].employee_id


async def test_others_ask_for_nobody_else(api: Api) -> None:
    for caller, target in (
        ("employee", "stranger"), ("employee", "manager"), ("manager", "employee"),
        ("manager", "stranger"), ("outsider", "employee"),
    ):  # fmt: skip
        answer = await ask(api, caller, employeeId=api.cast[target].employee_id)
        await refused(api, answer, 403, "not_allowed")
    await refused(api, await ask(api, "employee", employeeId=MISSING), 403, "not_allowed")
    await refused(api, await ask(api, "outsider"), 403, "no_employee")


@pytest.mark.parametrize("caller", ["hr", "admin"])
async def test_hr_and_admins_ask_for_anybody(api: Api, caller: str) -> None:
    made = await asked(api, caller, employeeId=api.stranger.employee_id)
    assert made["employeeId"] == api.stranger.employee_id
    await refused_after(api, await ask(api, caller, employeeId=MISSING), 404, "not_found")


async def refused_after(api: Api, answer: Answer, status: int, code: str) -> None:
    """As refused, after one application."""
    assert (answer.status, answer.code) == (status, code), answer.body
    assert await api.events() == ["permit_applied"]


async def test_nobody_asks_who_is_not_at_work(api: Api) -> None:
    gone, deleted = [(await hire(api))["id"] for _ in range(2)]
    await api.put(f"/api/employees/{gone}", {"status": "inactive"}, as_="hr")
    await api.delete(f"/api/employees/{deleted}", as_="hr")
    events = await api.events()
    for employee, status, code in ((gone, 409, "employee_inactive"), (deleted, 404, "not_found")):
        answer = await ask(api, "hr", employeeId=employee)
        assert (answer.status, answer.code) == (status, code)
    answer = await ask(api, date="2019-12-31")
    assert (answer.status, answer.fields) == (400, {"date"})
    assert await api.events() == events
    assert (await ask(api, date="2020-01-01")).status == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endTime": "09:00"}, "endTime"),
        ({"endTime": "08:59"}, "endTime"),
        ({"endTime": "17:01"}, "endTime"),
        ({"startTime": "22:00", "endTime": "06:00"}, "endTime"),
        ({"startTime": "00:00", "endTime": "23:59"}, "endTime"),
        ({"endTime": "9:30"}, "endTime"),
        ({"startTime": "24:00"}, "startTime"),
        ({"startTime": "09:00:00"}, "startTime"),
        ({"date": "2024-02-30"}, "date"),
        ({"date": "tomorrow"}, "date"),
        ({"date": None}, "date"),
        ({"type": "holiday"}, "type"),
        ({"type": "Sick"}, "type"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
        ({"employeeId": "1"}, "employeeId"),
        ({"employeeId": MISSING + 1}, "employeeId"),
        ({"status": "approved"}, "status"),
        ({"decidedBy": "me"}, "decidedBy"),
    ],
)
async def test_it_names_what_is_wrong(api: Api, change: dict[str, Any], field: str) -> None:
    answer = await ask(api, **change)
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


@pytest.mark.parametrize("missing", ["date", "startTime", "endTime", "reason", "type"])
async def test_it_needs_all_that_is_documented(api: Api, missing: str) -> None:
    body = {"date": "2024-01-15", "startTime": "09:00", "endTime": "11:00", "reason": "x",
            "type": "personal"}  # fmt: skip
    del body[missing]
    answer = await api.post("/api/permit/apply", body, as_="employee")
    assert (answer.status, answer.fields) == (400, {missing})


@pytest.mark.parametrize(
    ("start", "end"),
    [("09:00", "17:00"), ("00:00", "08:00"), ("15:59", "23:59"), ("09:00", "09:01")],
)
async def test_it_may_be_up_to_8_hours_of_a_day(api: Api, start: str, end: str) -> None:
    made = await asked(api, startTime=start, endTime=end)
    assert (made["startTime"], made["endTime"]) == (start, end)


@pytest.mark.parametrize(
    ("start", "end", "clash"),
    [
        ("09:00", "11:00", True), ("10:00", "10:30", True), ("08:00", "16:00", True),
        ("08:00", "09:01", True), ("10:59", "12:00", True),
        ("08:00", "09:00", False), ("11:00", "12:00", False),
    ],
)  # fmt: skip
async def test_it_overlaps_no_other_permit_of_that_day(
    api: Api, start: str, end: str, clash: bool
) -> None:
    first = await asked(api)
    answer = await ask(api, startTime=start, endTime=end, type="personal")
    if clash:
        await refused_after(api, answer, 409, "permit_overlap")
        assert answer.json["data"] == first
    else:
        assert answer.status == 201
    # Another day, another employee.
    assert (await ask(api, date="2024-01-16", startTime=start, endTime=end)).status == 201
    assert (await ask(api, "stranger", startTime=start, endTime=end)).status == 201


async def test_only_what_is_pending_or_approved_takes_time(api: Api) -> None:
    rejected, cancelled = await asked(api), await asked(api, date="2024-01-16")
    await decide(api, rejected["id"], "reject", "No")
    await cancel(api, cancelled["id"])
    assert (await ask(api)).status == 201
    again = await asked(api, date="2024-01-16")
    await decide(api, again["id"])
    answer = await ask(api, date="2024-01-16")
    assert (answer.status, answer.code) == (409, "permit_overlap")
    assert answer.json["data"]["status"] == "approved"


@pytest.mark.parametrize(
    ("half", "start", "end", "clash"),
    [
        (None, "09:00", "11:00", True), (None, "00:00", "00:01", True),
        (None, "23:58", "23:59", True),
        ("am", "09:00", "11:00", True), ("am", "11:59", "12:01", True),
        ("am", "12:00", "13:00", False), ("am", "23:00", "23:59", False),
        ("pm", "12:00", "13:00", True), ("pm", "11:00", "12:01", True),
        ("pm", "11:00", "12:00", False), ("pm", "00:00", "08:00", False),
    ],
)  # fmt: skip
async def test_it_overlaps_no_leave_of_that_time(
    api: Api, half: str | None, start: str, end: str, clash: bool
) -> None:
    for status in ("pending", "approved"):
        day = {"pending": "2024-01-15", "approved": "2024-02-15"}[status]
        id_ = await leave(api, day, day, half, status)
        answer = await ask(api, date=day, startTime=start, endTime=end)
        if not clash:
            assert answer.status == 201
            continue
        await refused(api, answer, 409, "leave_overlap")
        assert answer.json["data"] == {
            "id": id_, "leaveType": "annual", "startDate": day, "endDate": day, "halfDay": half,
            "status": status,
        }  # fmt: skip


async def test_only_leave_of_that_day_and_employee_is_in_the_way(api: Api) -> None:
    await leave(api, "2024-01-10", "2024-01-20")
    await leave(api, "2024-02-10", "2024-02-20", status="rejected")
    await leave(api, "2024-03-10", "2024-03-20", status="cancelled")
    for day in ("2024-01-10", "2024-01-20"):
        assert (await ask(api, date=day)).code == "leave_overlap"
    assert await api.events() == []
    for day in ("2024-01-09", "2024-01-21", "2024-02-15", "2024-03-15"):
        assert (await ask(api, date=day)).status == 201
    assert (await ask(api, "stranger", date="2024-01-15")).status == 201


async def test_a_retry_with_its_key_is_one_application(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    body = {"date": "2024-01-15", "startTime": "09:00", "endTime": "11:00", "reason": "x",
            "type": "personal"}  # fmt: skip
    first = await api.post("/api/permit/apply", body, as_="employee", headers=headers)
    again = await api.post("/api/permit/apply", body, as_="employee", headers=headers)
    assert (again.status, again.body) == (201, first.body)
    assert await api.events() == ["permit_applied"]


async def test_of_thirty_overlapping_ones_at_once_one_is_made(api: Api) -> None:
    for round_ in range(3):
        day = f"2024-05-{round_ + 1:02}"
        seconds: list[float] = []

        async def race(number: int, day: str = day, seconds: list[float] = seconds) -> Answer:
            begun = time.monotonic()
            # All of them hold 10:30.
            answer = await ask(
                api, date=day, startTime=f"10:{number:02}", endTime=f"{11 + number % 5}:00"
            )
            seconds.append(time.monotonic() - begun)
            return answer

        answers = await asyncio.gather(*(race(number) for number in range(30)))
        assert sorted(answer.status for answer in answers) == [201] + [409] * 29
        [given] = [answer for answer in answers if answer.status == 201]
        for answer in answers:
            if answer is not given:
                assert (answer.code, answer.json["data"]) == ("permit_overlap", given.data)
        assert max(seconds) < 3
    rows = await api.sql("SELECT count(*) FROM permit GROUP BY date")
    assert [row["count"] for row in rows] == [1, 1, 1]
    assert await api.events() == ["permit_applied"] * 3


async def test_many_that_do_not_overlap_are_all_made(api: Api) -> None:
    answers = await asyncio.gather(
        *(ask(api, startTime=f"{number:02}:00", endTime=f"{number:02}:59") for number in range(24))
    )
    assert [answer.status for answer in answers] == [201] * 24
    clashes = await api.sql(
        "SELECT 1 FROM permit a JOIN permit b ON a.id < b.id AND a.span && b.span"
    )
    assert clashes == []
