"""POST /api/leave/apply."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api import Api
from tests.conftest import Now
from tests.factories import hire, make, refused
from tests.leave.factories import (
    APPLY,
    approved,
    ask,
    asked,
    at_work,
    balance,
    cancel,
    decide,
    holiday,
)

BODY = {"leaveType": "annual", "startDate": "2025-02-03", "endDate": "2025-02-07", "reason": "Rest"}


async def test_it_answers_the_request_in_full(api: Api, january: Now) -> None:
    documents = ["https://example.com/a.pdf", "/files/b.pdf"]
    leave = await asked(api, "2025-02-03", "2025-02-09", documents=documents)
    assert leave == {
        "id": leave["id"], "employeeId": api.employee.employee_id, "employee": "Employee Person",
        "leaveType": "annual", "startDate": "2025-02-03", "endDate": "2025-02-09",
        "halfDay": None, "reason": "Rest", "documents": documents, "days": 5,
        "excludedDates": [
            {"date": "2025-02-08", "reason": "weekend"},
            {"date": "2025-02-09", "reason": "weekend"},
        ],
        "status": "pending", "deadline": "2025-02-03", "decidedById": None, "decidedBy": None,
        "decidedAt": None, "notes": None, "warnings": [],
        "createdAt": "2025-01-13T12:00:00Z", "updatedAt": "2025-01-13T12:00:00Z",
    }  # fmt: skip
    del leave["warnings"]
    assert (await api.get(f"/api/leave/{leave['id']}", as_="employee")).data == leave
    assert await api.events() == ["leave_allocated", "leave_allocated", "leave_applied"]
    [event] = await api.sql("SELECT after FROM event WHERE type = 'leave_applied'")
    assert event["after"]["days"] == 5


async def test_it_is_for_oneself_by_default_and_only(api: Api) -> None:
    assert (await asked(api, "2025-02-03"))["employeeId"] == api.employee.employee_id
    events = await api.events()
    for as_ in ("employee", "manager", "stranger", "outsider"):
        for whose in ("employee", "stranger"):
            id_ = api.cast[whose].employee_id
            if as_ == whose:
                continue
            answer = await ask(api, "2025-02-04", as_=as_, employeeId=id_)
            assert (answer.status, answer.code) == (403, "not_allowed"), (as_, whose)
    answer = await ask(api, "2025-02-04", as_="employee", employeeId=2**31 - 1)
    assert answer.status == 403
    answer = await ask(api, "2025-02-04", as_="outsider")
    assert answer.status == 403
    assert await api.events() == events


@pytest.mark.parametrize("caller", ["hr", "admin"])
async def test_hr_and_admins_apply_for_anybody(api: Api, caller: str) -> None:
    id_ = api.stranger.employee_id
    assert (await asked(api, "2025-02-03", as_=caller, employeeId=id_))["employeeId"] == id_
    answer = await ask(api, "2025-02-03", as_=caller, employeeId=2**31 - 1)
    assert answer.status == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endDate": "2025-02-02"}, "endDate"),
        ({"endDate": "2026-02-04"}, "endDate"),
        ({"halfDay": "am"}, "halfDay"),
        ({"halfDay": "noon"}, "halfDay"),
        ({"leaveType": "sick"}, "leaveType"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
        ({"documents": ["ftp://a/b"]}, "documents.0"),
        ({"documents": ["javascript:alert(1)"]}, "documents.0"),
        ({"status": "approved"}, "status"),
        ({"days": 1}, "days"),
        ({"startDate": "2019-12-31"}, "startDate"),  # everybody joined on 1 January 2020
    ],
)
async def test_it_names_what_is_wrong(
    api: Api, january: Now, change: dict[str, Any], field: str
) -> None:
    end = {"endDate": "2019-12-31"} if change.get("startDate") else {}
    answer = await api.post(APPLY, BODY | end | change, as_="employee")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


@pytest.mark.parametrize("field", ["leaveType", "startDate", "endDate", "reason"])
async def test_what_is_required_is_missed(api: Api, field: str) -> None:
    body = {name: value for name, value in BODY.items() if name != field}
    answer = await api.post(APPLY, body, as_="employee")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


async def test_a_year_and_a_day_is_the_most(api: Api, policy: Callable[..., None]) -> None:
    policy(annual_leave_days=300)
    assert (await asked(api, "2025-06-02", "2026-06-02"))["days"] == 262
    assert (await balance(api, year=2025))["pending"] + (await balance(api, year=2026))[
        "pending"
    ] == 262


async def test_days_that_are_not_worked_are_not_taken(api: Api) -> None:
    await holiday(api, "2025-02-05", name="Founders' Day")
    await holiday(api, "2025-02-08", name="On A Saturday")
    leave = await asked(api, "2025-02-04", "2025-02-10")
    assert leave["days"] == 4
    assert leave["excludedDates"] == [
        {"date": "2025-02-05", "reason": "Founders' Day"},
        {"date": "2025-02-08", "reason": "On A Saturday"},
        {"date": "2025-02-09", "reason": "weekend"},
    ]


@pytest.mark.parametrize(
    ("first", "last"), [("2025-02-08", "2025-02-09"), ("2025-02-05", "2025-02-05")]
)
async def test_some_day_must_be_worked(api: Api, first: str, last: str) -> None:
    await holiday(api, "2025-02-05")
    events = await api.events()
    answer = await ask(api, first, last)
    assert (answer.status, answer.code) == (400, "no_working_days")
    assert await api.events() == events


async def test_a_shift_says_which_days_are_worked(api: Api) -> None:
    shift = await make(
        api, "/api/shifts", name="Weekend", startTime="09:00", endTime="17:00", workDays=[6, 7]
    )
    path = f"/api/employees/{api.employee.employee_id}/shifts"
    period = await make(
        api, path, shiftId=shift["id"], **{"from": "2025-02-01", "to": "2025-02-15"}
    )
    leave = await asked(api, "2025-02-13", "2025-02-17")
    assert leave["days"] == 2
    assert [day["date"] for day in leave["excludedDates"]] == [
        "2025-02-13", "2025-02-14", "2025-02-16",
    ]  # fmt: skip
    # What was counted stays counted when the plan changes later.
    await api.delete(f"{path}/{period['id']}", as_="hr")
    assert (await api.get(f"/api/leave/{leave['id']}", as_="hr")).data["days"] == 2


async def test_half_days_meet_at_noon(api: Api) -> None:
    morning = await asked(api, "2025-02-03", halfDay="am")
    assert (morning["days"], morning["halfDay"]) == (0.5, "am")
    assert (await asked(api, "2025-02-03", halfDay="pm"))["days"] == 0.5
    assert (await balance(api, year=2025))["pending"] == 1
    for half in ("am", "pm", None):
        answer = await ask(api, "2025-02-03", **({"halfDay": half} if half else {}))
        assert (answer.status, answer.code) == (409, "leave_overlap")


@pytest.mark.parametrize("status", ["pending", "approved"])
@pytest.mark.parametrize(
    ("first", "last"),
    [("2025-02-03", "2025-02-10"), ("2025-02-12", "2025-02-20"), ("2025-02-11", "2025-02-11")],
)
async def test_two_requests_do_not_overlap(api: Api, status: str, first: str, last: str) -> None:
    given = approved if status == "approved" else asked
    known = await given(api, "2025-02-10", "2025-02-12", leaveType="special")
    events = await api.events()
    answer = await ask(api, first, last)
    assert (answer.status, answer.code) == (409, "leave_overlap")
    assert answer.json["data"] == {
        name: known[name]
        for name in ("id", "leaveType", "startDate", "endDate", "halfDay", "status")
    }
    assert await api.events() == events
    await asked(api, first, last, as_="stranger")


async def test_what_is_rejected_or_cancelled_is_in_nobodys_way(api: Api) -> None:
    rejected = await asked(api, "2025-02-10", "2025-02-12")
    await decide(api, rejected, "reject")
    cancelled = await asked(api, "2025-02-10", "2025-02-12")
    await cancel(api, cancelled)
    await asked(api, "2025-02-10", "2025-02-12")


async def test_it_does_not_overlap_a_permit(api: Api) -> None:
    await api.sql(
        "INSERT INTO permit (employee_id, date, start_time, end_time, type, status) VALUES"
        " (%(id)s, '2025-02-04', '09:00', '11:00', 'sick', 'approved'),"
        " (%(id)s, '2025-02-05', '09:00', '11:00', 'sick', 'rejected')",
        id=api.employee.employee_id,
    )
    answer = await ask(api, "2025-02-03", "2025-02-04")
    assert (answer.status, answer.code) == (409, "permit_overlap")
    permit = answer.json["data"]
    assert (permit["date"], permit["startTime"], permit["endTime"], permit["status"]) == (
        "2025-02-04", "09:00", "11:00", "approved",
    )  # fmt: skip
    assert (await ask(api, "2025-02-04", halfDay="am")).code == "permit_overlap"
    await asked(api, "2025-02-04", halfDay="pm")
    await asked(api, "2025-02-05")
    assert "leave_applied" in await api.events()


async def test_who_was_at_work_was_not_on_leave(api: Api) -> None:
    await at_work(api, "2025-02-04")
    answer = await ask(api, "2025-02-03", "2025-02-05")
    assert (answer.status, answer.code) == (409, "attendance_recorded")
    assert answer.json["data"]["date"] == "2025-02-04"
    assert await api.events() == []
    # Half a day leaves the other half to work in.
    await asked(api, "2025-02-04", halfDay="pm")
    await asked(api, "2025-02-05")


async def test_a_record_of_absence_is_not_in_the_way(api: Api) -> None:
    await api.sql(
        "INSERT INTO attendance (employee_id, work_date, status)"
        " VALUES (%(id)s, '2025-02-04', 'absent')",
        id=api.employee.employee_id,
    )
    await asked(api, "2025-02-04")


async def test_it_takes_no_more_than_there_is(api: Api) -> None:
    await approved(api, "2025-02-03", "2025-02-07")
    await asked(api, "2025-03-03", "2025-03-06")
    events = await api.events()
    answer = await ask(api, "2025-04-07", "2025-04-10")
    assert (answer.status, answer.code) == (409, "insufficient_balance")
    assert answer.json["data"] == {
        "leaveType": "annual", "year": 2025, "requested": 4, "available": 3,
    }  # fmt: skip
    assert answer.json["message"] == "4 days asked for, 3 of 2025 available"
    assert await api.events() == events
    assert (await asked(api, "2025-04-07", "2025-04-09"))["days"] == 3
    assert (await ask(api, "2025-05-05", halfDay="am")).code == "insufficient_balance"
    assert (await balance(api, year=2025))["available"] == 0
    # Another type has its own balance, another year too.
    await asked(api, "2025-05-05", "2025-05-09", leaveType="special")
    assert (await ask(api, "2025-05-12", leaveType="special")).code == "insufficient_balance"
    await asked(api, "2026-01-05", "2026-01-20")


async def test_days_are_charged_to_the_year_they_are_in(api: Api) -> None:
    leave = await approved(api, "2024-12-30", "2025-01-03")
    assert leave["days"] == 5
    assert (await balance(api, year=2024))["used"] == 2
    assert (await balance(api, year=2025))["used"] == 3
    await asked(api, "2025-02-03", "2025-02-13")
    answer = await ask(api, "2025-12-31", "2026-01-02")
    assert (answer.status, answer.code) == (409, "insufficient_balance")
    assert answer.json["data"]["year"] == 2025


async def test_collective_leave_is_hrs_and_paid_from_the_annual_days(api: Api) -> None:
    answer = await ask(api, "2025-02-03", leaveType="collective")
    await refused(api, answer, 403, "not_allowed")
    id_ = api.employee.employee_id
    await asked(api, "2025-02-03", as_="hr", employeeId=id_, leaveType="collective")
    assert (await balance(api, year=2025))["pending"] == 1


async def test_the_inactive_ask_for_nothing(api: Api) -> None:
    person = await hire(api, status="inactive")
    answer = await ask(api, "2025-02-03", as_="hr", employeeId=person["id"])
    assert (answer.status, answer.code) == (409, "employee_inactive")


@pytest.mark.parametrize(
    ("first", "grace", "deadline"),
    [
        ("2025-02-03", 3, "2025-02-03"),
        ("2025-01-14", 3, "2025-01-17"),
        ("2024-06-03", 3, "2025-01-17"),
        ("2024-06-03", 0, "2025-01-14"),
        ("2025-01-14", 0, "2025-01-14"),
    ],
)
async def test_there_is_time_to_decide(
    api: Api, now: Now, policy: Callable[..., None], first: str, grace: int, deadline: str
) -> None:
    from zoneinfo import ZoneInfo

    now.set(2025, 1, 13, 23)  # the 14th in Jakarta
    policy(approval_grace_days=grace, timezone=ZoneInfo("Asia/Jakarta"))
    assert (await asked(api, first))["deadline"] == deadline


async def test_it_warns_when_the_team_is_away(api: Api) -> None:
    mate = await hire(api, managerId=api.manager.employee_id)
    await approved(api, "2025-02-04", "2025-02-06", as_="hr", employeeId=mate["id"])
    await approved(api, "2025-02-06", "2025-02-07", as_="manager")
    await approved(api, "2025-02-05", as_="stranger")
    await asked(api, "2025-02-03", as_="hr", employeeId=mate["id"])  # not decided yet
    leave = await asked(api, "2025-02-03", "2025-02-06")
    away = [
        {
            "type": "team_member_away", "employeeId": api.manager.employee_id,
            "name": "Manager Person", "dates": ["2025-02-06"],
        },
        {
            "type": "team_member_away", "employeeId": mate["id"], "name": "Somebody New",
            "dates": ["2025-02-04", "2025-02-05", "2025-02-06"],
        },
    ]  # fmt: skip
    assert leave["warnings"] == away
    assert (await decide(api, leave, as_="manager")).data["warnings"] == away
    assert (await asked(api, "2025-02-05", as_="admin"))["warnings"] == []


async def test_a_retry_asks_once(api: Api) -> None:
    headers = {"Idempotency-Key": "the-same"}
    answers = [await api.post(APPLY, BODY, as_="employee", headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    assert (await api.events()).count("leave_applied") == 1
