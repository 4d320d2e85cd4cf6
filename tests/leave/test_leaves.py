"""GET /api/leave, /api/leave/:id and /api/leave/history/:employeeId."""

import pytest

from tests.api import Api
from tests.factories import found
from tests.leave.factories import approved, asked, cancel, decide

MISSING = 2**31 - 1


async def test_who_sees_whose(api: Api) -> None:
    ids = {
        name: (await asked(api, "2025-02-03", as_=name))["id"]
        for name in ("employee", "manager", "stranger", "hr", "admin")
    }
    for caller, seen in {
        "employee": {"employee"},
        "manager": {"employee", "manager"},
        "stranger": {"stranger"},
        "outsider": set(),
        "hr": set(ids),
        "admin": set(ids),
    }.items():
        rows = await found(api, "/api/leave", caller)
        assert {row["id"] for row in rows} == {ids[name] for name in seen}
        # Whoever sees a request may see why: its employee, who may approve it, HR and admins.
        assert all(row["reason"] == "Rest" for row in rows)
        for name, id_ in ids.items():
            status = 200 if name in seen else 403
            employee = api.cast[name].employee_id
            for path in (
                f"/api/leave/{id_}",
                f"/api/leave?employeeId={employee}",
                f"/api/leave/history/{employee}",
                f"/api/leave/balance/{employee}",
                f"/api/leave/balance/{employee}/entries",
            ):
                answer = await api.get(path, as_=caller)
                assert answer.status == status, (caller, path)
                if status == 403:
                    assert set(answer.json) == {"success", "message", "errors", "code"}


async def test_what_is_missing_is_missing_to_those_only_who_see_all(api: Api) -> None:
    for caller, status in {"employee": 403, "manager": 403, "hr": 404, "admin": 404}.items():
        for path in (
            f"/api/leave/{MISSING}",
            f"/api/leave?employeeId={MISSING}",
            f"/api/leave/history/{MISSING}",
            f"/api/leave/balance/{MISSING}",
            f"/api/leave/balance/{MISSING}/entries",
        ):
            assert (await api.get(path, as_=caller)).status == status, (caller, path)


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", ["2025-02-24", "2025-02-17", "2025-02-10", "2025-02-03"]),
        ("?status=pending", ["2025-02-10"]),
        ("?status=approved", ["2025-02-03"]),
        ("?status=rejected", ["2025-02-17"]),
        ("?status=cancelled", ["2025-02-24"]),
        ("?leaveType=special", ["2025-02-10"]),
        ("?startDate=2025-02-12", ["2025-02-24", "2025-02-17", "2025-02-10"]),
        ("?endDate=2025-02-10", ["2025-02-10", "2025-02-03"]),
        ("?startDate=2025-02-13&endDate=2025-02-16", []),
        ("?startDate=2025-02-11&endDate=2025-02-11", ["2025-02-10"]),
        ("?sort=startDate&limit=1", ["2025-02-03"]),
        ("?sort=deadline&page=2&limit=3", ["2025-02-24"]),
    ],
)
async def test_a_list_filters_and_sorts(api: Api, query: str, days: list[str]) -> None:
    await approved(api, "2025-02-03", "2025-02-04")
    await asked(api, "2025-02-10", "2025-02-12", leaveType="special")
    await decide(api, await asked(api, "2025-02-17"), "reject")
    await cancel(api, await asked(api, "2025-02-24"))
    id_ = api.employee.employee_id
    for path, caller in (
        ("/api/leave", "employee"),
        ("/api/leave", "hr"),
        (f"/api/leave/history/{id_}", "manager"),
    ):
        rows = await found(api, path + query, caller)
        assert [row["startDate"] for row in rows] == days, path


async def test_a_range_that_ends_before_it_begins_is_none(api: Api) -> None:
    for path in ("/api/leave", f"/api/leave/history/{api.employee.employee_id}"):
        answer = await api.get(f"{path}?startDate=2025-02-02&endDate=2025-02-01", as_="employee")
        assert (answer.status, answer.fields) == (400, {"endDate"})


async def test_a_deleted_employee_takes_their_requests_along(api: Api) -> None:
    leave = await asked(api, "2025-02-03", as_="stranger")
    await api.delete(f"/api/employees/{api.stranger.employee_id}", as_="hr")
    assert (await api.get(f"/api/leave/{leave['id']}", as_="hr")).status == 404
    assert await found(api, "/api/leave", "hr") == []
    assert (await decide(api, leave)).status == 404
    assert (await cancel(api, leave, as_="hr")).status == 404
