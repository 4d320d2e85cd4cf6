"""GET and POST /api/employees."""

import asyncio
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from sunshine.database.connections import conninfo
from sunshine.modules.employees import employees as rules
from tests.api import Api
from tests.factories import found, hire, make, refused

DIRECTORY = {
    "id", "name", "email", "position", "positionId", "department", "departmentId", "photo",
}  # fmt: skip
PERSONAL = {
    "employeeCode", "phone", "joinDate", "managerId", "manager", "status", "timezone",
    "createdAt", "updatedAt",
}  # fmt: skip
EVERYBODY = ["Admin Person", "Hr Person", "Manager Person", "Employee Person", "Stranger Person"]


async def in_full(api: Api, as_: str) -> list[str]:
    """Whom a caller sees in full; all others they must see in the directory's fields exactly."""
    rows = await found(api, "/api/employees", as_)
    assert [row["name"] for row in rows] == EVERYBODY
    fields = {row["name"]: set(row) for row in rows}
    full = [name for name in fields if fields[name] != DIRECTORY]
    assert all(fields[name] == DIRECTORY | PERSONAL for name in full)
    return full


async def names(api: Api, query: str, as_: str = "admin") -> list[str]:
    path = f"/api/employees?{quote(query, safe='=&%+')}"
    return [row["name"] for row in await found(api, path, as_)]


async def test_hr_and_admins_see_everybody_in_full(api: Api) -> None:
    assert await in_full(api, "admin") == EVERYBODY
    assert await in_full(api, "hr") == EVERYBODY


async def test_a_manager_sees_the_team_in_full(api: Api) -> None:
    assert await in_full(api, "manager") == ["Manager Person", "Employee Person"]


async def test_an_employee_sees_only_themselves_in_full(api: Api) -> None:
    assert await in_full(api, "employee") == ["Employee Person"]


async def test_a_role_of_employee_sees_no_team_in_full(api: Api) -> None:
    await api.put(
        f"/api/employees/{api.admin.employee_id}",
        {"managerId": api.stranger.employee_id},
        as_="hr",
    )
    assert await in_full(api, "stranger") == ["Stranger Person"]


async def test_an_outsider_sees_nobody_in_full(api: Api) -> None:
    assert await in_full(api, "outsider") == []


async def test_it_is_for_those_who_signed_in(api: Api) -> None:
    await refused(api, await api.get("/api/employees"), 401, "not_signed_in")
    await refused(api, await api.post("/api/employees", {}), 401, "not_signed_in")


async def test_the_directory_hides_the_inactive(api: Api) -> None:
    await hire(api, status="inactive", email="gone@example.com")
    await hire(api, status="inactive", email="left@example.com", managerId=api.manager.employee_id)
    query = "search=somebody"
    assert await names(api, query, "hr") == ["Somebody New"] * 2
    assert [row["email"] for row in await found(api, f"/api/employees?{query}", "manager")] == [
        "left@example.com"
    ]
    assert await names(api, query, "employee") == []


@pytest.mark.parametrize("search", ["grace", "GRACE HOP", "hopper@NAVY", "e-0042", "867-5309"])
async def test_it_searches_name_email_code_and_phone(api: Api, search: str) -> None:
    await make(
        api, "/api/employees", name="Grace Hopper", email="g.Hopper@navy.example",
        employeeCode="E-0042", phone="+1 867-5309",
    )  # fmt: skip
    assert await names(api, f"search={search.replace(' ', '+')}", "hr") == ["Grace Hopper"]


async def test_it_searches_to_the_letter(api: Api) -> None:
    for name in ("100% Cotton", "1000 Cotton", "snake_case", "snakeXcase", "back\\slash"):
        await make(api, "/api/employees", name=name)
    assert await names(api, "search=0%25+c") == ["100% Cotton"]
    assert await names(api, "search=%25") == ["100% Cotton"]
    assert await names(api, "search=E_C") == ["snake_case"]
    assert await names(api, "search=_") == ["snake_case"]
    assert await names(api, "search=k%5Cs") == ["back\\slash"]


async def test_it_searches_in_other_scripts(api: Api) -> None:
    await make(api, "/api/employees", name="Élodie ÅNGSTRÖM")
    assert await names(api, "search=élodie+ångström") == ["Élodie ÅNGSTRÖM"]
    assert await names(api, "search=ÉLODIE") == ["Élodie ÅNGSTRÖM"]


