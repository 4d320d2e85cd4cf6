"""/api/employees/:id/shifts and /api/employees/:id/shifts/:id."""

import asyncio
import time
from typing import Any

import pytest

from tests.api import Answer, Api
from tests.factories import found, hire, make

MISSING = 2**31 - 1


def path(api: Api, name: str = "employee") -> str:
    return f"/api/employees/{api.cast[name].employee_id}/shifts"


async def shift(api: Api, name: str = "Office") -> int:
    made = await make(api, "/api/shifts", name=name, startTime="09:00", endTime="17:00")
    return int(made["id"])


async def give(
    api: Api, where: str, shift_id: int, from_: str, to: str | None = None, as_: str = "hr"
) -> Answer:
    return await api.post(where, {"shiftId": shift_id, "from": from_, "to": to}, as_=as_)


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    office, early = await shift(api), await shift(api, "Early")
    answer = await give(api, path(api), office, "2024-01-01", "2024-06-30")
    assert answer.status == 201
    made = answer.data
    assert made == {
        "id": made["id"], "shiftId": office, "from": "2024-01-01", "to": "2024-06-30",
        "employeeId": api.employee.employee_id, "shift": "Office",
        "createdAt": made["createdAt"], "updatedAt": made["updatedAt"],
    }  # fmt: skip
    where = f"{path(api)}/{made['id']}"
    assert (await api.get(where, as_="employee")).data == made
    changed = (await api.put(where, {"to": None, "shiftId": early}, as_="hr")).data
    assert (changed["to"], changed["shift"], changed["from"]) == (None, "Early", "2024-01-01")
    assert (await api.call("PATCH", where, {"to": "2024-01-01"}, as_="hr")).data["to"] == (
        "2024-01-01"
    )
    assert (await api.delete(where, as_="hr")).status == 200
    for method, body in (("GET", None), ("PUT", {"to": None}), ("DELETE", None)):
        assert (await api.call(method, where, body, as_="hr")).status == 404
    assert (await api.events())[2:] == [
        "employee_shift_created", "employee_shift_updated", "employee_shift_updated",
        "employee_shift_deleted",
    ]  # fmt: skip


async def test_the_latest_comes_first(api: Api) -> None:
    office = await shift(api)
    for from_, to in (("2024-01-01", "2024-01-31"), ("2025-01-01", None), ("2024-03-01", None)):
        answer = await give(api, path(api), office, from_, to or f"{from_[:4]}-12-31")
        assert answer.status == 201
    rows = await found(api, path(api), "employee")
    assert [row["from"] for row in rows] == ["2025-01-01", "2024-03-01", "2024-01-01"]
    rows = await found(api, f"{path(api)}?sort=from&limit=1", "employee")
    assert [row["from"] for row in rows] == ["2024-01-01"]


async def test_who_reads(api: Api) -> None:
    await give(api, path(api), await shift(api), "2024-01-01")
    [row] = await found(api, path(api))
    for caller, allowed in {
        "employee": {"employee"},
        "manager": {"employee", "manager"},
        "stranger": {"stranger"},
        "outsider": set(),
        "hr": {"employee", "manager", "stranger", "admin", "hr"},
    }.items():
        for name in ("employee", "manager", "stranger", "admin", "hr"):
            status = 200 if name in allowed else 403
            assert (await api.get(path(api, name), as_=caller)).status == status, (caller, name)
        status = 200 if "employee" in allowed else 403
        assert (await api.get(f"{path(api)}/{row['id']}", as_=caller)).status == status
    assert (await api.get(path(api))).status == 401


async def test_a_missing_employee_is_missing_to_those_only_who_see_all(api: Api) -> None:
    where = f"/api/employees/{MISSING}/shifts"
    body = {"shiftId": 1, "from": "2024-01-01"}
    for caller, status in {"employee": 403, "manager": 403, "hr": 404, "admin": 404}.items():
        assert (await api.get(where, as_=caller)).status == status
        assert (await api.get(f"{where}/1", as_=caller)).status == status
        assert (await api.post(where, body, as_=caller)).status == status
        assert (await api.put(f"{where}/1", {"to": None}, as_=caller)).status == status
        assert (await api.delete(f"{where}/1", as_=caller)).status == status
    assert await api.events() == []


