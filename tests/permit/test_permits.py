"""GET /api/permit and GET /api/permit/:id."""

from typing import Any

import pytest

from tests.api import Api
from tests.factories import refused
from tests.permit.factories import asked, decide

MISSING = 2**31 - 1
VISIBLE = {
    "employee": {"employee"},
    "stranger": {"stranger"},
    "outsider": set(),
    "manager": {"employee", "manager"},
    "hr": {"employee", "stranger", "manager", "hr", "admin"},
    "admin": {"employee", "stranger", "manager", "hr", "admin"},
}


async def of_everybody(api: Api) -> dict[str, Any]:
    """A sick permit of each employee, by name."""
    names = ("employee", "stranger", "manager", "hr", "admin")
    return {name: await asked(api, name) for name in names}


async def test_each_sees_what_is_theirs_to_see(api: Api) -> None:
    permits = await of_everybody(api)
    events = await api.events()
    for caller, names in VISIBLE.items():
        listed = await api.get("/api/permit", as_=caller)
        expected = [permits[name] for name in reversed(permits) if name in names]
        assert listed.data == expected, caller
        assert listed.json["pagination"]["total"] == len(expected)
        for name, permit in permits.items():
            answer = await api.get(f"/api/permit/{permit['id']}", as_=caller)
            filtered = await api.get(f"/api/permit?employeeId={permit['employeeId']}", as_=caller)
            if name in names:
                assert answer.data == permit
                assert filtered.data == [permit]
            else:
                assert (answer.status, answer.code) == (403, "not_allowed"), (caller, name)
                assert (filtered.status, filtered.code) == (403, "not_allowed")
    assert await api.events() == events
    assert (await api.get("/api/permit")).status == 401


async def test_why_somebody_is_sick_is_told_to_nobody_else(api: Api) -> None:
    permit = await asked(api, reason="A broken heart")
    others = ("stranger", "outsider")
    paths = (
        "/api/permit", f"/api/permit/{permit['id']}", "/api/permit?type=sick",
        f"/api/permit?employeeId={api.employee.employee_id}", "/api/permit/approval", "/api/events",
    )  # fmt: skip
    for caller in others:
        for path in paths:
            assert b"heart" not in (await api.get(path, as_=caller)).body
        for path in (f"/api/permit/approval/{permit['id']}", f"/api/permit/{permit['id']}/cancel"):
            answer = await api.post(path, {"action": "approve"}, as_=caller)
            assert answer.status == 403
            assert b"heart" not in answer.body
    for caller in ("employee", "manager", "hr", "admin"):
        answer = await api.get(f"/api/permit/{permit['id']}", as_=caller)
        assert answer.data["reason"] == "A broken heart"


async def test_a_missing_one_is_missing_to_those_only_who_see_all(api: Api) -> None:
    for caller in ("employee", "manager", "outsider"):
        answer = await api.get(f"/api/permit/{MISSING}", as_=caller)
        await refused(api, answer, 403, "not_allowed")
    for caller in ("hr", "admin"):
        await refused(api, await api.get(f"/api/permit/{MISSING}", as_=caller), 404, "not_found")


async def test_a_former_report_is_not_of_the_team(api: Api) -> None:
    permit = await asked(api)
    where = f"/api/employees/{api.employee.employee_id}"
    await api.put(where, {"managerId": api.stranger.employee_id}, as_="hr")
    assert (await api.get(f"/api/permit/{permit['id']}", as_="manager")).status == 403
    assert (await api.get("/api/permit", as_="manager")).data == []
    assert (await decide(api, permit["id"], as_="manager")).status == 403


async def test_it_filters_and_sorts(api: Api) -> None:
    first = await asked(api, date="2024-01-31", type="personal")
    second = await asked(api, date="2024-01-15", type="official")
    third = await asked(api, date="2024-02-01")
    other = await asked(api, "stranger", date="2024-01-15")
    await decide(api, second["id"], "reject", "No")
    for query, found in {
        "": [other, third, second, first],
        "sort=id": [first, second, third, other],
        "sort=date": [second, other, first, third],
        "sort=-date,id": [third, first, second, other],
        "date=2024-01-15": [other, second],
        "startDate=2024-01-31": [third, first],
        "endDate=2024-01-31": [other, second, first],
        "startDate=2024-01-16&endDate=2024-01-31": [first],
        "startDate=2024-01-31&endDate=2024-01-31": [first],
        "date=2024-01-15&startDate=2024-01-16": [],
        "type=personal": [first],
        "type=sick&date=2024-02-01": [third],
        "status=rejected": [second],
        "status=pending&type=official": [],
        f"employeeId={api.stranger.employee_id}": [other],
        "unknown=1&limit=2": [other, third],
        "limit=2&page=2": [second, first],
        "page=9": [],
    }.items():
        answer = await api.get(f"/api/permit?{query}", as_="hr")
        assert [row["id"] for row in answer.data] == [row["id"] for row in found], query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=open", "status"), ("type=Sick", "type"), ("employeeId=x", "employeeId"),
        ("employeeId=0", "employeeId"), ("date=2024-1-5", "date"), ("date=", "date"),
        ("startDate=2024-02-30", "startDate"), ("endDate=now", "endDate"), ("sort=reason", "sort"),
        ("startDate=2024-02-01&endDate=2024-01-31", "endDate"),
    ],
)  # fmt: skip
async def test_a_bad_value_of_a_filter_is_named(api: Api, query: str, field: str) -> None:
    answer = await api.get(f"/api/permit?{query}", as_="hr")
    assert (answer.status, answer.fields) == (400, {field})
