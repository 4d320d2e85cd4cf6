"""GET /api/leave/approval and POST /api/leave/approval/:leaveId."""

from typing import Any

import pytest

from sunshine.modules.leave import ledger as leave_ledger
from tests.api import Api
from tests.conftest import Now
from tests.factories import found as listed
from tests.factories import hire
from tests.leave.factories import approved, ask, asked, at_work, balance, decide, found, ledger, run

QUEUE = "/api/leave/approval"
EVERYBODY = ("employee", "manager", "stranger", "hr", "admin")


async def test_an_approval_takes_the_days(api: Api, january: Now) -> None:
    leave = await asked(api, "2025-02-03", "2025-02-07")
    pending = await balance(api)
    assert (pending["used"], pending["pending"], pending["available"]) == (0, 5, 7)
    body = {"action": "approve", "notes": "Enjoy"}
    answer = await api.post(f"{QUEUE}/{leave['id']}", body, as_="manager")
    assert answer.data == leave | {
        "status": "approved", "decidedById": api.manager.user_id, "decidedBy": "Manager Person",
        "decidedAt": "2025-01-13T12:00:00Z", "notes": "Enjoy", "warnings": [],
    }  # fmt: skip
    assert answer.json["message"] == "Leave approved"
    taken = await balance(api)
    assert (taken["used"], taken["pending"], taken["available"]) == (5, 0, 7)
    assert await ledger(api) == [("allocation", 12), ("taken", -5)]
    told = [event for event in await api.events() if event.startswith("leave_")]
    assert told[-2:] == ["leave_applied", "leave_approved"]
    [event] = await api.sql("SELECT before, after FROM event WHERE type = 'leave_approved'")
    assert event["before"]["status"] == "pending"
    assert event["after"]["status"] == "approved"


async def test_a_rejection_gives_them_back_and_says_why(api: Api) -> None:
    leave = await asked(api, "2025-02-03", "2025-02-07")
    events = await api.events()
    for body in ({"action": "reject"}, {"action": "reject", "notes": "  "}):
        answer = await api.post(f"{QUEUE}/{leave['id']}", body, as_="manager")
        assert (answer.status, answer.fields) == (400, {"notes"})
    assert await api.events() == events
    answer = await decide(api, leave, "reject", as_="manager")
    assert (answer.data["status"], answer.data["notes"]) == ("rejected", "Not now")
    assert "warnings" not in answer.data
    assert (await balance(api, year=2025))["available"] == 12
    assert await ledger(api) == [("allocation", 12)]
    assert await api.events() == [*events, "leave_rejected"]


@pytest.mark.parametrize("action", ["approve", "reject"])
async def test_who_decides_on_whom(api: Api, action: str) -> None:
    for caller, may in {
        "employee": set(),
        "stranger": set(),
        "outsider": set(),
        "manager": {"employee"},
        "hr": {"employee", "manager", "stranger", "admin"},
        "admin": {"employee", "manager", "stranger", "hr"},
    }.items():
        for number, name in enumerate(EVERYBODY):
            await api.sql(
                "DELETE FROM leave_entry; DELETE FROM leave_day; DELETE FROM attendance;"
                " DELETE FROM leave"
            )
            leave = await asked(api, f"2025-02-{number + 3:02}", as_=name)
            events = await api.events()
            answer = await decide(api, leave, action, as_=caller)
            if name in may:
                assert answer.status == 200, (caller, name)
            else:
                assert (answer.status, answer.code) == (403, "not_allowed"), (caller, name)
                assert await api.events() == events
                assert (await found(api, leave))["status"] == "pending"


async def test_nobody_decides_their_own_even_as_somebody_mightier(api: Api) -> None:
    """Whatever account the request was made with, the employee is the same."""
    leave = await asked(api, "2025-02-03", as_="hr", employeeId=api.employee.employee_id)
    await api.sql(
        "UPDATE users SET employee_id = NULL WHERE username = 'employee';"
        f"UPDATE users SET employee_id = {api.employee.employee_id} WHERE username = 'admin'"
    )
    api.app.principals.forget()
    for action in ("approve", "reject"):
        answer = await decide(api, leave, action, as_="admin")
        assert (answer.status, answer.code) == (403, "not_allowed")
    assert leave["id"] not in [row["id"] for row in await listed(api, QUEUE, "admin")]
    assert (await decide(api, leave, as_="hr")).status == 200


async def test_a_missing_one_is_missing_to_those_only_who_decide_on_all(api: Api) -> None:
    for caller, status in {"manager": 403, "hr": 404, "admin": 404}.items():
        assert (await decide(api, {"id": 2**31 - 1}, as_=caller)).status == status
    assert await api.events() == []


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
async def test_what_is_decided_stays_so(api: Api, first: str, second: str) -> None:
    leave = await asked(api, "2025-02-03")
    decided = (await decide(api, leave, first)).data
    events = await api.events()
    answer = await decide(api, leave, second, as_="manager")
    assert (answer.status, answer.code) == (409, "already_decided")
    assert answer.json["message"] == f"This request is already {decided['status']}"
    assert answer.json["data"] == {"id": leave["id"], "status": decided["status"]}
    assert await api.events() == events