async def test_a_search_finds_nobody_by_what_it_may_not_show(api: Api) -> None:
    await hire(api, phone="555-0100", employeeCode="SECRET-7")
    for secret in ("555-0100", "secret-7"):
        for caller in ("manager", "employee", "outsider"):
            assert await names(api, f"search={secret}", caller) == []
        assert await names(api, f"search={secret}", "hr") == ["Somebody New"]


async def test_a_search_finds_oneself_and_the_team_by_phone(api: Api) -> None:
    await api.put(f"/api/employees/{api.employee.employee_id}", {"phone": "555-1"}, as_="hr")
    assert await names(api, "search=555-1", "employee") == ["Employee Person"]
    assert await names(api, "search=555-1", "manager") == ["Employee Person"]
    assert await names(api, "search=555-1", "stranger") == []


async def test_it_filters(api: Api) -> None:
    ada = await hire(api, position="Engineer", department="Engines", status="inactive")
    await hire(api, position="Engineer", managerId=ada["id"])
    for query, count in {
        f"positionId={ada['positionId']}": 2,
        f"departmentId={ada['departmentId']}": 1,
        f"managerId={ada['id']}": 1,
        "status=inactive": 1,
        "status=active": 6,
        f"positionId={ada['positionId']}&status=active": 1,
        "managerId=2147483647": 0,
    }.items():
        assert len(await names(api, query, "hr")) == count, query


@pytest.mark.parametrize(
    "query", ["status=gone", "status=", "managerId=0", "managerId=x", "positionId=2147483648",
              "departmentId=1.5", "limit=101", "limit=0", "page=0", "sort=phone", "search=%00"],
)  # fmt: skip
async def test_it_refuses_a_bad_value_of_a_known_key(api: Api, query: str) -> None:
    answer = await api.get(f"/api/employees?{query}", as_="admin")
    await refused(api, answer, 400, "validation_failed")


async def test_a_filter_outside_ones_scope_is_refused(api: Api) -> None:
    for caller in ("manager", "employee", "outsider"):
        for query in ("status=active", "status=inactive", f"managerId={api.hr.employee_id}"):
            answer = await api.get(f"/api/employees?{query}", as_=caller)
            await refused(api, answer, 403, "not_allowed")


async def test_a_manager_filters_by_their_own_team(api: Api) -> None:
    query = f"managerId={api.manager.employee_id}"
    assert await names(api, query, "manager") == ["Employee Person"]


async def test_it_sorts(api: Api) -> None:
    assert await names(api, "sort=-name") == sorted(EVERYBODY, reverse=True)
    for number in range(3):
        await hire(api, joinDate=f"2021-01-0{3 - number}")
    rows = await found(api, "/api/employees?sort=-joinDate,name&limit=3")
    assert [row["joinDate"] for row in rows] == ["2021-01-03", "2021-01-02", "2021-01-01"]


async def test_nobody_sorts_by_what_they_may_not_see(api: Api) -> None:
    for field in ("joinDate", "employeeCode", "createdAt"):
        answer = await api.get(f"/api/employees?sort={field}", as_="manager")
        await refused(api, answer, 400, "validation_failed")
        assert answer.fields == {"sort"}


async def test_a_page_past_the_end_is_empty(api: Api) -> None:
    answer = await api.get("/api/employees?page=9&perPage=2", as_="employee")
    assert answer.data == []
    assert answer.json["pagination"] == {"page": 9, "perPage": 2, "total": 5, "totalPages": 3}


async def test_a_search_of_many_uses_the_trigram_index(api: Api) -> None:
    await api.sql(
        "INSERT INTO employee (name, email, phone)"
        " SELECT 'Person ' || n, 'p' || n || '@example.com', '+62' || n"
        " FROM generate_series(1, 20000) n"
    )
    await api.sql("VACUUM ANALYZE employee")
    order = (("id", False),)
    bound = {"search": "%p12345@ex%", "_limit": 20, "_offset": 0, "me": 1}
    listings: list[Any] = [rules.listing, *rules._directories.values()]
    for listing in listings:
        statement = listing._statements(("search",), order, (), None).page
        settings = api.app.settings.databases["sunshine"]
        async with await psycopg.AsyncConnection.connect(conninfo(settings)) as connection:
            cursor = await connection.execute(b"EXPLAIN " + statement.text, statement.bind(bound))
            plan = "\n".join(row[0] for row in await cursor.fetchall())
        assert "_text_idx" in plan, plan
        assert "Seq Scan on employee" not in plan, plan
    assert await names(api, "search=P12345@ex", "stranger") == ["Person 12345"]


