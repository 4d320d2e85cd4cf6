"""GET /api/attendance and /api/attendance/:id: lists, filters, who sees what of whom."""

from typing import Any

import pytest

from tests.api import Api
from tests.attendance.factories import (
    LIST,
    OFFICE,
    approve_leave,
    come,
    give_shift,
    make_place,
    mark,
    stay,
)
from tests.conftest import Now
from tests.factories import found, hire

PRIVATE = {"checkInLocation", "checkInPhoto", "checkOutLocation", "checkOutPhoto"}
NAMES = ("employee", "manager", "stranger", "hr", "admin")
MISSING = 2**31 - 1


async def ids(api: Api, query: str = "", as_: str = "hr") -> list[int]:
    return [row["id"] for row in await found(api, f"{LIST}?{query}", as_)]


async def everybody(api: Api) -> dict[str, Any]:
    """A record of each of the cast."""
    return {name: await stay(api, "2024-01-15T08:00:00Z", name=name) for name in NAMES}


async def test_each_sees_their_own_the_teams_or_all(api: Api) -> None:
    made = await everybody(api)
    for caller, names in {
        "employee": {"employee"},
        "manager": {"employee", "manager"},
        "stranger": {"stranger"},
        "outsider": set(),
        "hr": set(NAMES),
        "admin": set(NAMES),
    }.items():
        rows = await found(api, LIST, caller)
        assert {row["employeeId"] for row in rows} == {api.cast[n].employee_id for n in names}
        for name in NAMES:
            one = await api.get(f"{LIST}/{made[name]['id']}", as_=caller)
            assert one.status == (200 if name in names else 403), (caller, name)
            narrowed = await api.get(f"{LIST}?employeeId={api.cast[name].employee_id}", as_=caller)
            assert narrowed.status == (200 if name in names else 403), (caller, name)
            if name in names:
                assert [row["id"] for row in narrowed.data] == [made[name]["id"]]


async def test_what_is_missing_is_so_to_those_only_who_see_all(api: Api) -> None:
    for caller, status in {"employee": 403, "manager": 403, "hr": 404, "admin": 404}.items():
        assert (await api.get(f"{LIST}/{MISSING}", as_=caller)).status == status
    for caller, status in {"employee": 403, "manager": 403, "hr": 200}.items():
        assert (await api.get(f"{LIST}?employeeId={MISSING}", as_=caller)).status == status


async def test_positions_and_photos_are_for_oneself_and_hr(api: Api) -> None:
    await make_place(api)
    for name in ("employee", "manager"):
        await come(api, name, location=OFFICE)
    everything = (await found(api, LIST, "hr"))[0].keys()
    for caller in ("employee", "manager", "hr"):
        for row in await found(api, LIST, caller):
            one = (await api.get(f"{LIST}/{row['id']}", as_=caller)).data
            assert one == row
            own = row["employeeId"] == api.cast[caller].employee_id
            if own or caller == "hr":
                assert row["checkInLocation"] == OFFICE
            else:
                assert row.keys() == everything - PRIVATE
            assert (row["location"], row["distance"]) == ("Office", 0)


async def test_the_latest_day_comes_first(api: Api) -> None:
    days = ("2024-01-16", "2024-01-15", "2024-01-17")
    made = [
        (await stay(api, f"{day}T08:00:00Z", f"{day}T09:00:00Z", name))["id"]
        for day in days
        for name in ("employee", "manager")
    ]
    order = [made[5], made[4], made[1], made[0], made[3], made[2]]
    assert await ids(api) == order
    assert await ids(api, "sort=workDate,id") == order[::-1]
    assert await ids(api, "sort=-checkIn,id&limit=2") == [made[4], made[5]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"late", "punctual", "absent", "leave", "holiday"}),
        ("status=present", {"late", "punctual"}),
        ("status=late", {"late"}),
        ("status=absent", {"absent"}),
        ("status=on_leave", {"leave"}),
        ("status=holiday", {"holiday"}),
        ("startDate=2024-01-17", {"absent", "leave", "holiday"}),
        ("endDate=2024-01-16", {"late", "punctual"}),
        ("startDate=2024-01-16&endDate=2024-01-17", {"punctual", "absent"}),
        ("startDate=2024-01-18&endDate=2024-01-17", set()),
        ("review=true", {"late"}),
        ("review=0&status=present", {"punctual"}),
    ],
)
async def test_it_filters(api: Api, now: Now, query: str, expected: set[str]) -> None:
    await give_shift(api)
    now.set(2024, 1, 15, 10, 0)
    late = (await come(api, timestamp="2024-01-15T09:50:00Z")).data
    who = api.employee.employee_id
    body = {"employeeId": who, "timestamp": "2024-01-15T17:00:00Z"}
    await api.post("/api/attendance/check-out", body, as_="hr")
    punctual = await stay(api, "2024-01-16T09:00:00Z", "2024-01-16T17:00:00Z")
    leave = await approve_leave(api, "2024-01-18", "2024-01-18")
    [row] = await api.sql(
        "INSERT INTO attendance (employee_id, work_date, status, leave_id)"
        " VALUES (%(who)s, '2024-01-18', 'on_leave', %(leave)s) RETURNING id",
        who=who, leave=leave,
    )  # fmt: skip
    made = {
        "late": late["id"], "punctual": punctual["id"], "leave": row["id"],
        "absent": await mark(api, "2024-01-17", "absent"),
        "holiday": await mark(api, "2024-01-19", "holiday"),
    }  # fmt: skip
    for caller in ("employee", "manager", "hr"):
        assert set(await ids(api, query, caller)) == {made[name] for name in expected}


