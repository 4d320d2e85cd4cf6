"""GET, PUT, PATCH and DELETE /api/employees/:id."""

import asyncio
from typing import Any

import pytest

from tests.api import Api
from tests.employees.test_employees import DIRECTORY, PERSONAL
from tests.factories import found, hire, make, refused


def path(api: Api, name: str) -> str:
    return f"/api/employees/{api.cast[name].employee_id}"


async def test_it_shows_in_full_whom_the_caller_may_see_in_full(api: Api) -> None:
    full = {
        "admin": {"admin", "hr", "manager", "employee", "stranger"},
        "hr": {"admin", "hr", "manager", "employee", "stranger"},
        "manager": {"manager", "employee"},
        "employee": {"employee"},
        "outsider": set(),
    }
    for caller, open_ in full.items():
        for name in full["admin"]:
            row = (await api.get(path(api, name), as_=caller)).data
            expected = DIRECTORY | PERSONAL if name in open_ else DIRECTORY
            assert set(row) == expected, (caller, name)
            assert row["email"] == f"{name}@example.com"


async def test_the_inactive_exist_for_those_only_who_see_them_in_full(api: Api) -> None:
    gone = await hire(api, status="inactive", managerId=api.manager.employee_id)
    where = f"/api/employees/{gone['id']}"
    for caller, status in {"hr": 200, "manager": 200, "employee": 404, "outsider": 404}.items():
        assert (await api.get(where, as_=caller)).status == status


@pytest.mark.parametrize("id_", [2**31 - 1, 2**31, 10**18, 0])
async def test_a_missing_one_is_not_found(api: Api, id_: int) -> None:
    where = f"/api/employees/{id_}"
    await refused(api, await api.get(where, as_="employee"), 404, "not_found")
    await refused(api, await api.put(where, {"name": "X"}, as_="hr"), 404, "not_found")
    await refused(api, await api.delete(where, as_="hr"), 404, "not_found")


async def test_changing_a_missing_one_tells_an_employee_nothing(api: Api) -> None:
    for where in (f"/api/employees/{2**31 - 1}", path(api, "stranger")):
        for caller in ("employee", "manager", "outsider"):
            answer = await api.put(where, {"phone": "1"}, as_=caller)
            await refused(api, answer, 403, "not_allowed")


async def test_a_manager_does_not_change_the_team(api: Api) -> None:
    answer = await api.put(path(api, "employee"), {"phone": "1"}, as_="manager")
    await refused(api, answer, 403, "not_allowed")


@pytest.mark.parametrize("caller", ["employee", "manager", "hr"])
async def test_oneself_changes_phone_and_photo_only(api: Api, caller: str) -> None:
    body = {"phone": "+1", "photo": "https://example.com/me.png"}
    for field, value in {"name": "Me", "position": "Boss", "status": "active", "managerId": None,
                         "joinDate": "2000-01-01", "email": "me@example.com",
                         "employeeCode": "1", "timezone": "UTC"}.items():  # fmt: skip
        answer = await api.put(path(api, caller), {**body, field: value}, as_=caller)
        await refused(api, answer, 403, "not_allowed")
    row = (await api.put(path(api, caller), body, as_=caller)).data
    assert {name: row[name] for name in body} == body


async def test_an_admin_changes_their_own_record_too(api: Api) -> None:
    row = (await api.put(path(api, "admin"), {"name": "Chief"}, as_="admin")).data
    assert row["name"] == "Chief"


async def test_patch_is_put(api: Api) -> None:
    answer = await api.call("PATCH", path(api, "employee"), {"phone": "9"}, as_="hr")
    assert answer.data["phone"] == "9"


async def test_a_change_is_recorded_by_what_differs(api: Api) -> None:
    body = {"phone": "9", "name": "Employee Person", "position": "Clerk"}
    row = (await api.put(path(api, "employee"), body, as_="hr")).data
    assert await api.events() == ["position_created", "employee_updated"]
    [event] = await api.sql("SELECT * FROM event WHERE type = 'employee_updated'")
    assert event["before"] == {"phone": "+621", "position": None, "positionId": None}
    assert event["after"] == {"phone": "9", "position": "Clerk", "positionId": row["positionId"]}


@pytest.mark.parametrize("body", [{}, {"name": "Employee Person", "phone": "+621"}])
async def test_what_changes_nothing_writes_nothing(api: Api, body: dict[str, Any]) -> None:
    before = (await api.get(path(api, "employee"), as_="hr")).data
    assert (await api.put(path(api, "employee"), body, as_="hr")).data == before
    assert await api.events() == []