@pytest.mark.parametrize(
    "body", [{}, {"action": "maybe"}, {"action": "approve", "status": "approved"},
             {"action": "approve", "notes": "x" * 1001}, {"action": ["approve"]}],
)  # fmt: skip
async def test_it_refuses_what_is_no_decision(api: Api, body: dict[str, Any]) -> None:
    leave = await asked(api, "2025-02-03")
    answer = await api.post(f"{QUEUE}/{leave['id']}", body, as_="manager")
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert "leave_approved" not in await api.events()


async def test_the_queue_is_what_waits_for_the_caller(api: Api) -> None:
    later = await asked(api, "2099-03-02", as_="employee")
    sooner = await asked(api, "2099-02-02", as_="employee")
    others = {name: await asked(api, "2099-04-01", as_=name) for name in EVERYBODY[1:]}
    await decide(api, await asked(api, "2099-05-01", as_="employee"))
    for caller, names in {
        "manager": (),
        "hr": ("manager", "stranger", "admin"),
        "admin": ("manager", "stranger", "hr"),
    }.items():
        ids = [sooner["id"], later["id"], *(others[name]["id"] for name in names)]
        assert [row["id"] for row in await listed(api, QUEUE, caller)] == ids, caller
    for caller in ("employee", "stranger", "outsider"):
        assert (await api.get(QUEUE, as_=caller)).status == 403
    [last] = await listed(api, f"{QUEUE}?sort=-deadline&limit=1", "manager")
    assert last["id"] == later["id"]
    query = f"?employeeId={api.stranger.employee_id}"
    assert (await api.get(QUEUE + query, as_="manager")).status == 403
    assert [r["id"] for r in await listed(api, QUEUE + query, "hr")] == [others["stranger"]["id"]]


async def test_a_balance_that_shrank_is_looked_at_again(api: Api) -> None:
    first, second = await asked(api, "2025-02-03", "2025-02-07"), await asked(api, "2025-03-03")
    values = {"leaveType": "annual", "year": 2025, "days": -8.0, "reason": "Moved to part time"}
    id_ = api.employee.employee_id
    assert id_
    await run(api, lambda tx: leave_ledger.adjust(tx, id_, values))
    assert (await balance(api, year=2025))["available"] == -2
    events = await api.events()
    answer = await decide(api, first)
    assert (answer.status, answer.code) == (409, "insufficient_balance")
    assert answer.json["data"] == {
        "leaveType": "annual", "year": 2025, "requested": 5, "available": 4,
    }  # fmt: skip
    assert await api.events() == events
    # What is left is for who is approved first.
    assert (await decide(api, second)).status == 200
    assert (await decide(api, first, "reject")).status == 200
    assert (await ask(api, "2025-04-01", "2025-04-04")).code == "insufficient_balance"


async def test_somebody_who_came_to_work_is_not_on_leave(api: Api) -> None:
    leave, half = await asked(api, "2025-02-03"), await asked(api, "2025-02-04", halfDay="am")
    await at_work(api, "2025-02-03")
    await at_work(api, "2025-02-04")
    answer = await decide(api, leave)
    assert (answer.status, answer.code) == (409, "attendance_recorded")
    assert (await decide(api, half)).status == 200
    assert (await decide(api, leave, "reject")).status == 200


async def test_it_can_be_decided_until_the_job_has_come(api: Api, january: Now) -> None:
    leave = await asked(api, "2025-01-14")
    january.set(2025, 1, 20, 12)
    assert (await decide(api, leave)).status == 200


async def test_a_former_manager_decides_no_more(api: Api) -> None:
    leave = await asked(api, "2025-02-03")
    boss = await hire(api)
    person = f"/api/employees/{api.employee.employee_id}"
    await api.put(person, {"managerId": boss["id"]}, as_="hr")
    assert (await decide(api, leave, as_="manager")).status == 403
    assert await listed(api, QUEUE, "manager") == []
    await api.put(person, {"managerId": api.manager.employee_id}, as_="hr")
    assert (await decide(api, leave, as_="manager")).status == 200


async def test_leave_over_new_year_is_taken_from_both(api: Api) -> None:
    await approved(api, "2024-12-30", "2025-01-03")
    assert await ledger(api, year=2024) == [("allocation", 12), ("taken", -2)]
    assert await ledger(api, year=2025) == [("allocation", 12), ("taken", -3)]


async def test_the_queue_of_nobody_is_not_found(api: Api) -> None:
    assert (await api.get("/api/leave/approval?employeeId=2147483646", as_="hr")).status == 404
