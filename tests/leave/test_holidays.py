"""/api/leave/holidays and /api/leave/holidays/:id, and what a holiday does to leave."""

import time
from typing import Any

import pytest

from tests.api import Api
from tests.conftest import Now
from tests.factories import found as listed
from tests.factories import hire, refused
from tests.leave.factories import HOLIDAYS, approved, asked, balance, decide, found, holiday, ledger

BODY = {"date": "2025-02-05", "name": "Founders' Day", "kind": "public"}


async def change(api: Api, row: Any, **values: Any) -> Any:
    answer = await api.put(f"{HOLIDAYS}/{row['id']}", values, as_="hr")
    assert answer.status == 200, answer.body
    return answer.data


async def remove(api: Api, row: Any) -> None:
    assert (await api.delete(f"{HOLIDAYS}/{row['id']}", as_="hr")).status == 200


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    answer = await api.post(HOLIDAYS, BODY, as_="hr")
    assert answer.status == 201
    made = answer.data
    assert made == BODY | {
        "id": made["id"], "deductsAnnual": False, "createdAt": made["createdAt"],
        "updatedAt": made["updatedAt"],
    }  # fmt: skip
    where = f"{HOLIDAYS}/{made['id']}"
    assert (await api.get(where, as_="outsider")).data == made
    assert (await change(api, made, name="Day of the Founders"))["date"] == "2025-02-05"
    assert (await change(api, made, name="Day of the Founders"))["kind"] == "public"
    await remove(api, made)
    for method, body in (("GET", None), ("PUT", {"name": "X"}), ("DELETE", None)):
        assert (await api.call(method, where, body, as_="hr")).status == 404
    assert await api.events() == ["holiday_created", "holiday_updated", "holiday_deleted"]
    await holiday(api, "2025-02-05")


async def test_everybody_reads_and_hr_writes(api: Api) -> None:
    await api.sql(
        "INSERT INTO holiday (date, name, kind, deducts_annual)"
        " VALUES ('2025-01-01', 'New Year', 'public', false)"
    )
    [row] = await listed(api, HOLIDAYS, "outsider")
    for caller in ("manager", "employee", "outsider"):
        for method, path, body in (
            ("POST", HOLIDAYS, BODY),
            ("PUT", f"{HOLIDAYS}/{row['id']}", BODY),
            ("DELETE", f"{HOLIDAYS}/{row['id']}", None),
        ):
            await refused(api, await api.call(method, path, body, as_=caller), 403, "not_allowed")


async def test_a_list_filters_and_sorts(api: Api) -> None:
    await holiday(api, "2025-12-26", "collective")
    await holiday(api, "2025-12-25")
    await holiday(api, "2026-01-01")
    for query, days in {
        "?year=2025": ["2025-12-26", "2025-12-25"],
        "?kind=collective": ["2025-12-26"],
        "?year=2026&kind=collective": [],
        "?sort=date": ["2025-12-25", "2025-12-26", "2026-01-01"],
    }.items():
        assert [row["date"] for row in await listed(api, HOLIDAYS + query)] == days


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"date": "2025-02-30"}, "date"), ({"name": " "}, "name"), ({"kind": "bank"}, "kind"),
        ({"deductsAnnual": True}, "deductsAnnual"), ({"deductsAnnual": "no"}, "deductsAnnual"),
        ({"id": 1}, "id"),
    ],
)  # fmt: skip
async def test_it_names_what_is_wrong(api: Api, change: dict[str, Any], field: str) -> None:
    answer = await api.post(HOLIDAYS, BODY | change, as_="hr")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


async def test_a_day_is_one_holiday(api: Api) -> None:
    first, second = await holiday(api, "2025-02-05"), await holiday(api, "2025-02-06")
    events = await api.events()
    for answer in (
        await api.post(HOLIDAYS, BODY, as_="hr"),
        await api.put(f"{HOLIDAYS}/{second['id']}", {"date": first["date"]}, as_="hr"),
    ):
        assert (answer.status, answer.code, answer.fields) == (
            409, "holiday_date_taken", {"date"},
        )  # fmt: skip
    assert await api.events() == events