async def test_it_is_refused_to_those_who_may_not_hire(api: Api) -> None:
    for caller in ("manager", "employee", "outsider"):
        answer = await api.post("/api/employees", {"name": "X"}, as_=caller)
        await refused(api, answer, 403, "not_allowed")


async def test_hr_hires_and_it_is_recorded(api: Api) -> None:
    body = {"name": "  New  ", "position": "Pilot", "department": "human resources"}
    made = (await api.post("/api/employees", body, as_="hr")).data
    assert (made["name"], made["position"]) == ("New", "Pilot")
    assert made["department"] == "Human Resources"
    assert await api.events() == ["position_created", "employee_created"]
    [event] = await api.sql("SELECT * FROM event WHERE type = 'employee_created'")
    assert event["actor_id"] == api.hr.user_id
    assert (event["entity"], event["entity_id"]) == ("employee", made["id"])
    assert (event["before"], event["after"]) == (None, made)


async def test_a_position_is_the_same_whatever_its_case(api: Api) -> None:
    first = await hire(api, position="Data Scientist", department="R&D")
    second = await hire(api, position=" data SCIENTIST ", department="r&d")
    assert (second["positionId"], second["position"]) == (first["positionId"], "Data Scientist")
    assert (second["departmentId"], second["department"]) == (first["departmentId"], "R&D")


async def test_a_deleted_position_is_made_anew(api: Api) -> None:
    old = await make(api, "/api/positions", name="Scribe")
    await api.delete(f"/api/positions/{old['id']}", as_="hr")
    assert (await hire(api, position="scribe"))["positionId"] != old["id"]


async def test_twenty_at_once_make_one_position(api: Api) -> None:
    answers = await asyncio.gather(
        *(
            api.post(
                "/api/employees",
                {
                    "name": f"N{n}",
                    "position": "Welder" if n % 2 else "WELDER",
                    "department": "Yard",
                },
                as_="hr",
            )
            for n in range(20)
        )
    )
    assert [answer.status for answer in answers] == [201] * 20
    assert len({answer.data["positionId"] for answer in answers}) == 1
    for table in ("position", "department"):
        [row] = await api.sql(
            f"SELECT count(*) FROM {table} WHERE lower(name) IN ('welder', 'yard')"
        )
        assert row["count"] == 1
    assert (await api.events()).count("position_created") == 1


@pytest.mark.parametrize("field", ["position", "department"])
async def test_nobody_is_ever_hired_into_what_is_deleted(api: Api, field: str) -> None:
    for number in range(20):
        made = await make(api, f"/api/{field}s", name=f"Post {number}")
        deleted, *hired = await asyncio.gather(
            api.delete(f"/api/{field}s/{made['id']}", as_="hr"),
            api.post("/api/employees", {"name": "A", f"{field}Id": made["id"]}, as_="hr"),
            api.post("/api/employees", {"name": "B", field: f"post {number}"}, as_="hr"),
        )
        assert deleted.status == 200 or (deleted.status, deleted.code) == (409, "in_use")
        assert hired[0].status == 201 or hired[0].fields == {f"{field}Id"}
        assert hired[1].status == 201
    [row] = await api.sql(
        f"SELECT count(*) FROM employee e JOIN {field} p ON p.id = e.{field}_id"
        " WHERE e.deleted_at IS NULL AND p.deleted_at IS NOT NULL"
    )
    assert row["count"] == 0


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("email", "Ada@Example.com", "email_taken"), ("employeeCode", "e1", "employee_code_taken")],
)
async def test_email_and_code_are_unique_whatever_their_case(
    api: Api, field: str, value: str, code: str
) -> None:
    first = await hire(api, email="ada@example.com", employeeCode="E1")
    answer = await api.post("/api/employees", {"name": "X", field: value}, as_="hr")
    assert (answer.status, answer.code, answer.fields) == (409, code, {field})
    await api.delete(f"/api/employees/{first['id']}", as_="hr")
    assert (await hire(api, **{field: value}))[field] == value


