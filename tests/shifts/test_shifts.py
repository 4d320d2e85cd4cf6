"""/api/shifts and /api/shifts/:id."""

from typing import Any

import pytest

from tests.api import Api
from tests.factories import found, make, refused

PATH = "/api/shifts"
OFFICE: dict[str, Any] = {"name": "Office", "startTime": "09:00", "endTime": "17:00"}


async def test_it_has_the_contracts_defaults(api: Api) -> None:
    answer = await api.post(PATH, OFFICE, as_="hr")
    assert answer.status == 201
    made = answer.data
    assert made == {
        **OFFICE, "graceMinutes": 0, "breakMinutes": 0, "workDays": [1, 2, 3, 4, 5],
        "timezone": None, "checkInBeforeMinutes": 60, "checkOutAfterMinutes": 60,
        "overnight": False, "id": made["id"], "createdAt": made["createdAt"],
        "updatedAt": made["updatedAt"],
    }  # fmt: skip


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    body = {
        "name": "Night", "startTime": "22:30", "endTime": "06:15", "graceMinutes": 10,
        "breakMinutes": 30, "workDays": [5, 6, 7], "timezone": "Asia/Jakarta",
        "checkInBeforeMinutes": 0, "checkOutAfterMinutes": 1440,
    }  # fmt: skip
    made = (await api.post(PATH, body, as_="hr")).data
    assert {name: made[name] for name in body} == body
    where = f"{PATH}/{made['id']}"
    assert (await api.get(where, as_="outsider")).data == made
    # What changes nothing is no change, times and lists included.
    assert (await api.put(where, body, as_="hr")).data == made
    changed = (await api.put(where, {"workDays": [1], "endTime": "23:00"}, as_="hr")).data
    assert (changed["workDays"], changed["endTime"], changed["startTime"]) == (
        [1], "23:00", "22:30",
    )  # fmt: skip
    assert changed["overnight"] is False
    assert (await api.delete(where, as_="hr")).status == 200
    for method, sent in (("GET", None), ("PUT", {"name": "X"}), ("DELETE", None)):
        assert (await api.call(method, where, sent, as_="hr")).status == 404
    assert await api.events() == ["shift_created", "shift_updated", "shift_deleted"]


@pytest.mark.parametrize(
    ("start", "end", "overnight"),
    [("22:00", "06:00", True), ("08:00", "08:00", True), ("00:00", "23:59", False),
     ("08:00", "07:59", True), ("08:00", "08:01", False)],
)  # fmt: skip
async def test_an_end_not_after_the_start_is_the_next_day(
    api: Api, start: str, end: str, overnight: bool
) -> None:
    made = await make(api, PATH, name="S", startTime=start, endTime=end)
    assert (made["startTime"], made["endTime"]) == (start, end)
    assert made["overnight"] is overnight


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("workDays", []), ("workDays", [0]), ("workDays", [8]), ("workDays", [1, 1]),
        ("workDays", [1, 2, 3, 4, 5, 6, 7, 1]), ("workDays", ["1"]), ("workDays", [True]),
        ("workDays", [1.0]), ("workDays", "1"), ("workDays", None), ("startTime", "9:00"),
        ("startTime", "24:00"), ("startTime", "09:00:00"), ("endTime", "09:60"),
        ("endTime", 900), ("endTime", None), ("graceMinutes", -1), ("graceMinutes", 1441),
        ("breakMinutes", 0.5), ("checkInBeforeMinutes", None), ("timezone", "WIB"),
        ("overnight", True), ("name", " "),
    ],
)  # fmt: skip
async def test_it_names_what_is_wrong(api: Api, field: str, value: Any) -> None:
    answer = await api.post(PATH, {**OFFICE, field: value}, as_="hr")
    await refused(api, answer, 400, "validation_failed")
    assert {name.partition(".")[0] for name in answer.fields} == {field}


@pytest.mark.parametrize("field", ["name", "startTime", "endTime"])
async def test_what_is_required_is_missed(api: Api, field: str) -> None:
    body = {name: value for name, value in OFFICE.items() if name != field}
    answer = await api.post(PATH, body, as_="hr")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


async def test_everybody_reads_and_hr_writes(api: Api) -> None:
    await api.sql("INSERT INTO shift (name, start_time, end_time) VALUES ('A', '9:00', '17:00')")
    [shift] = await found(api, PATH, "outsider")
    for caller in ("manager", "employee", "outsider"):
        for method, path, body in (
            ("POST", PATH, OFFICE),
            ("PUT", f"{PATH}/{shift['id']}", OFFICE),
            ("DELETE", f"{PATH}/{shift['id']}", None),
        ):
            await refused(api, await api.call(method, path, body, as_=caller), 403, "not_allowed")
    await refused(api, await api.get(PATH), 401, "not_signed_in")


async def test_a_list_searches_and_sorts(api: Api) -> None:
    await make(api, PATH, **OFFICE)
    await make(api, PATH, **{**OFFICE, "name": "Early_1", "startTime": "06:00"})
    for query, names in {
        "?search=Y_1": ["Early_1"],
        "?search=%25": [],
        "?sort=startTime": ["Early_1", "Office"],
    }.items():
        assert [row["name"] for row in await found(api, PATH + query, "employee")] == names, query


async def test_a_name_is_one_whatever_its_case(api: Api) -> None:
    await make(api, PATH, **OFFICE)
    answer = await api.post(PATH, {**OFFICE, "name": "OFFICE"}, as_="hr")
    assert (answer.status, answer.code) == (409, "shift_name_taken")


async def test_in_use_it_stays_and_says_by_what(api: Api) -> None:
    shift = await make(api, PATH, **OFFICE)
    person = f"/api/employees/{api.employee.employee_id}"
    given = await make(api, f"{person}/shifts", shiftId=shift["id"], **{"from": "2024-01-01"})
    answer = await api.delete(f"{PATH}/{shift['id']}", as_="hr")
    assert (answer.status, answer.code) == (409, "in_use")
    assert answer.json["message"] == "In use by 1 shift assignment"
    await api.delete(f"{person}/shifts/{given['id']}", as_="hr")
    assert (await api.delete(f"{PATH}/{shift['id']}", as_="hr")).status == 200


async def test_the_plans_of_the_deleted_hold_nothing_back(api: Api) -> None:
    shift = await make(api, PATH, **OFFICE)
    person = f"/api/employees/{api.employee.employee_id}"
    await make(api, f"{person}/shifts", shiftId=shift["id"], **{"from": "2024-01-01"})
    await api.delete(person, as_="hr")
    assert (await api.delete(f"{PATH}/{shift['id']}", as_="hr")).status == 200