async def test_a_collective_day_is_paid_by_everybody_employed(api: Api, january: Now) -> None:
    late = await hire(api, joinDate="2025-12-27")
    soon = await hire(api, joinDate="2025-12-26")
    inactive = await hire(api, status="inactive")
    made = await holiday(api, "2025-12-26", "collective")
    assert made["deductsAnnual"] is True
    for who, used in (
        ("employee", 1), ("hr", 1), (soon["id"], 1), (late["id"], 0), (inactive["id"], 0),
    ):  # fmt: skip
        assert (await balance(api, who))["used"] == used, who
    assert (await balance(api, kind="special"))["used"] == 0
    assert (await api.events())[-1] == "holiday_created"
    await remove(api, made)
    assert (await balance(api))["used"] == 0
    assert await ledger(api) == [("taken", -1), ("taken", 1)]


async def test_it_may_be_given_for_free(api: Api, january: Now) -> None:
    made = await holiday(api, "2025-12-26", "collective", deductsAnnual=False)
    assert (await balance(api))["used"] == 0
    await change(api, made, deductsAnnual=True)
    assert (await balance(api))["used"] == 1
    await change(api, made, name="Another Name")
    assert (await balance(api))["used"] == 1
    assert await ledger(api) == [("taken", -1)]


async def test_another_kind_deducts_as_that_kind_does(api: Api, january: Now) -> None:
    made = await holiday(api, "2025-12-26", "collective")
    assert (await change(api, made, kind="public"))["deductsAnnual"] is False
    assert (await balance(api))["used"] == 0
    assert (await change(api, made, kind="collective"))["deductsAnnual"] is True
    assert (await balance(api))["used"] == 1
    answer = await api.put(
        f"{HOLIDAYS}/{made['id']}", {"kind": "public", "deductsAnnual": True}, as_="hr"
    )
    assert (answer.status, answer.fields) == (400, {"deductsAnnual"})


async def test_another_year_pays_for_a_day_that_moves_there(api: Api, january: Now) -> None:
    made = await holiday(api, "2025-12-31", "collective")
    await change(api, made, date="2026-01-02")
    assert (await balance(api))["used"] == 0
    assert (await balance(api, year=2026))["used"] == 1


async def test_leave_on_a_new_holiday_comes_back(api: Api, january: Now) -> None:
    taken = await approved(api, "2025-02-03", "2025-02-07")
    waiting = await asked(api, "2025-02-03", "2025-02-07", as_="stranger")
    half = await approved(api, "2025-02-05", as_="manager", halfDay="am")
    rejected = await asked(api, "2025-02-05", as_="admin")
    await decide(api, rejected, "reject")
    events = await api.events()
    made = await holiday(api, "2025-02-05", name="Founders' Day")
    for leave, days in ((taken, 4), (waiting, 4), (half, 0), (rejected, 1)):
        assert (await found(api, leave))["days"] == days
    assert (await found(api, taken))["excludedDates"] == [
        {"date": "2025-02-05", "reason": "Founders' Day"}
    ]
    assert (await found(api, half))["status"] == "approved"
    assert (await balance(api))["used"] == 4
    assert (await balance(api, "manager"))["used"] == 0
    assert (await balance(api, "stranger"))["pending"] == 4
    recounted = ["leave_recounted"] * 3
    withdrawn = ["attendance_day_withdrawn"] * 2
    assert await api.events() == [*events, "holiday_created", *recounted, *withdrawn]
    rows = await api.sql("SELECT * FROM event WHERE type = 'leave_recounted' ORDER BY entity_id")
    assert [(row["entity_id"], row["before"], row["after"]) for row in rows] == [
        (taken["id"], {"days": 5}, {"days": 4}), (waiting["id"], {"days": 5}, {"days": 4}),
        (half["id"], {"days": 0.5}, {"days": 0}),
    ]  # fmt: skip
    await remove(api, made)
    again = {leave["id"]: leave["days"] for leave in await listed(api, "/api/leave")}
    assert again == {taken["id"]: 5, waiting["id"]: 5, half["id"]: 0.5, rejected["id"]: 1}
    assert await ledger(api) == [
        ("allocation", 12), ("taken", -5), ("taken", 1), ("taken", -1),
    ]  # fmt: skip
    assert await api.events() == [
        *events, "holiday_created", *recounted, *withdrawn,
        "holiday_deleted", *recounted, *["attendance_on_leave"] * 2,
    ]  # fmt: skip