async def test_one_of_twenty_gets_the_email(api: Api) -> None:
    answers = await asyncio.gather(
        *(
            api.post("/api/employees", {"name": f"N{n}", "email": "one@example.com"}, as_="hr")
            for n in range(20)
        )
    )
    assert sorted(answer.status for answer in answers) == [201] + [409] * 19
    assert {answer.code for answer in answers if answer.status == 409} == {"email_taken"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name"}),
        ({"name": " "}, {"name"}),
        ({"name": None}, {"name"}),
        ({"name": 7}, {"name"}),
        ({"name": "x" * 201}, {"name"}),
        ({"name": "X", "email": "nobody"}, {"email"}),
        ({"name": "X", "email": ""}, {"email"}),
        ({"name": "X", "email": "a@b.example\n.evil"}, {"email"}),
        ({"name": "X", "employeeCode": ""}, {"employeeCode"}),
        ({"name": "X", "employeeCode": " "}, {"employeeCode"}),
        ({"name": "X", "joinDate": "20240101"}, {"joinDate"}),
        ({"name": "X", "joinDate": "2024-02-30"}, {"joinDate"}),
        ({"name": "X", "joinDate": "2024-01-01T00:00:00Z"}, {"joinDate"}),
        ({"name": "X", "phone": "1" * 51}, {"phone"}),
        ({"name": "X", "phone": 5}, {"phone"}),
        ({"name": "X", "timezone": "Mars/Olympus"}, {"timezone"}),
        ({"name": "X", "timezone": "asia/jakarta"}, {"timezone"}),
        ({"name": "X", "status": "retired"}, {"status"}),
        ({"name": "X", "status": None}, {"status"}),
        ({"name": "X", "photo": "javascript:alert(1)"}, {"photo"}),
        ({"name": "X", "managerId": True}, {"managerId"}),
        ({"name": "X", "managerId": "1"}, {"managerId"}),
        ({"name": "X", "managerId": 2**31}, {"managerId"}),
        ({"name": "X", "managerId": 2**31 - 1}, {"managerId"}),
        ({"name": "X", "positionId": 2**31 - 1}, {"positionId"}),
        ({"name": "X", "departmentId": 2**31 - 1}, {"departmentId"}),
        ({"name": "X", "position": "P", "positionId": 1}, {"positionId", "position"}),
        ({"name": "X", "id": 7}, {"id"}),
        ({"name": "X", "createdAt": "2024-01-01"}, {"createdAt"}),
        ({"email": "x", "phone": 1}, {"name", "email", "phone"}),
    ],
)  # fmt: skip
async def test_it_refuses_what_is_wrong_and_names_it(
    api: Api, body: dict[str, Any], fields: set[str]
) -> None:
    answer = await api.post("/api/employees", body, as_="hr")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields <= fields
    assert answer.fields


async def test_it_takes_every_field(api: Api) -> None:
    body = {
        "name": "Full", "email": "full@example.com", "employeeCode": "F-1", "phone": "+1",
        "joinDate": "1999-12-31", "timezone": "Asia/Jakarta", "status": "inactive",
        "photo": "https://example.com/p.png", "managerId": api.manager.employee_id,
        "position": "P", "department": "D",
    }  # fmt: skip
    made = (await api.post("/api/employees", body, as_="hr")).data
    assert {name: made[name] for name in body} == body
    assert made["manager"] == "Manager Person"


async def test_blank_means_none_for_a_position(api: Api) -> None:
    made = await hire(api, position="", department=None)
    assert (made["positionId"], made["departmentId"]) == (None, None)


async def test_it_finds_letters_that_languages_lower_case_differently(api: Api) -> None:
    for name in ("İrem Kaya", "ΟΔΥΣΣΕΑΣ"):
        await api.post("/api/employees", {"name": name}, as_="hr")
        found = await api.get(f"/api/employees?search={quote(name)}", as_="hr")
        assert [row["name"] for row in found.data] == [name]