async def test_nulls_clear_what_may_be_empty(api: Api) -> None:
    made = await hire(
        api, email="x@example.com", employeeCode="C", phone="1", position="P", department="D",
        managerId=api.manager.employee_id, joinDate="2020-01-01", timezone="UTC",
        photo="http://example.com/x",
    )  # fmt: skip
    nothing: dict[str, Any] = dict.fromkeys(
        ("email", "employeeCode", "phone", "position", "department", "managerId", "joinDate",
         "timezone", "photo")
    )  # fmt: skip
    row = (await api.put(f"/api/employees/{made['id']}", nothing, as_="hr")).data
    assert {name: row[name] for name in nothing} == nothing
    for field in ("name", "status"):
        answer = await api.put(f"/api/employees/{made['id']}", {field: None}, as_="hr")
        assert (answer.status, answer.fields) == (400, {field})


async def test_another_ones_email_is_refused(api: Api) -> None:
    answer = await api.put(path(api, "employee"), {"email": "HR@example.com"}, as_="hr")
    await refused(api, answer, 409, "email_taken")


async def test_two_changes_at_once_lose_nothing(api: Api) -> None:
    for number in range(10):
        bodies = [
            {"phone": f"{number}"},
            {"name": f"Name {number}"},
            {"employeeCode": f"C{number}"},
        ]
        answers = await asyncio.gather(
            *(api.put(path(api, "employee"), body, as_="hr") for body in bodies)
        )
        assert [answer.status for answer in answers] == [200, 200, 200]
        row = (await api.get(path(api, "employee"), as_="hr")).data
        for body in bodies:
            assert row.items() >= body.items()


async def test_nobody_is_above_themselves(api: Api) -> None:
    boss = await hire(api)
    lead = await hire(api, managerId=boss["id"])
    worker = await hire(api, managerId=lead["id"])
    for manager in (boss, lead, worker):
        answer = await api.put(
            f"/api/employees/{boss['id']}", {"managerId": manager["id"]}, as_="hr"
        )
        assert (answer.status, answer.code) == (400, "manager_cycle")
        assert answer.fields == {"managerId"}
    assert (await api.events()).count("employee_updated") == 0
    # The other way round it is no circle.
    answer = await api.put(f"/api/employees/{worker['id']}", {"managerId": boss["id"]}, as_="hr")
    assert answer.data["manager"] == boss["name"]


@pytest.mark.parametrize("size", [2, 3])
async def test_changes_at_once_never_close_a_circle(api: Api, size: int) -> None:
    for _ in range(10):
        people = [(await hire(api))["id"] for _ in range(size)]
        answers = await asyncio.gather(
            *(
                api.put(f"/api/employees/{id_}", {"managerId": people[index - 1]}, as_="hr")
                for index, id_ in enumerate(people)
            )
        )
        refusals = [answer for answer in answers if answer.status != 200]
        assert [(answer.status, answer.code) for answer in refusals] == [(400, "manager_cycle")]
    [row] = await api.sql(
        "WITH RECURSIVE above AS (SELECT id AS of, manager_id FROM employee"
        " UNION SELECT above.of, e.manager_id"
        " FROM above JOIN employee e ON e.id = above.manager_id)"
        " SELECT count(*) FROM above WHERE of = manager_id"
    )
    assert row["count"] == 0


async def test_deactivating_ends_the_account_at_once(api: Api, second: Api) -> None:
    for server in (api, second):
        assert (await server.get("/api/auth/account", as_="employee")).status == 200
    row = (await api.put(path(api, "employee"), {"status": "inactive"}, as_="hr")).data
    assert row["status"] == "inactive"
    for server in (api, second):
        assert (await server.get("/api/auth/account", as_="employee")).status == 401
    assert sorted(await api.events()) == ["employee_updated", "user_updated"]


async def test_deleting_ends_the_account_at_once(api: Api, second: Api) -> None:
    for server in (api, second):
        assert (await server.get("/api/auth/account", as_="employee")).status == 200
    assert (await api.delete(path(api, "employee"), as_="hr")).status == 200
    for server in (api, second):
        assert (await server.get("/api/auth/account", as_="employee")).status == 401
    assert sorted(await api.events()) == ["employee_deleted", "user_updated"]
    [user] = await api.sql("SELECT active FROM users WHERE username = 'employee'")
    assert user["active"] is False


