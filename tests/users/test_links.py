"""Whose account it is: linking, and what takes an employee, from the first admin on."""

import asyncio
from typing import Any

import pytest

from tests.api import Api
from tests.factories import refused

SPAN = {"startTime": "09:00", "endTime": "10:00"}


async def unlink(api: Api, *names: str) -> None:
    for name in names:
        await api.sql("UPDATE users SET employee_id = NULL WHERE username = %(name)s", name=name)
    api.app.principals.forget()


async def free(api: Api, name: str = "Free") -> int:
    [row] = await api.sql("INSERT INTO employee (name) VALUES (%(name)s) RETURNING id", name=name)
    id_: int = row["id"]
    return id_


# Everything that is done as an employee, with what it takes to get there.
NEEDS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/attendance/check-in", {}),
    ("POST", "/api/attendance/check-out", {}),
    ("POST", "/api/leave/apply",
     {"leaveType": "annual", "startDate": "2030-02-01", "endDate": "2030-02-01", "reason": "x"}),
    ("POST", "/api/permit/apply", {"date": "2030-01-15", "reason": "x", "type": "sick", **SPAN}),
    ("POST", "/api/tickets", {"title": "x"}),
    ("POST", "/api/meeting-rooms/schedule",
     {"roomId": 1, "title": "x", "date": "2030-01-15", **SPAN}),
    ("POST", "/api/sales",
     {"customerId": 1, "items": [{"productId": 1, "quantity": 1, "price": 1}], "total": 1}),
    ("POST", "/api/branding-approval",
     {"title": "x", "category": "logo", "files": ["https://x/y"], "approvers": [1]}),
    ("POST", "/api/asset-management/inventory/1/reservations",
     {"from": "2030-01-01", "to": "2030-01-02"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), NEEDS, ids=[path for _, path, _ in NEEDS])
async def test_what_takes_an_employee_says_so_in_one_way(
    api: Api, method: str, path: str, body: dict[str, Any]
) -> None:
    """To the first admin as to an outsider, and what to do about it."""
    await unlink(api, "admin")
    for who in ("admin", "outsider"):
        answer = await api.call(method, path, body, as_=who)
        if answer.code == "not_allowed":  # which an outsider may not at all
            assert who == "outsider"
            continue
        await refused(api, answer, 403, "no_employee")
        assert "users link" in answer.json["message"]


async def test_so_do_watching_and_checking_in_to_a_meeting(api: Api) -> None:
    ticket = (await api.post("/api/tickets", {"title": "x"}, as_="employee")).data["id"]
    await unlink(api, "admin", "employee")
    answer = await api.post(f"/api/tickets/{ticket}/watch", as_="admin")
    assert (answer.status, answer.code) == (403, "no_employee")
    for path in ("/api/meeting-rooms/schedule/1/check-in",):
        answer = await api.post(path, as_="employee")
        assert (answer.status, answer.code) == (403, "no_employee")


async def test_a_drafts_author_is_an_employee(api: Api) -> None:
    granted = {"permissions": ["cms:write"]}
    await api.put(f"/api/users/{api.outsider.user_id}", granted, as_="admin")
    body = {"title": "x", "content": "y"}
    answer = await api.post("/api/cms/blog", body, as_="outsider")
    assert (answer.status, answer.code) == (403, "no_employee")


async def test_an_admin_says_once_which_employee_they_are(api: Api) -> None:
    await unlink(api, "admin")
    own, me = f"/api/users/{api.admin.user_id}", await free(api, "The Admin")
    linked = await api.put(own, {"employeeId": me}, as_="admin")
    assert (linked.status, linked.data["employeeId"]) == (200, me)
    [event] = await api.sql("SELECT type, before, after, actor_id FROM event")
    assert event == {
        "type": "user_updated", "before": {"employeeId": None}, "after": {"employeeId": me},
        "actor_id": api.admin.user_id,
    }  # fmt: skip
    made = await api.post("/api/tickets", {"title": "x"}, as_="admin")
    assert (made.status, made.data["reporter"]) == (201, "The Admin")
    other = await free(api)
    for again in (other, None):
        answer = await api.put(own, {"employeeId": again}, as_="admin")
        assert (answer.status, answer.code) == (403, "not_allowed")


async def test_of_two_links_at_once_one_is_made(api: Api) -> None:
    for _ in range(5):
        await unlink(api, "admin")
        own = f"/api/users/{api.admin.user_id}"
        ids = [await free(api), await free(api)]
        answers = await asyncio.gather(
            *(api.put(own, {"employeeId": id_}, as_="admin") for id_ in ids)
        )
        assert sorted(answer.status for answer in answers) == [200, 403]
        [row] = await api.sql("SELECT employee_id FROM users WHERE username = 'admin'")
        [won] = [answer.data["employeeId"] for answer in answers if answer.status == 200]
        assert row["employee_id"] == won
    assert await api.events() == ["user_updated"] * 5


async def test_they_are_nobody_who_has_an_account_or_is_gone(api: Api) -> None:
    await unlink(api, "admin")
    own = f"/api/users/{api.admin.user_id}"
    taken = await api.put(own, {"employeeId": api.hr.employee_id}, as_="admin")
    await refused(api, taken, 409, "employee_has_user")
    missing = await api.put(own, {"employeeId": 2**31 - 1}, as_="admin")
    assert (missing.status, missing.fields) == (400, {"employeeId"})
    assert await api.events() == []


@pytest.mark.parametrize("who", ["hr", "manager", "employee", "outsider"])
async def test_nobody_else_links_themselves(api: Api, who: str) -> None:
    await unlink(api, who)
    own = f"/api/users/{api.cast[who].user_id}"
    answer = await api.put(own, {"employeeId": await free(api)}, as_=who)
    await refused(api, answer, 403, "not_allowed")


async def test_what_was_asked_before_the_link_is_ones_own_after_it(api: Api) -> None:
    """Nobody decides their own requests, whoever asked for them and when."""
    me = await free(api, "The Admin")
    await unlink(api, "admin")
    leave = {
        "employeeId": me, "leaveType": "annual", "startDate": "2030-02-04",
        "endDate": "2030-02-04", "reason": "x",
    }  # fmt: skip
    permit = {"employeeId": me, "date": "2030-01-15", "reason": "x", "type": "sick", **SPAN}
    asked = {
        "/api/leave": (await api.post("/api/leave/apply", leave, as_="admin")).data["id"],
        "/api/permit": (await api.post("/api/permit/apply", permit, as_="admin")).data["id"],
    }
    await api.put(f"/api/users/{api.admin.user_id}", {"employeeId": me}, as_="admin")
    for path, id_ in asked.items():
        answer = await api.post(f"{path}/approval/{id_}", {"action": "approve"}, as_="admin")
        assert (answer.status, answer.code) == (403, "not_allowed"), path