async def test_a_manager_plans_the_team_but_not_themselves(api: Api) -> None:
    office = await shift(api)
    made = (await give(api, path(api), office, "2024-01-01", as_="manager")).data
    where = f"{path(api)}/{made['id']}"
    assert (await api.put(where, {"to": "2024-02-01"}, as_="manager")).status == 200
    assert (await api.delete(where, as_="manager")).status == 200
    own = (await give(api, path(api, "manager"), office, "2024-01-01")).data
    events = await api.events()
    for answer in (
        await give(api, path(api, "manager"), office, "2025-01-01", as_="manager"),
        await api.put(f"{path(api, 'manager')}/{own['id']}", {"to": None}, as_="manager"),
        await api.delete(f"{path(api, 'manager')}/{own['id']}", as_="manager"),
        await give(api, path(api, "stranger"), office, "2024-01-01", as_="manager"),
        await give(api, path(api), office, "2024-01-01", as_="employee"),
        await give(api, path(api), office, "2024-01-01", as_="outsider"),
    ):
        assert (answer.status, answer.code) == (403, "not_allowed")
    assert await api.events() == events


@pytest.mark.parametrize("caller", ["hr", "admin"])
async def test_hr_and_admins_plan_everybody(api: Api, caller: str) -> None:
    office = await shift(api)
    for name in ("hr", "admin", "manager", "stranger"):
        answer = await give(api, path(api, name), office, "2024-01-01", as_=caller)
        assert answer.status == 201


async def test_a_period_of_another_employee_is_not_found(api: Api) -> None:
    made = (await give(api, path(api, "stranger"), await shift(api), "2024-01-01")).data
    where = f"{path(api)}/{made['id']}"
    for method, body in (("GET", None), ("PUT", {"to": None}), ("DELETE", None)):
        for caller in ("hr", "manager"):
            assert (await api.call(method, where, body, as_=caller)).status == 404


@pytest.mark.parametrize(
    ("taken", "wanted", "clash"),
    [
        (("2024-02-01", "2024-02-29"), ("2024-02-29", "2024-03-31"), True),
        (("2024-02-01", "2024-02-29"), ("2024-01-01", "2024-02-01"), True),
        (("2024-02-01", "2024-02-29"), ("2024-02-10", "2024-02-10"), True),
        (("2024-02-01", "2024-02-29"), ("2024-01-01", None), True),
        (("2024-02-01", None), ("2099-01-01", "2099-01-02"), True),
        (("2024-02-01", None), ("2024-03-01", None), True),
        (("2024-02-01", "2024-02-29"), ("2024-03-01", None), False),
        (("2024-02-01", "2024-02-29"), ("2024-01-01", "2024-01-31"), False),
        (("2024-02-01", None), ("0001-01-01", "2024-01-31"), False),
    ],
)
async def test_one_shift_per_employee_and_day(
    api: Api, taken: tuple[str, str | None], wanted: tuple[str, str | None], clash: bool
) -> None:
    office, early = await shift(api), await shift(api, "Early")
    first = (await give(api, path(api), office, *taken)).data
    # Another employee is another matter.
    assert (await give(api, path(api, "stranger"), early, *wanted)).status == 201
    answer = await give(api, path(api), early, *wanted)
    if clash:
        assert (answer.status, answer.code) == (409, "shift_overlap")
        assert answer.json["data"] == first
    else:
        assert answer.status == 201


async def test_a_change_may_not_overlap_either_but_itself(api: Api) -> None:
    office = await shift(api)
    first = (await give(api, path(api), office, "2024-01-01", "2024-01-31")).data
    second = (await give(api, path(api), office, "2024-03-01", "2024-03-31")).data
    where = f"{path(api)}/{second['id']}"
    answer = await api.put(where, {"from": "2024-01-31"}, as_="hr")
    assert (answer.status, answer.code, answer.json["data"]) == (409, "shift_overlap", first)
    answer = await api.put(where, {"from": "2024-02-01", "to": None}, as_="hr")
    assert answer.status == 200


