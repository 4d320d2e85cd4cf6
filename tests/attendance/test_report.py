"""GET /api/attendance/report."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest

from sunshine.database.database import Database
from tests.api import Answer, Api
from tests.attendance.month import (
    alone,
    business_in,
    came,
    holiday,
    insert,
    leave,
    permit,
    person,
    shift,
)
from tests.factories import refused

FIGURES = ["workDays", "present", "late", "absent", "leave", "permitHours", "workedHours",
           "overtimeHours"]  # fmt: skip
COLUMNS = ["employeeId", "name", "department", *FIGURES]


async def ask(api: Api, query: str = "month=2&year=2024", as_: str = "hr") -> Answer:
    return await api.get(f"/api/attendance/report?{query}", as_=as_)


def february(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2024, 2, day, hour, minute, tzinfo=UTC)


def figures(report: dict[str, Any], name: str = "Ada") -> dict[str, Any]:
    """The figures of the one employee of this name."""
    [found] = [row for row in report["employees"] if row["name"] == name]
    return {figure: found[figure] for figure in FIGURES}


async def make_february(api: Api) -> dict[str, int]:
    """February 2024 of Ada, of Bob who joined on the 15th, and of Dora who left on the 7th.

    It has 29 days, 21 of them from Monday to Friday; Friday the 9th is a holiday.
    """
    ada = await alone(api, department_id=await insert(api, "department", name="Sales"))
    bob = await person(api, name="Bob", join_date=date(2024, 2, 15))
    dora = await person(api, name="Dora", deleted_at=february(7, 12), status="inactive")
    await person(api, name="Carl", join_date=date(2024, 3, 1))
    await person(api, name="Finn", deleted_at=february(7, 12))
    await person(api, name="Gus", status="inactive")
    await holiday(api, date(2024, 2, 9))
    # Ada: four days, on one of them twice, and what lies on both sides of the month.
    await came(api, ada, february(1) - timedelta(hours=9), february(1), worked_minutes=540)
    await came(api, ada, february(1, 2), february(1, 10), worked_minutes=480)
    await came(api, ada, february(2, 2), february(2, 6), worked_minutes=240, late=True)
    await came(api, ada, february(2, 7), february(2, 10, 30), worked_minutes=210, late=True)
    await came(
        api, ada, february(5, 2), february(5, 10, 20), worked_minutes=500, late=True,
        overtime_minutes=20, early_leave=True,
    )  # fmt: skip
    await came(api, ada, february(29, 2), february(29, 10), worked_minutes=480)
    march = datetime(2024, 3, 1, tzinfo=UTC)
    await came(api, ada, march, march + timedelta(hours=8), worked_minutes=480, late=True)
    for day in (6, 7):
        values = {"work_date": date(2024, 2, day), "status": "absent"}
        await insert(api, "attendance", employee_id=ada, **values)
    holidays = {"work_date": date(2024, 2, 9), "status": "holiday"}
    await insert(api, "attendance", employee_id=ada, **holidays)
    await leave(api, ada, date(2024, 1, 31), date(2024, 2, 12), date(2024, 2, 13))
    half = await leave(api, ada, date(2024, 2, 14), portion=0.5)
    on_leave = {"work_date": date(2024, 2, 14), "status": "on_leave", "leave_id": half}
    await insert(api, "attendance", employee_id=ada, **on_leave)
    await leave(api, ada, date(2024, 2, 15), status="pending")
    await permit(api, ada, date(2024, 2, 5), "11:00", "12:30")
    await permit(api, ada, date(2024, 2, 6), "13:00", "15:00", "official")
    await permit(api, ada, date(2024, 2, 1), "09:00", "11:00", "official")  # she left at 10:00
    await permit(api, ada, date(2024, 2, 8), "09:00", "11:00", "official", "pending")
    await permit(api, ada, date(2024, 3, 1), "09:00", "11:00", "sick")
    # Bob works by night, Saturdays too, and forgot to check out: nobody knows yet how long he was.
    await shift(api, bob, "22:00", "06:00", work_days=[1, 2, 3, 4, 5, 6])
    await came(api, bob, february(16, 22), february(17, 14), auto_check_out=True, review=True)
    await came(api, dora, february(1, 2), february(1, 10), worked_minutes=475)
    return {"ada": ada, "bob": bob, "dora": dora}


ADA = dict(zip(FIGURES, (20, 4, 2, 2, 2.5, 5.5, 34.83, 0.33), strict=True))
BOB = dict(zip(FIGURES, (13, 1, 0, 0, 0, 0, 0, 0), strict=True))
DORA = dict(zip(FIGURES, (5, 1, 0, 0, 0, 0, 7.92, 0), strict=True))
TOTALS = dict(zip(FIGURES, (38, 6, 2, 2, 2.5, 5.5, 42.75, 0.33), strict=True))


async def test_it_answers_a_month_in_figures(api: Api) -> None:
    ids = await make_february(api)
    # 480 + 240 + 210 + 500 + 480 minutes, two official hours and one that was not hers already.
    assert round((1910 + 180) / 60, 2) == ADA["workedHours"]
    answer = await ask(api)
    assert answer.json == {
        "success": True,
        "data": {
            "month": 2,
            "year": 2024,
            "employees": [
                {"employeeId": ids["ada"], "name": "Ada", "department": "Sales", **ADA},
                {"employeeId": ids["bob"], "name": "Bob", "department": None, **BOB},
                {"employeeId": ids["dora"], "name": "Dora", "department": None, **DORA},
            ],
            "totals": TOTALS,
        },
    }
    assert await api.events() == []


async def test_it_answers_csv(api: Api) -> None:
    ids = await make_february(api)
    answer = await ask(api, "month=2&year=2024&format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    named = 'attachment; filename="attendance-2024-02.csv"'
    assert answer.headers["Content-Disposition"] == named
    rows = list(csv.reader(io.StringIO(answer.body.decode(), newline=""), strict=True))
    assert rows == [
        COLUMNS,
        [str(ids["ada"]), "Ada", "Sales", "20", "4", "2", "2", "2.5", "5.5", "34.83", "0.33"],
        [str(ids["bob"]), "Bob", "", "13", "1", "0", "0", "0.0", "0.0", "0.0", "0.0"],
        [str(ids["dora"]), "Dora", "", "5", "1", "0", "0", "0.0", "0.0", "7.92", "0.0"],
        ["", "Total", "", "38", "6", "2", "2", "2.5", "5.5", "42.75", "0.33"],
    ]


async def test_it_answers_xlsx(api: Api) -> None:
    ids = await make_february(api)
    answer = await ask(api, "month=2&year=2024&format=xlsx")
    assert answer.headers["Content-Type"].startswith("application/vnd.openxmlformats")
    assert 'filename="attendance-2024-02.xlsx"' in answer.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
    assert sheet
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows == [
        COLUMNS,
        [ids["ada"], "Ada", "Sales", *ADA.values()],
        [ids["bob"], "Bob", None, *BOB.values()],
        [ids["dora"], "Dora", None, *DORA.values()],
        [None, "Total", None, *TOTALS.values()],
    ]


async def test_a_month_of_nothing_has_its_working_days(api: Api) -> None:
    await alone(api)
    for query, days in (("month=12&year=2023", 21), ("month=2&year=2023", 20),
                        ("month=1&year=2020", 23)):  # fmt: skip
        report = (await ask(api, query)).data
        assert figures(report) == dict.fromkeys(FIGURES, 0) | {"workDays": days}
        assert report["totals"] == figures(report)
    empty = (await ask(api, "month=12&year=2019")).data
    assert empty == {
        "month": 12, "year": 2019, "employees": [], "totals": dict.fromkeys(FIGURES, 0),
    }  # fmt: skip


async def test_only_what_nobody_is_checked_in_for_is_added(api: Api) -> None:
    """Official errands around, within, over and beside stays, by the clocks of Jakarta."""
    ada = await alone(api, timezone="Asia/Jakarta")
    await came(api, ada, february(1, 2), february(1, 5), worked_minutes=180)  # 09:00 to 12:00
    await came(api, ada, february(1, 6), february(1, 10), worked_minutes=240)  # 13:00 to 17:00
    await came(api, ada, february(2, 2), None)
    await came(api, ada, february(5, 2), february(5, 18), auto_check_out=True)
    for day, start, end in (
        (1, "07:00", "08:00"),  # 60 minutes before
        (1, "08:30", "09:30"),  # 30
        (1, "10:00", "11:00"),  # none
        (1, "11:30", "13:30"),  # 60: the break between the stays
        (1, "16:00", "18:00"),  # 60
        (2, "10:00", "11:00"),  # 60: it is not known yet how long she stays
        (5, "10:00", "11:00"),  # 60: nor how long she stayed
    ):
        await permit(api, ada, date(2024, 2, day), start, end, "official")
    found = figures((await ask(api)).data)
    assert found["permitHours"] == 9
    assert found["workedHours"] == round((420 + 60 + 30 + 60 + 60 + 60 + 60) / 60, 2)


async def test_a_permit_over_a_change_of_the_clocks_is_worked_as_long_as_it_was(api: Api) -> None:
    ada = await alone(api)
    await shift(api, ada, "00:00", "08:00", timezone="Europe/Berlin", work_days=[7])
    await permit(api, ada, date(2024, 3, 31), "01:00", "04:00", "official")
    found = figures((await ask(api, "month=3&year=2024")).data)
    assert (found["permitHours"], found["workedHours"], found["workDays"]) == (3, 2, 5)


async def test_a_change_of_shift_changes_the_working_days_from_then_on(api: Api) -> None:
    ada = await alone(api)
    for day in ("01", "26"):
        await holiday(api, date.fromisoformat(f"2024-02-{day}"))
    saturdays = await insert(
        api, "shift", name="S", start_time="09:00", end_time="17:00", work_days=[6]
    )
    await insert(
        api, "employee_shift", employee_id=ada, shift_id=saturdays,
        valid_from=date(2024, 2, 5), valid_to=date(2024, 2, 18),
    )  # fmt: skip
    # The 2nd; Saturdays the 10th and 17th; the 19th to the 29th without the 26th.
    assert figures((await ask(api)).data)["workDays"] == 1 + 2 + 8


async def test_the_day_of_joining_is_the_business_own(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alone(api, join_date=None, created_at=february(27, 20))
    assert figures((await ask(api)).data)["workDays"] == 3
    business_in(monkeypatch, api, "Asia/Jakarta")
    assert figures((await ask(api)).data)["workDays"] == 2


async def test_it_is_one_statement(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_february(api)
    run: list[str] = []
    execute = Database.execute

    async def counted(self: Database, *arguments: Any) -> Any:
        run.append(self.name)
        return await execute(self, *arguments)

    await ask(api)  # who asks is remembered now
    monkeypatch.setattr(Database, "execute", counted)
    assert len((await ask(api)).data["employees"]) == 3
    assert run == ["sunshine"]


async def departments(api: Api) -> dict[str, int]:
    """A department each for manager, employee and stranger, and one that nobody is in."""
    made = {}
    for name in ("manager", "employee", "stranger", "nobody"):
        made[name] = await insert(api, "department", name=name)
        await api.sql(
            "UPDATE employee SET department_id = %(made)s WHERE id = %(id)s",
            made=made[name],
            id=api.cast[name].employee_id if name in api.cast else None,
        )
    return made


async def named(api: Api, as_: str, department: int | None = None) -> list[str]:
    more = "" if department is None else f"&departmentId={department}"
    report = (await ask(api, f"month=2&year=2024{more}", as_)).data
    return [row["name"].split()[0].lower() for row in report["employees"]]


async def test_it_shows_everybody_to_hr_and_the_team_to_a_manager(api: Api) -> None:
    ids = await departments(api)
    everybody = ["admin", "employee", "hr", "manager", "stranger"]
    assert await named(api, "hr") == await named(api, "admin") == everybody
    assert await named(api, "manager") == ["employee", "manager"]
    assert await named(api, "hr", ids["stranger"]) == ["stranger"]
    assert await named(api, "hr", ids["nobody"]) == await named(api, "hr", 2**31 - 1) == []
    for name in ("manager", "employee"):
        assert await named(api, "manager", ids[name]) == [name]


async def test_a_manager_learns_nothing_of_departments_without_the_team(api: Api) -> None:
    ids = await departments(api)
    for department in (ids["stranger"], ids["nobody"], 2**31 - 1):
        for format_ in ("json", "csv", "xlsx"):
            query = f"month=2&year=2024&departmentId={department}&format={format_}"
            await refused(api, await ask(api, query, "manager"), 403, "not_allowed")
    await api.sql("UPDATE employee SET deleted_at = now() WHERE name = 'Employee Person'")
    query = f"month=2&year=2024&departmentId={ids['employee']}"
    await refused(api, await ask(api, query, "manager"), 403, "not_allowed")


async def test_a_manager_who_is_no_employee_has_no_team(api: Api) -> None:
    ids = await departments(api)
    await api.sql("UPDATE users SET employee_id = NULL WHERE username = 'manager'")
    api.app.principals.forget()
    assert await named(api, "manager") == []
    query = f"month=2&year=2024&departmentId={ids['manager']}"
    await refused(api, await ask(api, query, "manager"), 403, "not_allowed")


@pytest.mark.parametrize("caller", ["employee", "stranger", "outsider"])
async def test_it_is_refused_to_others(api: Api, caller: str) -> None:
    await refused(api, await ask(api, as_=caller), 403, "not_allowed")


async def test_it_is_refused_to_strangers(api: Api) -> None:
    await refused(api, await api.get("/api/attendance/report"), 401, "not_signed_in")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {"month", "year"}),
        ("month=2", {"year"}),
        ("year=2024", {"month"}),
        ("month=0&year=2024", {"month"}),
        ("month=13&year=2024", {"month"}),
        ("month=feb&year=2024", {"month"}),
        ("month=2&year=0", {"year"}),
        ("month=2&year=10000", {"year"}),
        ("month=2&year=2024&departmentId=0", {"departmentId"}),
        ("month=2&year=2024&format=pdf", {"format"}),
        ("month=2&year=2024&month=3", {"month"}),
    ],
)
async def test_it_names_what_is_wrong(api: Api, query: str, fields: set[str]) -> None:
    answer = await ask(api, query)
    assert answer.fields == fields
    await refused(api, answer, 400, "validation_failed")


@pytest.mark.parametrize("query", ["month=1&year=1", "month=12&year=9999", "month=02&year=2024"])
async def test_it_takes_the_first_and_the_last_month_there_is(api: Api, query: str) -> None:
    assert (await ask(api, query)).status == 200