async def test_it_filters_by_department(api: Api) -> None:
    made = await everybody(api)
    it = (await hire(api, department="IT"))["departmentId"]
    who = api.employee.employee_id
    await api.put(f"/api/employees/{who}", {"departmentId": it}, as_="hr")
    assert await ids(api, f"departmentId={it}") == [made["employee"]["id"]]
    assert await ids(api, f"departmentId={it}", "manager") == [made["employee"]["id"]]
    assert await ids(api, f"departmentId={it}", "stranger") == []


async def test_the_records_of_who_left_stay(api: Api) -> None:
    made = await stay(api, "2024-01-15T08:00:00Z", name="stranger")
    await api.delete(f"/api/employees/{api.stranger.employee_id}", as_="admin")
    assert await ids(api, f"employeeId={api.stranger.employee_id}") == [made["id"]]


# ---- The cursor -------------------------------------------------------------------------------


async def fill(api: Api, days: int) -> None:
    """Two stays of each day, of two people."""
    await api.sql(
        "INSERT INTO attendance (employee_id, work_date, status, check_in_at, check_out_at)"
        " SELECT who, day, 'present', day, day + interval '1 hour' FROM"
        " generate_series('2024-01-01'::timestamptz, '2024-01-01'::timestamptz +"
        " (%(days)s - 1) * interval '1 day', '1 day') day,"
        " unnest(array[%(one)s, %(other)s]::int[]) who",
        days=days, one=api.employee.employee_id, other=api.manager.employee_id,
    )  # fmt: skip


async def read_on(api: Api, query: str, as_: str = "hr") -> list[list[int]]:
    """Every page, by their cursors."""
    pages: list[list[int]] = []
    cursor = ""
    while True:
        answer = await api.get(f"{LIST}?{query}{cursor}", as_=as_)
        pages.append([row["id"] for row in answer.data])
        pagination = answer.json["pagination"]
        if "nextCursor" not in pagination:
            return pages
        cursor = f"&cursor={pagination['nextCursor']}"


async def test_a_list_is_read_on_from_where_a_page_ended(api: Api) -> None:
    await fill(api, 5)
    whole = await ids(api)
    assert await read_on(api, "limit=3") == [whole[:3], whole[3:6], whole[6:9], whole[9:]]
    assert await read_on(api, "limit=5") == [whole[:5], whole[5:]]
    assert await read_on(api, "limit=10") == [whole]
    assert await read_on(api, "perPage=4&sort=-workDate,-id") == [
        whole[:4], whole[4:8], whole[8:],
    ]  # fmt: skip
    own = await ids(api, as_="employee")
    assert await read_on(api, "limit=2", "employee") == [own[:2], own[2:4], own[4:]]
    narrowed = await ids(api, "startDate=2024-01-03")
    pages = await read_on(api, "startDate=2024-01-03&limit=5")
    assert pages == [narrowed[:5], narrowed[5:]]


async def test_a_page_by_number_says_where_it_ends_too(api: Api) -> None:
    await fill(api, 5)
    whole = await ids(api)
    answer = await api.get(f"{LIST}?limit=3&page=2", as_="hr")
    pagination = answer.json["pagination"]
    cursor = pagination.pop("nextCursor")
    assert pagination == {"page": 2, "perPage": 3, "total": 10, "totalPages": 4}
    answer = await api.get(f"{LIST}?limit=3&cursor={cursor}", as_="hr")
    assert [row["id"] for row in answer.data] == whole[6:9]
    assert answer.json["pagination"]["total"] == 10
    for query in ("limit=3&page=4", "limit=3&page=5", "limit=3&sort=workDate"):
        answer = await api.get(f"{LIST}?{query}", as_="hr")
        assert "nextCursor" not in answer.json["pagination"], query


async def test_what_is_added_meanwhile_moves_nothing(api: Api) -> None:
    await fill(api, 5)
    whole = await ids(api)
    answer = await api.get(f"{LIST}?limit=4", as_="hr")
    cursor = answer.json["pagination"]["nextCursor"]
    await stay(api, "2024-02-01T08:00:00Z")
    answer = await api.get(f"{LIST}?limit=4&cursor={cursor}", as_="hr")
    assert [row["id"] for row in answer.data] == whole[4:8]


async def test_past_the_last_there_is_nothing(api: Api) -> None:
    await fill(api, 2)
    for cursor in ("2023-12-31_5", "2024-01-01_0", "0001-01-01_1"):
        answer = await api.get(f"{LIST}?cursor={cursor}", as_="hr")
        assert answer.data == []
        assert answer.json["pagination"]["total"] == 4


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "1", "2024-01-15", "2024-01-15_", "_1", "2024-01-15_x", "2024-02-30_1",
     "2024-01-15_-1", "2024-01-15_1_1", "2024-01-15_" + "9" * 19, "2024-01-15_%D9%A1"],
)  # fmt: skip
async def test_a_cursor_is_one_of_ours(api: Api, cursor: str) -> None:
    answer = await api.get(f"{LIST}?cursor={cursor}", as_="hr")
    assert (answer.status, answer.fields) == (400, {"cursor"})


async def test_a_cursor_goes_with_its_order(api: Api) -> None:
    answer = await api.get(f"{LIST}?cursor=2024-01-15_1&sort=workDate", as_="hr")
    assert (answer.status, answer.fields) == (400, {"cursor"})