async def test_the_deleted_are_gone_from_everywhere(api: Api) -> None:
    made = await hire(api, employeeCode="C", email="c@example.com")
    where = f"/api/employees/{made['id']}"
    await api.delete(where, as_="hr")
    assert (await api.get(where, as_="admin")).status == 404
    assert (await api.put(where, {"name": "X"}, as_="admin")).status == 404
    assert (await api.delete(where, as_="admin")).status == 404
    assert made["id"] not in [row["id"] for row in await found(api, "/api/employees")]
    assert (await api.get(f"{where}/shifts", as_="hr")).status == 404
    [row] = await api.sql("SELECT * FROM employee WHERE id = %(id)s", id=made["id"])
    assert row["deleted_at"]
    again = await hire(api, employeeCode="c", email="C@example.com")
    assert again["id"] != made["id"]


async def test_only_one_of_two_deletes(api: Api) -> None:
    answers = await asyncio.gather(*(api.delete(path(api, "stranger"), as_="hr") for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404, 404]
    assert (await api.events()).count("employee_deleted") == 1


@pytest.mark.parametrize("caller", ["employee", "manager", "outsider"])
async def test_deleting_is_refused_to_others(api: Api, caller: str) -> None:
    answer = await api.delete(path(api, "employee"), as_=caller)
    await refused(api, answer, 403, "not_allowed")


@pytest.mark.parametrize("caller", ["hr", "admin"])
async def test_nobody_ends_their_own_employment(api: Api, caller: str) -> None:
    await refused(api, await api.delete(path(api, caller), as_=caller), 403, "not_allowed")
    answer = await api.put(path(api, caller), {"status": "inactive"}, as_=caller)
    await refused(api, answer, 403, "not_allowed")
    assert (await api.get("/api/auth/account", as_=caller)).status == 200


async def test_hr_does_not_end_the_account_of_an_admin_or_of_hr(api: Api) -> None:
    colleague = await hire(api)
    await make(
        api, "/api/users", username="hr2", name="H", role="hr", password="correct-horse-9",
        employeeId=colleague["id"],
    )  # fmt: skip
    for where in (path(api, "admin"), f"/api/employees/{colleague['id']}"):
        for answer in (
            await api.delete(where, as_="hr"),
            await api.put(where, {"status": "inactive"}, as_="hr"),
        ):
            assert (answer.status, answer.code) == (403, "not_allowed")
    assert (await api.delete(f"/api/employees/{colleague['id']}", as_="admin")).status == 200


async def test_the_last_active_admin_stays(api: Api) -> None:
    """Another admin is needed to try: nobody ends their own employment."""
    boss = await hire(api)
    user = {"username": "admin2", "name": "A", "role": "admin", "password": "correct-horse-9"}
    await make(api, "/api/users", **user, employeeId=boss["id"])
    login = {"username": "admin2", "password": "correct-horse-9"}
    token = (await api.post("/api/auth/login", login)).json["token"]
    one, other = await asyncio.gather(
        api.delete(path(api, "admin"), as_=token),
        api.delete(f"/api/employees/{boss['id']}", as_="admin"),
    )
    assert sorted([one.status, other.status]) in ([200, 401], [200, 409])
    [row] = await api.sql("SELECT count(*) FROM users WHERE role = 'admin' AND active")
    assert row["count"] == 1


async def test_a_manager_of_others_is_in_use(api: Api) -> None:
    await hire(api, managerId=api.manager.employee_id)
    answer = await api.delete(path(api, "manager"), as_="hr")
    assert (answer.status, answer.code) == (409, "in_use")
    assert "2 direct reports" in answer.json["message"]
    assert (await api.get("/api/auth/account", as_="manager")).status == 200
    assert (await api.events())[1:] == []
    for row in await found(api, f"/api/employees?managerId={api.manager.employee_id}"):
        await api.put(f"/api/employees/{row['id']}", {"managerId": None}, as_="hr")
    assert (await api.delete(path(api, "manager"), as_="hr")).status == 200


async def test_nobody_is_ever_hired_under_the_deleted(api: Api) -> None:
    for _ in range(10):
        boss = (await hire(api))["id"]
        deleted, hired = await asyncio.gather(
            api.delete(f"/api/employees/{boss}", as_="hr"),
            api.post("/api/employees", {"name": "X", "managerId": boss}, as_="hr"),
        )
        assert (deleted.status, hired.status) in ((200, 400), (409, 201))
    [row] = await api.sql(
        "SELECT count(*) FROM employee e JOIN employee m ON m.id = e.manager_id"
        " WHERE e.deleted_at IS NULL AND m.deleted_at IS NOT NULL"
    )
    assert row["count"] == 0