async def test_leave_on_a_collective_day_is_paid_once(api: Api, january: Now) -> None:
    await approved(api, "2025-02-03", "2025-02-07")
    made = await holiday(api, "2025-02-05", "collective")
    assert (await balance(api))["used"] == 5
    await change(api, made, date="2025-02-10")
    assert (await balance(api))["used"] == 6
    await change(api, made, date="2025-02-06", kind="public")
    assert (await balance(api))["used"] == 4


async def test_a_holiday_on_a_day_off_gives_nothing_back(api: Api, january: Now) -> None:
    leave = await approved(api, "2025-02-07", "2025-02-10")
    made = await holiday(api, "2025-02-08")
    assert (await found(api, leave))["days"] == 2
    await remove(api, made)
    assert (await found(api, leave))["days"] == 2
    assert "leave_recounted" not in await api.events()


async def test_what_a_holiday_took_wholly_can_still_be_decided(api: Api, january: Now) -> None:
    leave = await asked(api, "2025-02-05")
    await holiday(api, "2025-02-05")
    answer = await decide(api, leave)
    assert (answer.data["status"], answer.data["days"]) == ("approved", 0)
    assert await ledger(api) == [("allocation", 12)]


async def test_leave_after_a_holiday_left_is_counted_without_it(api: Api, january: Now) -> None:
    made = await holiday(api, "2025-02-05")
    assert (await asked(api, "2025-02-03", "2025-02-07"))["days"] == 4
    await remove(api, made)
    assert (await balance(api))["pending"] == 5


async def test_a_thousand_people_are_charged_in_no_time(api: Api, january: Now) -> None:
    await api.sql(
        "INSERT INTO employee (name, join_date) SELECT 'P' || n, '2020-01-01'"
        " FROM generate_series(1, 1000) n"
    )
    await api.sql(
        "INSERT INTO leave (employee_id, leave_type, start_date, end_date, status, deadline)"
        " SELECT id, 'annual', '2025-05-26', '2025-05-30', 'approved', '2025-05-26' FROM employee;"
        "INSERT INTO leave_day (leave_id, day) SELECT leave.id, day FROM leave,"
        " generate_series(timestamp '2025-05-26', '2025-05-30', '1 day') day"
    )
    for act in ("create", "move", "remove"):
        begun = time.monotonic()
        if act == "create":
            made = await holiday(api, "2025-05-28", "collective")
        elif act == "move":
            await change(api, made, date="2025-05-29")
        else:
            await remove(api, made)
        assert time.monotonic() - begun < 5, act  # a second for all three, where nobody else works
        [row] = await api.sql("SELECT count(*) FROM leave_day")
        assert row["count"] == (4 if act != "remove" else 5) * 1005
    [row] = await api.sql(
        "SELECT count(*), sum(days), count(DISTINCT (xmin::text, cmin::text)) AS statements"
        " FROM leave_entry WHERE holiday_id = %(id)s",
        id=made["id"],
    )
    assert (row["count"], row["sum"], row["statements"]) == (4 * 1005, 0, 4)