async def test_a_deleted_period_is_free_again(api: Api) -> None:
    office = await shift(api)
    made = (await give(api, path(api), office, "2024-01-01")).data
    await api.delete(f"{path(api)}/{made['id']}", as_="hr")
    assert (await give(api, path(api), office, "2024-01-01")).status == 201


async def test_of_twenty_at_once_one_is_given(api: Api) -> None:
    office = await shift(api)
    for round_ in range(3):
        where = f"/api/employees/{(await hire(api))['id']}/shifts"
        seconds: list[float] = []

        async def race(number: int, where: str = where, seconds: list[float] = seconds) -> Answer:
            begun = time.monotonic()
            answer = await give(api, where, office, f"2024-01-{number + 1:02}")
            seconds.append(time.monotonic() - begun)
            return answer

        answers = await asyncio.gather(*(race(number) for number in range(20)))
        assert sorted(answer.status for answer in answers) == [201] + [409] * 19, round_
        [given] = [answer for answer in answers if answer.status == 201]
        for answer in answers:
            if answer is not given:
                assert (answer.code, answer.json["data"]) == ("shift_overlap", given.data)
        assert max(seconds) < 3
        rows = await api.sql(
            "SELECT 1 FROM employee_shift WHERE employee_id = %(id)s AND deleted_at IS NULL",
            id=given.data["employeeId"],
        )
        assert len(rows) == 1
    assert (await api.events()).count("employee_shift_created") == 3


async def test_nobody_is_planned_once_deleted(api: Api) -> None:
    office = await shift(api)
    for _ in range(10):
        person = f"/api/employees/{(await hire(api))['id']}"
        deleted, given = await asyncio.gather(
            api.delete(person, as_="hr"), give(api, f"{person}/shifts", office, "2024-01-01")
        )
        assert deleted.status == 200
        assert given.status in (201, 404)
    [row] = await api.sql(
        "SELECT count(*) FROM event planned JOIN event gone ON gone.type = 'employee_deleted'"
        " AND gone.entity_id = (planned.after ->> 'employeeId')::int AND gone.id < planned.id"
        " WHERE planned.type = 'employee_shift_created'"
    )
    assert row["count"] == 0


async def test_no_deleted_shift_is_given(api: Api) -> None:
    for number in range(10):
        office = await shift(api, f"S{number}")
        deleted, given = await asyncio.gather(
            api.delete(f"/api/shifts/{office}", as_="hr"),
            give(api, path(api), office, f"2024-01-{number + 1:02}", f"2024-01-{number + 1:02}"),
        )
        assert (deleted.status, given.status) in ((200, 400), (409, 201))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "2023-12-31"}, "to"),
        ({"from": None}, "from"),
        ({"from": "2024-1-1"}, "from"),
        ({"from": "2024-01-01T00:00:00Z"}, "from"),
        ({"to": "2024-02-30"}, "to"),
        ({"shiftId": None}, "shiftId"),
        ({"shiftId": True}, "shiftId"),
        ({"shiftId": MISSING}, "shiftId"),
        ({"shiftId": MISSING + 1}, "shiftId"),
        ({"employeeId": 1}, "employeeId"),
    ],
)
async def test_it_names_what_is_wrong(api: Api, change: dict[str, Any], field: str) -> None:
    office = await shift(api)
    body = {"shiftId": office, "from": "2024-01-01", **change}
    answer = await api.post(path(api), body, as_="hr")
    assert (answer.status, answer.fields) == (400, {field})
    made = (await give(api, path(api), office, "2024-01-01")).data
    answer = await api.put(f"{path(api)}/{made['id']}", change, as_="hr")
    assert (answer.status, answer.fields) == (400, {field})
    assert (await api.events())[1:] == ["employee_shift_created"]


async def test_what_changes_nothing_writes_nothing(api: Api) -> None:
    made = (await give(api, path(api), await shift(api), "2024-01-01")).data
    for body in ({}, {"from": "2024-01-01", "to": None}):
        answer = await api.put(f"{path(api)}/{made['id']}", body, as_="hr")
        assert answer.data == made
    assert "employee_shift_updated" not in await api.events()
